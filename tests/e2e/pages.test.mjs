// The pages, their addresses, what is shared and what is kept.
import assert from 'node:assert/strict';
import test from 'node:test';
import { button, mine, state, until } from './hands.mjs';
import { THEMES, inEveryLook, lab } from './harness.mjs';

const site = lab(test);
const PAGES = { lab: '#/lab', explore: '#/explore/node/Bravo', bench: '#/bench', settings: '#/settings', embed: '#/embed' };

/** A network of two, paused, with a block and something done by hand. */
async function work(t, options) {
  const page = await site.open(t, options);
  await button(page, 'Pause').click();
  await page.getByLabel('Nodes', { exact: true }).fill('2');
  await page.getByLabel('Seed', { exact: true }).fill('77');
  await button(page, 'Begin').click();
  await page.getByText('Seed 77', { exact: true }).waitFor();
  await mine(page);
  await button(page, 'Cut the link Alpha – Bravo').click();
  await mine(page);
  return page;
}

test('a shared moment opens as it was: the same digest, the same place, the same selection', async (t) => {
  const page = await work(t);
  await page.getByRole('button', { name: /^Block 1 by/ }).click();
  await page.getByRole('heading', { name: 'Block #1 by' }).waitFor();
  const here = await state(page);
  await button(page, 'Share').click();
  const dialog = page.getByRole('dialog', { name: 'Share this moment' });
  const link = await dialog.getByLabel(/^Link \(/).inputValue();
  await dialog.getByRole('img', { name: 'QR code of the link' }).waitFor();
  assert.ok(link.length < 2_000, `${link.length} characters`);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });

  const other = await site.open(t, { path: new URL(link).hash });
  await other.getByRole('heading', { name: 'Block #1 by' }).waitFor();
  await until(async () => (await state(other)).events === here.events, 'the same place');
  assert.equal((await state(other)).digest, here.digest);
});

test('back and forward restore what was looked at, and when', async (t) => {
  const page = await work(t);
  await page.getByRole('button', { name: /^Alpha, / }).click();
  await page.getByRole('heading', { name: 'Node Alpha' }).waitFor();
  const early = await state(page);
  await mine(page);
  await page.getByRole('button', { name: /^Block 1 by/ }).click();
  await page.getByRole('heading', { name: 'Block #1 by' }).waitFor();
  const late = await state(page);
  assert.ok(late.events > early.events);
  await mine(page);
  await page.getByRole('button', { name: /^Bravo, / }).click();
  await page.getByRole('heading', { name: 'Node Bravo' }).waitFor();
  const last = await state(page);
  await page.goBack();
  await page.getByRole('heading', { name: 'Block #1 by' }).waitFor();
  await until(async () => (await state(page)).digest === last.digest, 'where it was left');
  await page.goBack();
  await page.getByRole('heading', { name: 'Node Alpha' }).waitFor();
  await until(async () => (await state(page)).digest === late.digest, 'where that was left');
  await button(page, '‹ Back').click();
  const places = ['Node Alpha', 'Node Alpha', 'Block #1 by', 'Node Bravo'];
  for (const [place, heading] of places.entries()) {
    await page.waitForFunction((place) => history.state === place, place);
    await page.getByRole('heading', { name: heading }).waitFor();
    if (place < 3) await page.goForward();
  }
});

test('quick steps in history end where they lead, and break nothing', async (t) => {
  const page = await work(t);
  const places = [null];
  for (const [name, heading] of [[/^Alpha, /, 'Node Alpha'], [/^Block 1 by/, 'Block #1 by'], [/^Bravo, /, 'Node Bravo'], [/^Block 2 by/, 'Block #2 by']]) {
    await page.getByRole('button', { name }).click();
    await page.getByRole('heading', { name: heading }).waitFor();
    await mine(page);
    places.push({ heading, digest: (await state(page)).digest });
  }
  // Each step is taken before what the last one has led to can be there.
  const walk = async (to, pause) => {
    for (let place = await page.evaluate(() => history.state); place !== to;) {
      place += Math.sign(to - place);
      await page.evaluate((ahead) => (ahead ? history.forward() : history.back()), place > (await page.evaluate(() => history.state)));
      await page.waitForFunction((place) => history.state === place, place);
      if (pause > 0) await page.waitForTimeout(pause);
    }
  };
  for (const pause of [0, 0, 0, 0, 2, 5, 10, 20, 40]) {
    for (const to of [1, 3, 2, 4, 0, 2, 1, 3]) await walk(to, pause);
    for (const to of [3, 1, 2]) {
      await walk(to, pause);
      await page.getByRole('heading', { name: places[to].heading }).waitFor();
      await until(async () => (await state(page)).digest === places[to].digest, `place ${to} as it was left`);
    }
  }
  // To other pages and back, before any of them is there.
  for (let round = 0; round < 12; round += 1) {
    await page.evaluate(() => {
      location.hash = '#/settings';
      location.hash = '#/explore';
      location.hash = '#/lab';
    });
    for (const name of ['explore', 'settings', 'lab']) {
      await page.evaluate(() => history.back());
      await page.waitForFunction((name) => location.hash.startsWith(`#/${name}`), name);
    }
  }
  await page.getByRole('heading', { level: 2, name: /^Network/ }).waitFor();
});

