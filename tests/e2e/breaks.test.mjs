// Time that stops by itself, the log that leaves out what is not asked for, and words that explain themselves.
import assert from 'node:assert/strict';
import test from 'node:test';
import { button, until } from './hands.mjs';
import { accessibilityProblems, lab } from './harness.mjs';

const site = lab(test);

async function example(t, title, options) {
  const page = await site.open(t, options);
  await button(page, 'Pause').click();
  await button(page, 'Play').waitFor();
  await page.keyboard.press('g');
  await page.getByRole('button', { name: new RegExp(`^Begin ?: ${title}$`) }).click();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  return page;
}

test('time stops at a penalty and says so', async (t) => {
  const page = await example(t, 'Cheat and be punished');
  await button(page, 'Pause by itself, slow down').click();
  await page.getByRole('group', { name: 'Pause when' }).getByRole('checkbox', { name: 'a cheat is punished' }).check();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.keyboard.press('Escape');
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('10000');
  await page.getByRole('status').filter({ hasText: /^Paused: .* sees a channel end with a penalty\.$/ }).waitFor({ timeout: 60_000 });
  await button(page, 'Play').waitFor();
  const { penalties, virtualMs } = await page.evaluate(() => window.tabchain.state());
  assert.ok(penalties <= 1 && virtualMs > 210_000);
});

test('time stops at a reorg of several blocks', async (t) => {
  const page = await example(t, 'Fork and heal');
  await button(page, 'Pause by itself, slow down').click();
  await page.getByRole('checkbox', { name: 'a node leaves two blocks or more' }).check();
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('10000');
  await page.getByRole('status').filter({ hasText: /^Paused: \w+ has left \d+ blocks of its chain for others\.$/ }).waitFor({ timeout: 60_000 });
  await button(page, 'Play').waitFor();
});

test('the log shows one node, or one kind of event', async (t) => {
  const page = await example(t, 'Pay often, settle once');
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('5000');
  const log = page.getByRole('list', { name: 'Log' });
  await log.getByText('Alice: channel with Bob is open').waitFor({ timeout: 60_000 });
  await button(page, 'Pause').click();
  await button(page, 'Play').waitFor();
  await page.getByRole('combobox', { name: 'Kind of event' }).selectOption({ label: 'Channels' });
  await log.getByText(/found block/).first().waitFor({ state: 'detached' });
  await page.getByRole('combobox', { name: 'Log of' }).selectOption('Bob');
  await log.getByText(/^Alice: /).first().waitFor({ state: 'detached' });
  for (const line of await log.getByRole('listitem').allInnerTexts()) assert.match(line, /Bob: channel with Alice/);
  await page.getByRole('combobox', { name: 'Kind of event' }).selectOption({ label: 'What was done' });
  await log.getByText('Alice offers Bob a channel').waitFor();
  // They are kept; a node that another run does not have filters nothing there.
  await page.reload();
  await until(async () => (await page.getByRole('combobox', { name: 'Kind of event' }).inputValue()) === 'filter-actions', 'the kind is kept');
  assert.equal(await page.getByRole('combobox', { name: 'Log of' }).evaluate((list) => list.selectedOptions[0].label), 'All nodes');
  await button(page, 'Cut the link Alpha – Bravo').click();
  await log.getByText('Alpha – Bravo was cut').waitFor();
});

test('a label explains itself, by pointer and by keyboard', async (t) => {
  const page = await example(t, 'First steps');
  await button(page, 'Pause').click();
  await page.getByRole('button', { name: /^Alice, / }).click();
  const term = button(page, 'Hash power');
  await term.focus();
  await page.keyboard.press('Enter');
  const meaning = page.getByText('hash power: hashes per virtual second');
  await meaning.waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.keyboard.press('Escape');
  await meaning.waitFor({ state: 'detached' });
  assert.ok(await term.evaluate((element) => element === document.activeElement));
  await term.click();
  await meaning.waitFor();
});

test('words of the glossary explain themselves wherever they are labels, and so does each light', async (t) => {
  const page = await example(t, 'First steps');
  await button(page, 'Pause').click();
  await button(page, 'Show the charts').click();
  await button(page, 'Show space and time').click();
  await button(page, 'Open a channel').click();
  const words = [['Channels', 'channel: money of two parties'], ['Mempool', 'mempool: transactions waiting for a block'], ['Stale blocks', 'stale block: a valid block'], ['Space and time', 'space and time: the picture'], ['Reserve', 'reserve: base units']];
  for (const [label, said] of words) {
    await button(page, label).click();
    await page.getByText(said).waitFor();
  }
  // The field is still called what it is.
  await page.getByLabel('Reserve', { exact: true }).fill('7000');
  const lights = page.getByRole('list', { name: 'Invariants' }).getByRole('button');
  assert.equal(await lights.count(), 7);
  await lights.first().focus();
  await page.keyboard.press('Enter');
  await page.getByText(/^Supply equals all balances.*: a promise evaluated while a run goes on/).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
});
