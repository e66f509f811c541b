// A chain of stake: chosen for a new network or by an example, its slots and votes, a deposit, and liars with what they have signed.
import assert from 'node:assert/strict';
import test from 'node:test';
import { button, mine, paused, until } from './hands.mjs';
import { inEveryLook, lab } from './harness.mjs';

const site = lab(test);

const panel = (page) => page.getByRole('region', { name: /^Proof of stake/ });

test('a liar is slashed, and both its messages stand side by side', async (t) => {
  const page = await paused(site, t);
  assert.equal(await panel(page).count(), 0, 'nothing of it on a chain of work');
  await button(page, 'Examples').click();
  const dialog = page.getByRole('dialog', { name: 'Examples' });
  await dialog.getByRole('button', { name: /^Begin ?: Stake, votes and a liar$/ }).click();
  await panel(page).waitFor();
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('5000');
  const told = panel(page).getByText(/Delta voted twice in one epoch\. .* brought the evidence in block #\d+\./);
  await told.waitFor();
  await button(page, 'Pause').click();
  await button(page, 'Play').waitFor();
  await told.click();
  const messages = panel(page).getByRole('group', { name: 'The two signed messages' }).first();
  await messages.getByRole('row', { name: /^vote\.head ≠/ }).waitFor();
  const same = messages.getByRole('row', { name: /^vote\.target\.epoch \d+ \d+$/ });
  await same.waitFor();
  assert.match(await panel(page).getByRole('heading', { level: 2 }).innerText(), /slot \d+ of epoch \d+: epoch \d+ justified, epoch \d+ final/);
  const delta = panel(page).getByRole('row', { name: /^Delta / });
  assert.match(await delta.innerText(), /slashed/);
  await inEveryLook(page, 'stake');
});

test('a new network of validators takes a deposit', async (t) => {
  const page = await paused(site, t);
  await page.getByLabel('Nodes', { exact: true }).fill('4');
  await page.getByLabel('Consensus').selectOption('Proof of stake');
  await button(page, 'Begin').click();
  await panel(page).waitFor();
  await mine(page);
  const stakes = () => panel(page).getByRole('row', { name: /^Bravo / }).innerText();
  await until(async () => /1,000,000/.test(await stakes()), 'the first stake');
  const form = panel(page).getByRole('form', { name: 'Stake and unstake' });
  await form.getByLabel('Who').selectOption('Bravo');
  await form.getByLabel('Amount').fill('50');
  await form.getByRole('button', { name: 'Stake', exact: true }).click();
  // The block is somebody else's, and takes a moment to get here.
  await mine(page);
  await mine(page);
  await until(async () => /1,000,050/.test(await stakes()), 'more stake');
  await form.getByLabel('Amount').fill('99000000');
  await form.getByRole('button', { name: 'Stake', exact: true }).click();
  await form.getByRole('alert').getByText(/^balance [\d,]+ < amount/).waitFor();
  await form.getByRole('button', { name: 'Unstake', exact: true }).click();
  await mine(page);
  await mine(page);
  await until(async () => /leaves with epoch \d+/.test(await stakes()), 'on its way out');
});