test('work is saved as one goes, and opening a link overwrites none of it', async (t) => {
  const page = await work(t);
  const saved = page.getByRole('list', { name: 'Saved in this browser' });
  await saved.getByRole('button', { name: 'Open “Seed 77”' }).waitFor();
  const here = await state(page);
  await until(async () => (await saved.innerText()).includes('saved'), 'when it was saved');
  // What was done last is saved, too, within seconds.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  await page.reload();
  await button(page, 'Pause').click();
  await saved.getByRole('button', { name: 'Open “Seed 77”' }).click();
  await until(async () => (await state(page)).events === here.events, 'as it was left');
  assert.equal((await state(page)).digest, here.digest);
  await saved.getByRole('button', { name: 'Remove “Seed 77”' }).click();
  await saved.waitFor({ state: 'hidden' });
});

test('a run that is damaged in the browser says so, and can be removed', async (t) => {
  const page = await work(t);
  const saved = page.getByRole('list', { name: 'Saved in this browser' });
  await saved.getByRole('button', { name: 'Open “Seed 77”' }).waitFor();
  await page.evaluate(() => new Promise((resolve, reject) => {
    const open = indexedDB.open('tabchain');
    open.onerror = () => reject(open.error);
    open.onsuccess = () => {
      const store = open.result.transaction(['runs'], 'readwrite').objectStore('runs');
      store.put(['Broken', Date.now(), 1000, '{"capsule":1'], 1);
      store.put('nonsense', 2).onsuccess = () => { open.result.close(); resolve(); };
    };
  }));
  await page.reload();
  await button(page, 'Pause').click();
  const here = await state(page);
  await saved.getByRole('button', { name: 'Open “Broken”' }).click();
  await page.getByRole('alert').filter({ hasText: 'not a scenario or a capsule' }).waitFor();
  assert.equal((await state(page)).digest, here.digest);
  await saved.getByText('A damaged run').waitFor();
  await saved.getByRole('button', { name: 'Remove “A damaged run”' }).click();
  await saved.getByText('A damaged run').waitFor({ state: 'hidden' });
});

test('things are found by name, height and id, each with an address of its own', async (t) => {
  const page = await work(t);
  await page.getByRole('link', { name: 'Explore' }).click();
  const find = async (what) => {
    await page.getByLabel('Find', { exact: true }).fill(what);
    await button(page, 'Find it').click();
  };
  await find('Bravo');
  await page.getByRole('heading', { name: 'Node Bravo' }).waitFor();
  assert.match(await page.evaluate(() => location.hash), /^#\/explore\/node\/Bravo/);
  await find('#1');
  await page.getByRole('heading', { name: 'Block #1 by' }).waitFor();
  const hash = await page.evaluate(() => location.hash);
  const id = hash.match(/^#\/explore\/block\/([0-9a-f]{64})/)[1];
  await find('<b>nobody</b>');
  await page.getByRole('alert').filter({ hasText: '“<b>nobody</b>”' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: 'Node Bravo' }).waitFor();
  await find(id);
  await page.getByRole('heading', { name: 'Block #1 by' }).waitFor();
});

test('the looks and the language are chosen, and stay', async (t) => {
  const page = await site.open(t, { path: '#/settings', colorScheme: 'light' });
  const background = () => page.locator('main').evaluate((main) => getComputedStyle(main).backgroundColor);
  const light = await background();
  await page.getByLabel('Colours').selectOption('Dark');
  const dark = await background();
  assert.notEqual(dark, light);
  await page.getByLabel('Contrast').selectOption('More');
  assert.equal(await background(), 'rgb(0, 0, 0)');
  await page.reload();
  assert.equal(await background(), 'rgb(0, 0, 0)');
  await page.getByLabel('Language').selectOption({ label: 'Pseudo (áccéénted, to test with)' });
  await page.getByRole('heading', { level: 2, name: 'Séettiings' }).or(page.getByRole('heading', { level: 2, name: /S.*tt.*ngs/ })).waitFor();
  // Whatever is worded comes from the one file: no word of it is plain any more.
  await page.evaluate(() => { location.hash = '#/lab'; });
  await page.getByRole('navigation').first().waitFor();
  const plain = await page.evaluate(() => {
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      // Names of runs, and of messages, are what they are in every language.
      if (node.parentElement.closest('code, svg, script, noscript, h1, table, .pill')) continue;
      found.push(...(node.textContent.match(/\b[a-z]{4,}\b/g) ?? []).filter((word) => /[aeiou]/.test(word)));
    }
    return found;
  });
  assert.deepEqual([...new Set(plain)].slice(0, 12), []);
});

for (const [name, path] of Object.entries(PAGES)) {
  test(`${name} looks right and is accessible in every theme and width`, async (t) => {
    const page = await site.open(t, { path, width: 320, height: 900 });
    await page.locator('main').waitFor();
    await until(async () => (await page.locator('main').innerText()).length > 20, 'there is something');
    if (name === 'lab' || name === 'embed') await button(page, 'Pause').click();
    await inEveryLook(page, `page-${name}`, { themes: Object.keys(THEMES), widths: [320, 768, 1440] });
  });
}
