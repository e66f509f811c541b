// Space and time, and the charts, as a person uses them: by roles and names.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { button, mined, until } from './hands.mjs';
import { inEveryLook, lab } from './harness.mjs';

const site = lab(test);

/** A paused network of four in which blocks were found, with space and time shown. */
async function shown(t, options) {
  const page = await site.open(t, options);
  await button(page, 'Pause').click();
  await page.getByLabel('Nodes', { exact: true }).fill('4');
  await page.getByLabel('Seed', { exact: true }).fill('5');
  await button(page, 'Begin').click();
  await page.getByRole('button', { name: /^Alpha, / }).waitFor();
  // Some blocks may be stale.
  while ((await page.getByRole('button', { name: /^Block 3 by/ }).count()) === 0) {
    const before = await mined(page);
    await button(page, 'On to the next block').click();
    await until(async () => (await mined(page)) > before, 'a block is found');
  }
  await button(page, 'Stop Alpha').click();
  await button(page, 'Show space and time').click();
  await page.getByRole('combobox', { name: 'Length of the window' }).selectOption('the last 5 min');
  await page.getByRole('option', { name: /: found block #3, / }).first().waitFor();
  return page;
}

const items = (page) => page.getByRole('listbox', { name: 'Messages and marks, by time' });

test('messages, blocks and switches stand in space and time, and a selected block shows its flood', async (t) => {
  const page = await shown(t);
  const summary = await page.getByRole('heading', { level: 2, name: /^Space and time/ }).innerText();
  const found = await mined(page);
  assert.match(summary, new RegExp(`\\d+ messages, \\d+ in flight, \\d+ lost, ${found} blocks found`));
  assert.equal(await items(page).getByRole('option', { name: /: found block #/ }).count(), found);
  await items(page).getByRole('option', { name: /^Alpha: switched off/ }).waitFor();
  await page.getByRole('button', { name: /^Block 2 by/ }).click();
  await page.getByRole('heading', { name: /^Block #2 by/ }).waitFor();
  const flood = items(page).getByRole('option', { name: /^Message block, /, selected: true });
  await until(async () => (await flood.count()) >= 2, 'the flood of block 2 is marked');
  assert.equal(await items(page).getByRole('option', { name: /found block #2/, selected: true }).count(), 1);
  await page.getByRole('list', { name: 'Nodes, from top to bottom' }).getByRole('button', { name: 'Bravo' }).click();
  await page.getByRole('heading', { name: 'Node Bravo' }).waitFor();
});

test('space and time is worked by keyboard', async (t) => {
  const page = await shown(t);
  await items(page).focus();
  await page.keyboard.press('End');
  const active = () => items(page).evaluate((list) => document.getElementById(list.getAttribute('aria-activedescendant'))?.getAttribute('aria-label'));
  await until(active, 'something is pointed at');
  const last = await active();
  await page.keyboard.press('ArrowLeft');
  await until(async () => (await active()) !== last, 'the one before');
  for (let step = 0; step < 200 && !/^\w+: found/.test(await active()); step += 1) await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /^Block #\d by/ }).waitFor();
  await items(page).focus();
  await page.keyboard.press('Home');
  assert.match(await active(), /^(Message|\w+:) /);
  // Of the newest messages the bytes are still kept.
  await page.keyboard.press('End');
  while (!/^Message/.test(await active())) await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Space');
  await page.getByRole('heading', { name: /^Message / }).waitFor();
});

test('a message that was lost says why', async (t) => {
  const page = await site.open(t);
  await button(page, 'Pause').click();
  await button(page, 'Cut the link Alpha – Bravo').click();
  await button(page, 'Show space and time').click();
  await button(page, 'On to the next block').click();
  const lost = items(page).getByRole('option', { name: /^Message \w+, (Alpha|Bravo) → (Alpha|Bravo), .*lost/ });
  await until(async () => (await lost.count()) > 0, 'the cut link loses something');
  const [, from, to] = (await lost.last().getAttribute('aria-label')).match(/, (\w+) → (\w+), /);
  await lost.last().dispatchEvent('click');
  await page.getByRole('heading', { level: 2, name: new RegExp(`^Message \\w+, ${from} → ${to}$`) }).waitFor();
  await page.getByText('lost: the link was cut', { exact: true }).waitFor();
  await page.getByRole('tab', { name: 'Why' }).click();
  await page.getByText(`The message to ${to} was lost: the link from ${from} was cut when it was sent.`).waitFor();
  await page.getByRole('complementary', { name: 'Details' }).getByText('Alpha – Bravo was cut').first().waitFor();
  await page.getByRole('tab', { name: 'Raw bytes' }).click();
  await page.getByText('What was lost is not kept, only what it was about.').waitFor();
});

test('the table says the same, and is saved as CSV', async (t) => {
  const page = await shown(t);
  await page.getByText('Space and time as a table').click();
  const table = page.getByRole('group', { name: 'Space and time as a table' }).getByRole('table');
  await table.getByRole('row').nth(5).waitFor();
  assert.equal(await table.getByRole('row').count(), 1 + (await items(page).getByRole('option').count()));
  assert.equal(await table.getByRole('cell', { name: /found block #/ }).count(), await mined(page));
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Save as CSV').click()]);
  assert.equal(download.suggestedFilename(), 'tabchain-space-time.csv');
  const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
  assert.equal(lines[0], '"Time, ms","Node","To","What","What became of it"');
  assert.equal(lines.length, await table.getByRole('row').count());
  assert.match(lines.at(-1), /^"\d+","/);
});

test('charts show the run, go back with it, and are saved as CSV', async (t) => {
  const page = await shown(t);
  await button(page, 'Hide space and time').click();
  assert.equal(await items(page).count(), 0);
  await button(page, 'Show the charts').click();
  for (const name of ['Hash rate', 'Block interval', 'Mempool', 'Fee rates', 'Stale blocks', 'Locked in channels']) {
    await page.getByRole('img', { name: new RegExp(`^${name}`) }).waitFor();
  }
  await page.getByText('Hash rate as a table').click();
  const rows = page.getByRole('group', { name: 'Hash rate as a table' }).getByRole('row');
  await rows.nth(3).waitFor();
  const before = await rows.count();
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Save as CSV').click()]);
  const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
  assert.equal(lines[0], '"Time, ms","Configured, H/s","Expected by the difficulty, H/s"');
  assert.equal(lines.length, before);
  await button(page, 'Rewind to the start').click();
  await until(async () => (await rows.count()) === 2, 'only the beginning');
});

test('space and time and the charts look right and are accessible', async (t) => {
  const page = await shown(t, { width: 320, height: 844, reducedMotion: 'reduce' });
  await button(page, 'Show the charts').click();
  await page.getByRole('img', { name: /^Locked in channels/ }).waitFor();
  await page.getByRole('button', { name: /^Block 2 by/ }).click();
  await page.getByText('Space and time as a table').click();
  await inEveryLook(page, 'space-time', { widths: [320, 390, 1440] });
});
