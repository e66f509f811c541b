// Payments over several hops as a person uses them: sent, followed hop by hop, kept waiting, failed and explained; and a watchtower.
import assert from 'node:assert/strict';
import test from 'node:test';
import { button, state, until } from './hands.mjs';
import { inEveryLook, lab, picture } from './harness.mjs';

const site = lab(test);
/** Real blocks are mined meanwhile, on a machine that others use too. */
const LONG = { timeout: 180_000 };

function panel(page, name) {
  return page.getByRole('region', { name: new RegExp(`^${name}`) });
}

/** The bar of a payment or a channel, once its name says `what`. */
function bar(page, what) {
  return page.getByRole('button', { name: what });
}

function speed(page, percent) {
  return page.getByRole('combobox', { name: 'Speed' }).selectOption(String(percent));
}

async function openChannel(page, opener, other) {
  await button(page, 'Open a channel').click();
  const form = page.getByRole('form', { name: 'Open a channel' });
  await form.getByRole('combobox', { name: 'Opener' }).selectOption(opener);
  await form.getByRole('combobox', { name: 'With' }).selectOption(other);
  await form.getByRole('button', { name: 'Offer' }).click();
  await form.waitFor({ state: 'detached' });
}

/** Three nodes without traffic of their own, with open channels Alpha–Bravo and Bravo–Charlie, played at a hundred times real time. */
async function line(t, options = {}) {
  const page = await site.open(t, options);
  await button(page, 'Pause').click();
  await page.getByLabel('Nodes', { exact: true }).fill('3');
  await button(page, 'Begin').click();
  await page.getByRole('button', { name: /^Charlie, / }).waitFor();
  await page.getByRole('combobox', { name: 'Transfers that every node makes by itself' }).selectOption('0');
  await openChannel(page, 'Alpha', 'Bravo');
  await openChannel(page, 'Bravo', 'Charlie');
  await speed(page, 10_000);
  await button(page, 'Play').click();
  await bar(page, /^Alpha .* Bravo open · commitment 0$/).waitFor(LONG);
  await bar(page, /^Bravo .* Charlie open · commitment 0$/).waitFor(LONG);
  // Every node has heard of both channels some time after they are open.
  const { virtualMs } = await state(page);
  await until(async () => (await state(page)).virtualMs > virtualMs + 60_000, 'a minute passes', LONG.timeout);
  return page;
}

async function send(page, from, to, amount, fee = '') {
  const toggle = button(page, 'Pay over a route');
  if ((await toggle.getAttribute('aria-expanded')) === 'false') await toggle.click();
  const form = page.getByRole('form', { name: 'Pay over a route' });
  await form.getByRole('combobox', { name: 'Payer' }).selectOption(from);
  await form.getByRole('combobox', { name: 'Payee' }).selectOption(to);
  await form.getByLabel('Amount').fill(amount);
  await form.getByLabel('Fee at most').fill(fee);
  await form.getByRole('button', { name: 'Send', exact: true }).click();
  return form;
}

/** Selects a node, whose switches then stand in the panel on the right. */
async function select(page, name) {
  await page.getByRole('button', { name: new RegExp(`^${name}, `) }).first().click();
  await page.getByRole('heading', { name: `Node ${name}` }).waitFor();
  return page.getByRole('complementary', { name: 'Details' });
}

