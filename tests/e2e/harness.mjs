// What the end-to-end tests stand on: dist/ on a static server, the system's Chromium, and an ear for everything that goes
// wrong in a page. The page has to be built first: `make build`.
import assert from 'node:assert/strict';
import { access, constants, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { serve } from './static-server.mjs';

export const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
export const OUT = fileURLToPath(new URL('./out/', import.meta.url));

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/**
 * Gives a test file its server and browser, for as long as its tests run.
 *
 * ```js
 * const { open } = lab(test);
 * test('it greets', async (t) => {
 *   const page = await open(t);
 *   await page.getByRole('heading', { level: 1, name: 'Tabchain' }).waitFor();
 * });
 * ```
 *
 * `open(t, options)` opens the page in a context of its own and returns Playwright's page. When the test ends, it fails if
 * the page reported a problem: an error in the console (a refused script or style is one), an uncaught error, also in a
 * worker, a request that failed. `page.problems` lists them; a test that provokes one empties it. Options: `path` (below the
 * page's address, such as `#lesson`), `url` (of another server than the test's own), `width`, `height`, and all that Playwright's `newContext` takes (`colorScheme`,
 * `reducedMotion`, …). Service workers are blocked unless `serviceWorkers` says 'allow': every test would fetch all twice.
 *
 * @param {import('node:test').TestContext | typeof import('node:test')} test node's test function
 * @param {{ base?: string, folder?: string }} [options] the path that dist/, or another folder, is served below
 */
export function lab(test, { base, folder = DIST } = {}) {
  const running = {};
  test.before(async () => {
    await access(join(DIST, 'index.html')).catch(() => assert.fail('dist/index.html is missing: run `make build` first'));
    await mkdir(OUT, { recursive: true });
    running.server = await serve(folder, { base });
    running.browser = await launch();
  });
  test.after(async () => {
    await running.browser?.close();
    await running.server?.close();
  });

  async function open(t, { url, path = '', width = 1440, height = 900, ...options } = {}) {
    const context = await running.browser.newContext({ viewport: { width, height }, serviceWorkers: 'block', ...options });
    await context.addInitScript(watchLongTasks);
    const page = await context.newPage();
    page.problems = listen(page);
    t.after(async () => {
      await context.close();
      assert.deepEqual(page.problems, [], 'the page reported problems');
    });
    await page.goto((url ?? running.server.url) + path);
    return page;
  }

  /** Another tab of the same browser profile, which shares its channels; it is heard like the first. */
  async function beside(t, first, { path = '' } = {}) {
    const page = await first.context().newPage();
    page.problems = listen(page);
    t.after(() => assert.deepEqual(page.problems, [], 'the other tab reported problems'));
    await page.goto(running.server.url + path);
    return page;
  }

  return {
    open,
    beside,
    get browser() {
      return running.browser;
    },
    get url() {
      return running.server.url;
    },
    get server() {
      return running.server;
    },
  };
}

/** Collects, as sentences, what a person with the developer tools open would see in red. */
function listen(page) {
  const problems = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.stack ?? error}`));
  page.on('crash', () => problems.push('the page crashed'));
  page.on('requestfailed', (request) => {
    // A page that is closed or left takes its requests with it.
    const reason = request.failure()?.errorText;
    if (reason !== 'net::ERR_ABORTED') problems.push(`request: ${request.url()} ${reason}`);
  });
  return problems;
}

/** Runs in the page before its own scripts. A long task (50 ms or more) is one during which the page cannot answer. */
function watchLongTasks() {
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) globalThis.longTasks.push({ startTime, duration });
  }).observe({ type: 'longtask', buffered: true });
}

/**
 * The long tasks of the page's main thread while `action` ran, each with `startTime` and `duration` in ms.
 *
 * @param {import('playwright-core').Page} page
 * @param {() => Promise<unknown>} action
 */
export async function longTasksDuring(page, action) {
  const from = await page.evaluate(() => performance.now());
  await action();
  // The observer hears of a task only after it has ended.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100))));
  return page.evaluate((start) => globalThis.longTasks.filter((task) => task.startTime >= start), from);
}

/**
 * What axe-core finds wrong with the page's accessibility, as sentences.
 *
 * @param {import('playwright-core').Page} page
 * @param {object} [options] of `axe.run`
 */
export async function accessibilityProblems(page, options = {}) {
  const { source } = createRequire(import.meta.url)('axe-core');
  await page.evaluate(source);
  const { violations } = await page.evaluate((chosen) => globalThis.axe.run(document, chosen), options);
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help}: ${target}`));
}

/** Takes a picture of the whole page into tests/e2e/out/. */
export function picture(page, name) {
  return page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true });
}

/** The system's Chromium. */
export async function launch() {
  return chromium.launch({ executablePath: await findChrome(), args: FLAGS });
}

async function findChrome() {
  const named = process.env.TABCHAIN_CHROME;
  if (named) return named;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  for (const folder of process.env.PATH.split(delimiter)) {
    for (const name of names) {
      const file = join(folder, name);
      const found = await access(file, constants.X_OK).then(() => true, () => false);
      if (found) return file;
    }
  }
  return assert.fail('no Chromium found: run scripts/setup, or name one in TABCHAIN_CHROME');
}
