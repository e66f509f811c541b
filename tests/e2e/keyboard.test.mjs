// Whole journeys without a pointer: nothing here clicks, fills or focuses; keys are all there is.
import assert from 'node:assert/strict';
import test from 'node:test';
import { button, mined, state, summary, until } from './hands.mjs';
import { lab } from './harness.mjs';

const site = lab(test);
/** Real blocks are mined meanwhile, on a machine that others use too. */
const LONG = { timeout: 180_000 };

/** Goes on by Tab until `control` has the focus. */
async function reach(page, control) {
  for (let step = 0; step < 400; step += 1) {
    if ((await control.and(page.locator(':focus')).count()) > 0) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not lead to ${control}`);
}

async function press(page, control) {
  await reach(page, control);
  await page.keyboard.press('Enter');
}

/** Opens the palette, types, and does what is selected then. */
async function run(page, name) {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'What to do?' }).and(page.locator(':focus')).waitFor();
  await page.keyboard.type(name);
  await page.getByRole('option', { name: new RegExp(`^${name}`) }).and(page.locator('[aria-selected="true"]')).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'All actions' }).waitFor({ state: 'hidden' });
}

/** Looks at block 1. One stop of Tab is all of the block tree; in it, arrows lead from block to block. */
async function lookAtTheFirst(page) {
  const block = (height) => page.getByRole('button', { name: new RegExp(`^(Stale b|B)lock ${height} by`) });
  await reach(page, block('\\d+'));
  await page.keyboard.press('Home');
  await block(0).and(page.locator(':focus')).waitFor();
  await page.keyboard.press('ArrowRight');
  await block(1).and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /^Block #1 by/ }).waitFor();
}

async function write(page, field, text) {
  await reach(page, field);
  await page.keyboard.press('Control+a');
  await page.keyboard.type(text);
}

/** Chooses in a list by the beginning of a word. */
async function choose(page, list, word) {
  await reach(page, list);
  await page.keyboard.type(word);
  const chosen = await list.evaluate((element) => element.selectedOptions[0].textContent);
  assert.ok(chosen.startsWith(word), `${chosen} is chosen, not ${word}`);
}

/** An example from the gallery, at its beginning or playing. */
async function example(t, name) {
  const page = await site.open(t);
  await button(page, 'Pause').waitFor();
  await page.keyboard.press('g');
  const dialog = page.getByRole('dialog', { name: 'Examples' });
  await press(page, dialog.getByRole('button', { name: new RegExp(`^Begin ?: ${name}$`) }));
  await dialog.waitFor({ state: 'hidden' });
  return page;
}

/** Three nodes without traffic of their own, paused. */
async function quiet(t) {
  const page = await site.open(t);
  await button(page, 'Pause').waitFor();
  await page.keyboard.press('Space');
  await button(page, 'Play').waitFor();
  await write(page, page.getByLabel('Nodes', { exact: true }), '3');
  await write(page, page.getByLabel('Seed', { exact: true }), '9');
  await press(page, button(page, 'Begin'));
  await page.getByText('Seed 9', { exact: true }).waitFor();
  await choose(page, page.getByRole('combobox', { name: 'Transfers that every node makes by itself' }), 'No transfers');
  return page;
}

async function nextBlock(page) {
  const before = await mined(page);
  await page.keyboard.press('b');
  await until(async () => (await mined(page)) > before, 'a block is mined');
}

test('mine a block and look at it', async (t) => {
  const page = await quiet(t);
  await reach(page, button(page, 'Play'));
  await nextBlock(page);
  await lookAtTheFirst(page);
});

test('fork the network and heal it', async (t) => {
  const page = await quiet(t);
  await run(page, 'Split in two');
  await run(page, 'Speed 50×');
  await run(page, 'Play or pause');
  await until(async () => /[2-9] tips/.test(await summary(page, 'Network')) && (await mined(page)) > 14, 'both sides mine');
  await run(page, 'Heal all');
  const reorgs = page.getByRole('list', { name: 'Log' }).getByText(/reorg, (\d\d|[2-9]) blocks out/);
  await until(async () => (await reorgs.count()) > 0, 'a node leaves several blocks');
  assert.equal((await state(page)).invariants.violated, 0);
});

test('pay through two hops', async (t) => {
  const page = await example(t, 'Over three hops');
  await run(page, 'Speed 50×');
  for (const pair of [/^Alice .* Bob open/, /^Bob .* Carol open/]) await page.getByRole('button', { name: pair }).waitFor(LONG);
  const { virtualMs } = await state(page);
  await until(async () => (await state(page)).virtualMs > virtualMs + 60_000, 'every node has heard of the channels', LONG.timeout);
  await run(page, 'Pay over a route');
  const form = page.getByRole('form', { name: 'Pay over a route' });
  await choose(page, form.getByRole('combobox', { name: 'Payer' }), 'Alice');
  await choose(page, form.getByRole('combobox', { name: 'Payee' }), 'Carol');
  await write(page, form.getByLabel('Amount'), '1234');
  await press(page, form.getByRole('button', { name: 'Send', exact: true }));
  await press(page, page.getByRole('button', { name: /^Alice → Carol 1,234 arrived/ }));
  const route = page.getByRole('region', { name: /^Payments/ }).getByRole('listitem');
  await route.filter({ hasText: /^Alice → Bob/ }).first().waitFor();
  await route.filter({ hasText: /^Bob → Carol/ }).first().waitFor();
});

test('cheat and be punished', async (t) => {
  const page = await quiet(t);
  await run(page, 'Open a channel');
  const form = page.getByRole('form', { name: 'Open a channel' });
  await choose(page, form.getByRole('combobox', { name: 'Opener' }), 'Alpha');
  await choose(page, form.getByRole('combobox', { name: 'With' }), 'Bravo');
  await press(page, form.getByRole('button', { name: 'Offer' }));
  await form.waitFor({ state: 'detached' });
  await run(page, 'Speed 100×');
  await run(page, 'Play or pause');
  const open = page.getByRole('button', { name: /open · commitment 0/ });
  await open.waitFor(LONG);
  await press(page, open);
  const pay = page.getByRole('form', { name: 'Pay or close' });
  await choose(page, pay.getByRole('combobox', { name: 'Who' }), 'Alpha');
  await write(page, pay.getByLabel('Amount'), '10');
  await write(page, pay.getByLabel('Times'), '3');
  await press(page, pay.getByRole('button', { name: 'Pay', exact: true }));
  await page.getByRole('button', { name: /commitment 3/ }).waitFor(LONG);
  await press(page, button(page, 'Publish old #0'));
  await page.getByRole('button', { name: 'Alpha 0 200,000 Bravo punished' }).waitFor(LONG);
  assert.equal((await state(page)).penalties, 1);
});

test('rewind, and branch by acting in the past', async (t) => {
  const page = await quiet(t);
  await reach(page, button(page, 'Play'));
  for (let block = 0; block < 3; block += 1) await nextBlock(page);
  const end = await state(page);
  await reach(page, page.getByRole('slider', { name: 'Timeline' }));
  await page.keyboard.press('Home');
  await until(async () => (await state(page)).virtualMs === 0, 'the beginning');
  await run(page, 'Stop Alpha');
  await press(page, page.getByRole('group', { name: 'Futures that were left' }).getByRole('button').first());
  await until(async () => (await state(page)).events === end.events, 'the future that was left');
  assert.equal((await state(page)).digest, end.digest);
});

test('share a moment and open it again', async (t) => {
  const page = await quiet(t);
  await reach(page, button(page, 'Play'));
  await nextBlock(page);
  await lookAtTheFirst(page);
  const here = await state(page);
  await run(page, 'Share');
  const dialog = page.getByRole('dialog', { name: 'Share this moment' });
  const link = await dialog.getByLabel(/^Link \(/).inputValue();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  const other = await site.open(t, { path: new URL(link).hash });
  await other.getByRole('heading', { name: /^Block #1 by/ }).waitFor();
  await until(async () => (await state(other)).events === here.events, 'the same place');
  assert.equal((await state(other)).digest, here.digest);
});