test('a payment goes over two hops, is kept waiting, and arrives when it is taken', async (t) => {
  const page = await line(t);
  const details = await select(page, 'Charlie');
  await details.getByLabel('Charlie keeps payments waiting').check();
  // An HTLC expires: what is looked at meanwhile is looked at in peace.
  await speed(page, 1_000);
  const form = await send(page, 'Alpha', 'Charlie', '1,000');
  await form.getByText('Begun. The list says how it fares.').waitFor();
  await bar(page, 'Alpha → Charlie 1,000 kept waiting by Charlie').waitFor(LONG);
  await button(page, 'Pause').click();
  await bar(page, 'Alpha → Charlie 1,000 kept waiting by Charlie').click();
  const route = panel(page, 'Payments').getByRole('list').filter({ hasText: 'Bravo → Charlie' }).last();
  await route.getByRole('listitem').filter({ hasText: /Alpha → Bravo\s*1,00\d\s*●\s*locked\s*expires at block #\d+, \d+ to go/ }).waitFor();
  await route.getByRole('listitem').filter({ hasText: /Bravo → Charlie\s*1,000\s*●\s*locked/ }).waitFor();
  assert.equal(await page.locator('svg .chip.selected').count(), 2, 'a chip on each channel of the route');
  assert.equal(await page.locator('svg .route-hop').count(), 2, 'both channels of the route are marked');
  await bar(page, /^Bravo .* Charlie open · commitment 1 · 1 pending$/).click();
  await panel(page, 'Channels').getByText('Charlie waits for 1 pending payment.').waitFor();
  await picture(page, 'payment-held');
  await details.getByLabel('Charlie keeps payments waiting').uncheck();
  await button(page, 'Play').click();
  await bar(page, /^Alpha → Charlie 1,000 arrived · fee \d$/).waitFor(LONG);
  await page.getByRole('heading', { level: 2, name: /^Payments\s*0 under way, 1 arrived, 0 failed/ }).waitFor(LONG);
  await bar(page, 'Bravo 99,000 101,000 Charlie open · commitment 2').waitFor(LONG);
  await until(async () => (await page.locator('svg .chip').count()) === 0, 'nothing is pending any more', LONG.timeout);
  const { payments, paymentsFailed, invariants } = await state(page);
  assert.deepEqual([payments, paymentsFailed, invariants.violated], [1, 0, 0]);
});

test('a payment that fails says why, by what the payer knows and by what is so', async (t) => {
  const page = await line(t);
  await send(page, 'Bravo', 'Charlie', '50,000');
  await bar(page, 'Bravo → Charlie 50,000 arrived · fee 0').waitFor(LONG);
  await send(page, 'Alpha', 'Charlie', '60,000');
  await bar(page, 'Alpha → Charlie 60,000 failed · 1 attempt').click(LONG);
  const payments = panel(page, 'Payments');
  await payments.getByText('Bravo says that Bravo → Charlie cannot carry so much now. How much it could, it does not say.').waitFor();
  await payments.getByText('Bravo had 45,000 to pay Charlie with, 60,000 were needed: 15,000 too little.').waitFor();
  await payments.getByText(/^There is no other route for 60,000/).waitFor();
  await payments.getByText(/^No way could carry it\. The widest, Alpha → Bravo → Charlie, could carry 45,000 /).waitFor();
  await payments.getByText('Attempt 1, 2 hops, failed at Bravo → Charlie').waitFor();
  await picture(page, 'payment-failed');
});

test('what cannot be sent is said at its field', async (t) => {
  const page = await line(t);
  for (const [to, amount, fee, field, says] of [
    ['Charlie', '99', '', 'Amount', /amount 99 < 100/],
    ['Charlie', 'x', '', 'Amount', /whole number of base units/],
    ['Charlie', '500', '-1', 'Fee at most', /whole number of base units/],
    ['Alpha', '500', '', 'Payee', /pay itself/],
  ]) {
    const form = await send(page, 'Alpha', to, amount, fee);
    await form.getByRole('alert').filter({ hasText: says }).waitFor();
    assert.equal(await form.getByRole('alert').filter({ hasText: /./ }).count(), 1);
    assert.equal(await form.getByLabel(field).getAttribute('aria-invalid'), 'true');
  }
  assert.equal((await state(page)).payments, 0);
});

test('a cheat is punished by the watchtower of whoever is off', async (t) => {
  const page = await line(t);
  await bar(page, /^Alpha .* Bravo open/).click();
  const pay = page.getByRole('form', { name: 'Pay or close' });
  await pay.getByRole('combobox', { name: 'Who' }).selectOption({ label: 'Alpha → Bravo' });
  await pay.getByLabel('Times').fill('3');
  await pay.getByRole('button', { name: 'Pay', exact: true }).click();
  await bar(page, /^Alpha 99,970 100,030 Bravo open · commitment 3$/).waitFor(LONG);
  const channels = panel(page, 'Channels');
  await channels.getByLabel('Watchtower of Bravo').selectOption('Charlie');
  await channels.getByText('Charlie watches for Bravo, and holds commitment 3.').waitFor(LONG);
  await select(page, 'Bravo');
  await button(page, 'Stop Bravo').click();
  await channels.getByText('Bravo is off.').waitFor();
  await button(page, 'Publish old #0').click();
  await bar(page, 'Alpha 0 200,000 Bravo punished').waitFor(LONG);
  await page.getByRole('heading', { level: 2, name: /^Channels.*, 1 punished/ }).waitFor();
  assert.equal((await state(page)).penalties, 1);
});

test('what the first network pays is shown, and its traffic is set', async (t) => {
  const page = await site.open(t);
  await speed(page, 2_000);
  await page.getByRole('heading', { level: 2, name: /^Payments\s*\d+ under way, [1-9]\d* arrived, 0 failed/ }).waitFor(LONG);
  const rate = page.getByRole('combobox', { name: 'Payments that every node with a channel makes by itself over routes' });
  assert.equal(await rate.inputValue(), '60');
  await rate.selectOption('0');
  await page.getByRole('heading', { level: 2, name: /^Payments\s*0 under way/ }).waitFor(LONG);
  await rate.selectOption('360');
  await page.getByRole('heading', { level: 2, name: /^Payments\s*[1-9]\d* under way/ }).waitFor(LONG);
});

test('the panel is accessible and fits', async (t) => {
  const page = await line(t, { width: 320, height: 844 });
  // So that what is kept waiting does not expire while a slow machine looks.
  await speed(page, 1_000);
  const details = await select(page, 'Charlie');
  await details.getByLabel('Charlie keeps payments waiting').check();
  await send(page, 'Alpha', 'Charlie', '94,000');
  await bar(page, 'Alpha → Charlie 94,000 kept waiting by Charlie').click(LONG);
  await send(page, 'Bravo', 'Charlie', '2,000');
  await bar(page, 'Bravo → Charlie 2,000 failed · no route').click(LONG);
  await button(page, 'Pause').click();
  await button(page, 'Play').waitFor();
  const widths = [320, 390, 1440, 2560];
  await inEveryLook(page, 'payments-failed', { widths });
  await bar(page, 'Alpha → Charlie 94,000 kept waiting by Charlie').click();
  await bar(page, /^Bravo .* Charlie open · .* pending$/).click();
  await inEveryLook(page, 'payments-held', { widths });
});
