// The palette, the list of keys, and the keys themselves.
import assert from 'node:assert/strict';
import test from 'node:test';
import { button, paused } from './hands.mjs';
import { inEveryLook, lab } from './harness.mjs';

const site = lab(test);

async function palette(page) {
  await page.keyboard.press('Control+k');
  const find = page.getByRole('dialog', { name: 'All actions' }).getByRole('combobox', { name: 'What to do?' });
  await find.and(page.locator(':focus')).waitFor();
  return find;
}

/** Types into the palette and does the action of this name, by keyboard. */
async function run(page, name) {
  const find = await palette(page);
  await find.fill(name);
  await page.getByRole('option', { name, exact: true }).and(page.locator('[aria-selected="true"]')).waitFor();
  await find.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
}

test('every action is found by typing and done by Enter', async (t) => {
  const page = await paused(site, t);
  await run(page, 'Stop Alpha');
  await page.getByRole('button', { name: 'Alpha, switched off' }).waitFor();
  await run(page, 'Start Alpha');
  await page.getByRole('button', { name: /^Alpha, .* follows block/ }).waitFor();
  await run(page, 'Cut the link Alpha – Bravo');
  await button(page, 'Heal the link Alpha – Bravo').waitFor();
  await run(page, 'Heal all');
  await button(page, 'Cut the link Alpha – Bravo').waitFor();
  await run(page, 'Speed 50×');
  await page.waitForFunction(() => document.querySelector('select[aria-label="Speed"]').value === '5000');
  await run(page, 'Look at Charlie');
  await page.getByRole('heading', { name: 'Node Charlie' }).waitFor();
  await run(page, 'Open a channel');
  await page.getByRole('form', { name: 'Open a channel' }).waitFor();
  await run(page, 'Bench');
  await page.getByRole('heading', { name: 'Bench' }).waitFor();
  await run(page, 'Lab');
  await page.getByRole('heading', { level: 2, name: /^Network/ }).waitFor();
});

test('the palette is a combobox: arrows go round, Escape gives the focus back', async (t) => {
  const page = await paused(site, t);
  const opener = button(page, 'All actions');
  await opener.click();
  const find = page.getByRole('combobox', { name: 'What to do?' });
  await find.fill('link cut');
  const options = page.getByRole('listbox', { name: 'Actions' }).getByRole('option');
  assert.ok((await options.count()) > 2);
  const selected = () => page.locator('[role="option"][aria-selected="true"]').getAttribute('id');
  assert.equal(await selected(), 'action-0');
  await find.press('ArrowUp');
  assert.equal(await selected(), `action-${(await options.count()) - 1}`);
  assert.equal(await find.getAttribute('aria-activedescendant'), await selected());
  await find.press('ArrowDown');
  await find.press('ArrowDown');
  assert.equal(await selected(), 'action-1');
  await find.fill('no such thing');
  await page.getByRole('status').filter({ hasText: '0 actions' }).waitFor();
  assert.equal(await find.getAttribute('aria-activedescendant'), null);
  for (let step = 0; step < 5; step += 1) {
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog')), 'the focus stays inside');
  }
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  assert.ok(await opener.evaluate((element) => element === document.activeElement), 'the focus is back');
});

test('the keys that are listed are the keys that work, and they can be switched off', async (t) => {
  const page = await paused(site, t);
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keys' });
  await dialog.getByRole('row', { name: 'One event on .' }).waitFor();
  await dialog.getByRole('row', { name: /^All actions Ctrl ?K$/ }).waitFor();
  const single = dialog.getByRole('switch', { name: 'Keys of one letter work' });
  await single.uncheck();
  await page.keyboard.press('Escape');
  const events = () => page.evaluate(async () => (await window.tabchain.state()).events);
  const before = await events();
  await page.keyboard.press('.');
  assert.equal(await events(), before, 'no letter does anything');
  // Also on the next visit.
  await page.reload();
  await button(page, 'Pause').click();
  await button(page, 'Play').waitFor();
  const later = await events();
  await page.keyboard.press('.');
  assert.equal(await events(), later, 'still no letter does anything');
  await palette(page);
  await page.keyboard.type('keys');
  await page.keyboard.press('Enter');
  await single.check();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await page.keyboard.press('.');
  await page.waitForFunction(async (count) => (await window.tabchain.state()).events === count, later + 1);
});

test('palette and keys are accessible', async (t) => {
  const widths = [320, 1440, 2560];
  const page = await paused(site, t, { width: 320, height: 844 });
  await palette(page);
  await inEveryLook(page, 'palette', { widths });
  await page.keyboard.press('Escape');
  // Hidden first, and gone a little later; until then keys are not heard.
  await page.locator('.overlay-body').waitFor({ state: 'detached' });
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await inEveryLook(page, 'keys', { widths });
});
