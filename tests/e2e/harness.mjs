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

/**
 * How long the page's thread computed in each of its tasks while `action` ran, in ms. Not how long they took: others use the machine too.
 *
 * @param {import('playwright-core').Page} page
 * @param {() => Promise<unknown>} action
 */
export async function tasksDuring(page, action) {
  const browser = page.context().browser();
  await browser.startTracing(page, { categories: ['toplevel'] });
  await action();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const main = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`);
  const tasks = traceEvents.filter(({ name, pid, tid, tdur }) => /RunTask/.test(name) && tdur > 0 && main.includes(`${pid} ${tid}`));
  assert.ok(tasks.length > 10, `${tasks.length} tasks were traced`);
  return tasks.map(({ tdur }) => tdur / 1000);
}

/**
 * What axe-core finds wrong with the page's accessibility, as sentences.
 *
 * @param {import('playwright-core').Page} page
 * @param {object} [options] of `axe.run`
 */
export async function accessibilityProblems(page, options = {}) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(createRequire(import.meta.url)('axe-core').source);
  // Every rule is asked all the same; what passed is not listed, which takes longer than asking.
  const { violations } = await page.evaluate((chosen) => globalThis.axe.run(document, { resultTypes: ['violations'], ...chosen }), options);
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help}: ${target}`));
}

/** What can be asked of a page's looks. */
export const THEMES = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'light-contrast': { colorScheme: 'light', contrast: 'more' },
  'dark-contrast': { colorScheme: 'dark', contrast: 'more' },
  forced: { colorScheme: 'dark', forcedColors: 'active' },
};

/**
 * Looks at what the page shows now in every theme and width: axe finds nothing, nothing is too wide, and a picture is taken. Afterwards the page
 * is as wide as it was, and light.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} name of the pictures; theme and width are added
 * @param {{ themes?: string[], widths?: number[] }} [options]
 */
export async function inEveryLook(page, name, { themes = ['light', 'dark'], widths = [390, 1440] } = {}) {
  const size = page.viewportSize();
  const wear = (theme) => page.emulateMedia({ contrast: 'no-preference', forcedColors: 'none', ...THEMES[theme] });
  for (const width of widths) {
    await page.setViewportSize({ width, height: width < 500 ? 844 : 900 });
    for (const theme of themes) {
      const look = `${name}-${theme}-${width}`;
      await wear(theme);
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      await picture(page, look);
      assert.deepEqual(await accessibilityProblems(page), [], look);
      const overflow = await page.evaluate(() => document.scrollingElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${look}: the page is ${overflow} px too wide`);
    }
  }
  await wear('light');
  await page.setViewportSize(size);
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
