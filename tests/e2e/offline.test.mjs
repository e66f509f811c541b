// The page without a network, and the page of today after that of yesterday; from a sub-folder, as everything.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { DIST, lab } from './harness.mjs';

const folder = await mkdtemp(join(tmpdir(), 'tabchain-'));
test.before(() => cp(DIST, folder, { recursive: true }));
const site = lab(test, { base: '/some/folder/', folder });
test.after(() => rm(folder, { recursive: true }));

/** Which build the page is of, by the worker that it starts. */
const build = async (page) => new URL(await page.locator('html').getAttribute('data-worker'), site.url).searchParams.get('v');
const cached = (page) => page.evaluate(() => caches.keys());

/** Waits until this build, and no other, is kept. */
async function untilKept(page, version) {
  await page.evaluate(() => navigator.serviceWorker.ready);
  for (const end = Date.now() + 30_000; `${await cached(page)}` !== `tabchain ${site.url} ${version}`; ) {
    assert.ok(Date.now() < end, `kept are: ${await cached(page)}`);
    await page.waitForTimeout(100);
  }
}

/** The lab is there, and its engine does what it is told. */
async function untilItRuns(page) {
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  const { events } = await page.evaluate(() => window.tabchain.state());
  await page.getByRole('button', { name: 'One event on', exact: true }).click();
  await page.getByText(new RegExp(`· ${(events + 1).toLocaleString('en')} events?$`)).waitFor();
}

async function versionIn(file) {
  return /\?v=(\d+)/.exec(await readFile(join(folder, file), 'utf8'))[1];
}

test('after the first load the lab works without a network, and a new build replaces the old one whole', async (t) => {
  const page = await site.open(t, { serviceWorkers: 'allow' });
  const old = await versionIn('index.html');
  await untilItRuns(page);
  await untilKept(page, old);
  const files = await page.evaluate(async () => {
    const kept = await (await caches.open((await caches.keys())[0])).keys();
    return kept.map(({ url }) => new URL(url).pathname);
  });
  const built = (await readdir(folder)).filter((name) => !['index.html', 'offline.js'].includes(name));
  assert.deepEqual(files.sort(), ['', ...built].map((name) => `/some/folder/${name}`).sort());

  // As a host looks after an update: new addresses in the page, and a service worker that names them.
  for (const file of ['index.html', 'offline.js']) {
    const text = await readFile(join(folder, file), 'utf8');
    await writeFile(join(folder, file), text.replaceAll(old, '4294967296'));
  }
  await page.reload();
  await untilItRuns(page);
  assert.equal(await build(page), '4294967296');
  await untilKept(page, '4294967296');

  await site.server.close();
  await page.reload();
  await untilItRuns(page);
  await page.goto(`${site.url}#/bench`);
  await page.getByRole('heading', { level: 2, name: 'Bench' }).waitFor();
  assert.equal(await build(page), '4294967296');
  assert.equal((await cached(page)).length, 1);
  // The browser says that it asked the network first.
  page.problems.splice(0).forEach((problem) => assert.match(problem, /ERR_CONNECTION_REFUSED|offline\.js/));
});
