// Payment channels as a person uses them: opened, paid through a hundred times in both directions, closed in every way.
import assert from 'node:assert/strict';
import test from 'node:test';
import { button, state } from './hands.mjs';
import { inEveryLook, lab, picture } from './harness.mjs';

const site = lab(test);
/** Real blocks are mined meanwhile, on a machine that others use too. */
const LONG = { timeout: 120_000 };

/** A network of three nodes without traffic of its own, played at a hundred times real time, with a channel of Alpha and Bravo that is open. */
async function openChannel(t, { policy = 'penalty', window = '6', ...options } = {}) {
  const page = await site.open(t, options);
  await button(page, 'Pause').click();
  await page.getByLabel('Nodes', { exact: true }).fill('3');
  await button(page, 'Begin').click();
  await page.getByRole('combobox', { name: 'Transfers that every node makes by itself' }).selectOption('0');
  await button(page, 'Open a channel').click();
  const form = page.getByRole('form', { name: 'Open a channel' });
  await form.getByRole('combobox', { name: 'Opener' }).selectOption('Alpha');
  await form.getByRole('combobox', { name: 'With' }).selectOption('Bravo');
  await form.getByRole('combobox', { name: 'Cheats' }).selectOption(policy);
  await form.getByLabel('Window, blocks').fill(window);
  await form.getByRole('button', { name: 'Offer' }).click();
  await form.waitFor({ state: 'detached' });
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('10000');
  await button(page, 'Play').click();
  await channel(page, /open · commitment 0/).click(LONG);
  return page;
}

/** The channel's bar, once its name says `what`. */
function channel(page, what) {
  return page.getByRole('button', { name: what });
}

async function pay(page, direction, amount, times) {
  const form = page.getByRole('form', { name: 'Pay or close' });
  await form.getByRole('combobox', { name: 'Who' }).selectOption({ label: direction });
  await form.getByLabel('Amount').fill(amount);
  await form.getByLabel('Times').fill(times);
  await form.getByRole('button', { name: 'Pay', exact: true }).click();
}

test('a channel is opened, paid through a hundred times in both directions, and closed together', async (t) => {
  const page = await openChannel(t);
  assert.match(await page.getByRole('heading', { level: 2, name: /^Channels/ }).innerText(), /1 open, 200,000 locked/);
  await pay(page, 'Alpha → Bravo', '10', '60');
  await pay(page, 'Bravo → Alpha', '5', '40');
  await channel(page, 'Alpha 99,600 100,400 Bravo open · commitment 100').waitFor(LONG);
  await page.getByText('Alpha waits for nothing.').waitFor(LONG);
  await picture(page, 'channel-paid');
  const { channelUpdates, channelsOpened, channelsClosed, invariants } = await state(page);
  assert.deepEqual([channelUpdates, channelsOpened, channelsClosed, invariants.violated], [100, 1, 0, 0]);
  await button(page, 'Close together').click();
  await channel(page, /closed$/).waitFor(LONG);
  assert.equal((await state(page)).channelsClosed, 1);
  await page.getByRole('button', { name: /Channel balances add up: holds, checked/ }).waitFor();
  await page.getByRole('button', { name: /The honest are paid: holds, checked/ }).waitFor();
});

