// Page and worker are shipped in two parts each (docs/adr/028-first-and-later-wasm.md): the first is enough for a first look, and who is quicker
// than the later one waits, and nothing else.
import assert from 'node:assert/strict';
import test from 'node:test';
import { button, until } from './hands.mjs';
import { lab } from './harness.mjs';

const site = lab(test, { base: '/some/folder/' });

/** How a thread came by its later part: 'fetch' means by the way, 'xmlhttprequest' that something had to wait for it. */
const ways = (thread) =>
  thread.evaluate(() => performance.getEntriesByType('resource').flatMap(({ name, initiatorType }) => (name.includes('_later.wasm') ? [initiatorType] : [])));

const threads = async (page) => [page, page.workers()[0] ?? (await page.waitForEvent('worker'))];

/** The default run plays, up to its first block. */
const plays = (page) => page.getByRole('button', { name: /^Block 1 by/ }).waitFor();

/** Runs in a thread before its own scripts: what is fetched by the way never comes. */
function withhold() {
  const { fetch } = globalThis;
  globalThis.fetch = (address, options) => (`${address}`.includes('_later.wasm') ? new Promise(() => {}) : fetch(address, options));
}

async function openWithout(t, options) {
  const page = await site.open(t, options);
  await page.addInitScript(withhold);
  await page.route(/worker_loader\.js/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `(${withhold})();${await response.text()}` });
  });
  await page.reload();
  return page;
}

test('the later parts come by themselves, and nothing waits for them', async (t) => {
  const page = await site.open(t);
  for (const thread of await threads(page)) await until(async () => (await ways(thread)).length > 0, 'a later part');
  await plays(page);
  for (const thread of await threads(page)) assert.deepEqual(await ways(thread), ['fetch']);
});

for (const width of [390, 1440]) {
  test(`the first parts are enough for the first look (${width} px)`, async (t) => {
    // On a busy machine something may be seen that a first look does not show.
    const looks = [];
    while (looks.length < 4 && !looks.some((waited) => waited.flat().length === 0)) {
      const page = await openWithout(t, { width });
      await plays(page);
      looks.push(await Promise.all((await threads(page)).map(ways)));
    }
    assert.deepEqual(looks.at(-1), [[], []], 'page or worker had to wait for its later part: record anew what is first, by `make later`');
  });
}

test('what is wanted before the later part is there waits for it', async (t) => {
  const page = await openWithout(t);
  await button(page, 'Pause').click();
  const { events } = await page.evaluate(() => window.tabchain.simulate({ nodes: 3, for: 60_000 }));
  assert.ok(events > 0);
  await page.goto(`${site.url}#/bench`);
  await page.getByRole('heading', { level: 2, name: 'Bench' }).waitFor();
  for (const thread of await threads(page)) assert.deepEqual(await ways(thread), ['xmlhttprequest']);
});