test('a force close goes through its dispute window and is settled', async (t) => {
  const page = await openChannel(t, { window: '12' });
  await pay(page, 'Bravo → Alpha', '1000', '3');
  await channel(page, /^Alpha 103,000 .* commitment 3$/).waitFor(LONG);
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('1000');
  await button(page, 'Force close').click();
  await channel(page, /disputed · \d+ blocks? left/).waitFor(LONG);
  await page.getByText(/Alpha waits for the end of the dispute window at block #\d+: \d+ to go\./).waitFor(LONG);
  await picture(page, 'channel-disputed');
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('10000');
  await channel(page, 'Alpha 103,000 97,000 Bravo settled').waitFor(LONG);
  assert.equal((await state(page)).penalties, 0);
});

test('a cheat loses everything, or gains nothing, as the parties agreed', async (t) => {
  for (const [policy, end] of [
    ['penalty', 'Alpha 0 200,000 Bravo punished'],
    ['replace', 'Alpha 99,970 100,030 Bravo settled'],
  ]) {
    await t.test(policy, async (t) => {
      const page = await openChannel(t, { policy });
      await pay(page, 'Alpha → Bravo', '10', '3');
      await channel(page, /commitment 3/).waitFor(LONG);
      await button(page, 'Publish old #0').click();
      await channel(page, end).waitFor(LONG);
      assert.equal((await state(page)).penalties, policy === 'penalty' ? 1 : 0);
    });
  }
});

test('what a channel cannot do is said where it was asked, and changes nothing', async (t) => {
  const page = await openChannel(t);
  const form = page.getByRole('form', { name: 'Pay or close' });
  for (const [amount, times, says] of [
    ['95001', '1', /amount 95001 > 95000/],
    ['0', '1', /at least 1 base unit/],
    ['x', '1', /whole number of base units/],
    ['1', '0', /times: is 0, allowed are 1 to 10000/],
  ]) {
    await pay(page, 'Alpha → Bravo', amount, times);
    await form.getByRole('alert').filter({ hasText: says }).waitFor();
  }
  assert.equal((await state(page)).channelUpdates, 0);
});

test('a channel is inspected from every side, honest and cheated', async (t) => {
  // Without a penalty a publication stands for the whole window, so that it can be looked at.
  const page = await openChannel(t, { policy: 'replace', window: '60', width: 390, height: 844 });
  const details = page.getByRole('complementary', { name: 'Details' });
  const side = (name) => page.getByRole('tab', { name }).click();
  await button(page, 'Pause').click();
  await button(page, 'Open a channel').click();
  await inEveryLook(page, 'channels');
  await button(page, 'Open a channel').click();
  await button(page, 'Play').click();
  await pay(page, 'Alpha → Bravo', '10', '3');
  await channel(page, 'Alpha 99,970 100,030 Bravo open · commitment 3').waitFor(LONG);
  await button(page, 'Pause').click();
  await button(page, 'Play').waitFor();
  await button(page, 'Inspect').click();
  await page.getByRole('heading', { name: 'Channel of Alpha and Bravo' }).waitFor();
  await details.getByRole('row', { name: 'Newest commitment 3 3' }).waitFor();
  await details.getByRole('row', { name: 'Alpha’s balance there 99,970 99,970' }).waitFor();
  await details.getByRole('row', { name: /^fund by Alpha #\d+ 1,000$/ }).waitFor();
  await inEveryLook(page, 'inspector-channel-summary');
  await side('Raw bytes');
  await button(page, 'newest.commitment.number').hover();
  await details.getByRole('status').filter({ hasText: /^newest\.commitment\.number, bytes \d+ to \d+: 3$/ }).waitFor();
  await inEveryLook(page, 'inspector-channel-raw');
  await side('Rules');
  await details.getByLabel('Judged by').selectOption('Charlie');
  await details.getByText('from the ledger of Charlie').waitFor();
  await details.getByText(/^All \d+ rules passed\.$/).waitFor();
  const rule = (list, title) => details.getByRole('list', { name: list }).getByRole('listitem').filter({ hasText: title });
  assert.match(await rule('Rules', 'Balances').innerText(), /passed\s+99,970 \+ 100,030 \+ HTLCs 0 = capacity 200,000/);
  assert.match(await rule('Possible steps', 'Settle').innerText(), /not now\s+.*: nothing is published/);
  await inEveryLook(page, 'inspector-channel-rules');

  // To its funding, which is its id, and back.
  await side('Summary');
  await details.getByRole('button', { name: /^[0-9a-f]{64}$/ }).click();
  await page.getByRole('heading', { name: /^Transaction [0-9a-f]{8}$/ }).waitFor();
  await details.getByRole('button', { name: /^[0-9a-f]{64}$/ }).click();
  await page.getByRole('heading', { name: 'Channel of Alpha and Bravo' }).waitFor();

  await button(page, 'Publish old #0').click();
  await side('Rules');
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('1000');
  await button(page, 'Play').click();
  await rule('Rules', 'Not revoked').filter({ hasText: 'Alpha has published commitment 0 ≥ 3' }).waitFor(LONG);
  await button(page, 'Pause').click();
  await button(page, 'Play').waitFor();
  await inEveryLook(page, 'inspector-channel-cheated');
});
