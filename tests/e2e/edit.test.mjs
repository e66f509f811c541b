// Blocks and transactions changed by hand, as a person does it; and what was done, undone.
import assert from 'node:assert/strict';
import test from 'node:test';
import { button } from './hands.mjs';
import { inEveryLook, lab, picture } from './harness.mjs';

const site = lab(test);

/** The first network, played until there are some blocks, then paused. */
async function pausedLab(t, options) {
  const page = await site.open(t, options);
  await button(page, 'Pause').waitFor();
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('1000');
  await page.getByRole('button', { name: /^Block 5 by/ }).first().waitFor();
  await button(page, 'Pause').click();
  await button(page, 'Play').waitFor();
  return page;
}

function details(page) {
  return page.getByRole('complementary', { name: 'Details' });
}

function field(page, name) {
  return details(page).getByRole('textbox', { name, exact: true });
}

/** A rule, while it is said of it whether it was passed or failed. */
function rule(page, name, verdict) {
  const rules = details(page).getByRole('list', { name: 'Rules' }).getByRole('listitem');
  return rules.filter({ hasText: name }).filter({ hasText: verdict }).first();
}

/** The lowest block that is shown, genesis aside: others are built on it. */
function lowest(page) {
  return page.getByRole('button', { name: /^Block [1-9]\d* by/ }).first();
}

async function editBlock(page) {
  await lowest(page).click();
  await page.getByRole('tab', { name: 'Edit' }).click();
  await details(page).getByText('This is a copy.', { exact: false }).waitFor();
}

/** Steps on, event by event, until something is there. */
async function stepUntil(page, there, what) {
  for (let step = 0; step < 400; step += 1) {
    if ((await there.count()) > 0) return;
    await button(page, 'One event on').click();
    await page.waitForTimeout(20);
  }
  assert.fail(`gave up stepping: ${what}`);
}

test('a block changed by hand breaks its rules, is mended and mined again, and the network refuses what is left', async (t) => {
  const page = await pausedLab(t);
  await editBlock(page);
  await details(page).getByText(/^All \d+ rules passed/).first().waitFor();

  const height = await field(page, 'header.height').inputValue();
  await field(page, 'header.height').fill('three');
  await details(page).getByRole('alert').filter({ hasText: 'invalid digit' }).waitFor();
  assert.equal(await field(page, 'header.height').getAttribute('aria-invalid'), 'true');
  await details(page).getByText('This is a copy.', { exact: false }).waitFor();
  await field(page, 'header.height').fill(height);
  await details(page).getByRole('alert').filter({ hasText: 'invalid digit' }).waitFor({ state: 'hidden' });

  const to = await field(page, 'coinbase.to').inputValue();
  await field(page, 'coinbase.amount').fill('9000000');
  await rule(page, 'Coinbase', 'failed').waitFor();
  await rule(page, 'Merkle root', 'failed').waitFor();
  await details(page).getByText('The header is as it was, and so is the id', { exact: false }).waitFor();
  await button(page, 'Fix: Merkle root').click();
  await rule(page, 'Merkle root', 'passed').waitFor();
  await rule(page, 'Work', 'failed').waitFor();
  await details(page).getByText(/^This copy is another block: .* names .* as its parent, not this copy\.$/).waitFor();
  await details(page).getByRole('row', { name: /^coinbase\.amount/ }).waitFor();
  await button(page, 'Mine again').click();
  await details(page).getByText(/^Found a nonce after [\d,]+ hashes/).waitFor();
  await rule(page, 'Work', 'passed').waitFor();
  assert.equal(await field(page, 'coinbase.to').inputValue(), to);
  await picture(page, 'edit-block');

  await details(page).getByRole('combobox', { name: 'Publish from' }).selectOption('Alpha');
  await button(page, 'Publish').click();
  const became = details(page).getByRole('list', { name: 'What became of this copy' }).getByRole('listitem');
  await became.filter({ hasText: 'Alpha' }).filter({ hasText: 'coinbase pays 9000000' }).waitFor();
  await stepUntil(page, became.filter({ hasText: 'Bravo' }).filter({ hasText: 'coinbase pays 9000000' }), 'Bravo refuses it');
  const log = details(page).getByRole('list', { name: 'Log' }).getByRole('listitem');
  await log.filter({ hasText: 'Alpha sent a block made by hand' }).waitFor();
  await log.filter({ hasText: /^.*Bravo: blames Alpha: sent block .* which breaks wrong-coinbase/ }).waitFor();
  await log.getByRole('button', { name: /^Bravo: rejects block/ }).click();
  await page.getByRole('tab', { name: 'Why' }).click();
  await details(page).getByText('Alpha sent a block made by hand', { exact: false }).first().waitFor();
  await picture(page, 'edit-refused');
});

test('a transaction is signed again and moved within its block', async (t) => {
  const page = await pausedLab(t);
  const boxes = page.getByRole('button', { name: /^Block \d+ by .* [2-9] transactions/ });
  if ((await boxes.count()) === 0) {
    await button(page, 'Play').click();
    await boxes.first().waitFor();
    await button(page, 'Pause').click();
  }
  await boxes.first().click();
  await page.getByRole('tab', { name: 'Edit' }).click();
  const transfer = details(page).locator('summary').filter({ hasText: /^\d+\. transfer/ }).first();
  const number = parseInt(await transfer.innerText(), 10);
  await transfer.click();
  const amount = field(page, `transactions[${number - 1}].action.amount`);
  await amount.fill(String(Number(await amount.inputValue()) + 1));
  await rule(page, 'Signatures', 'failed').waitFor();
  await button(page, `Sign again transaction ${number}`).click();
  await rule(page, 'Signatures', 'failed').waitFor({ state: 'detached' });
  await button(page, `Remove transaction ${number}`).click();
  await rule(page, 'Merkle root', 'failed').waitFor();
  await button(page, 'Reset the copy').click();
  await details(page).getByText('This is a copy.', { exact: false }).waitFor();
});

/** Presses a key until what is named has the focus. */
async function keyTo(page, key, target) {
  for (let press = 0; press < 250; press += 1) {
    await page.keyboard.press(key);
    if ((await target.and(page.locator(':focus')).count()) > 0) return;
  }
  assert.fail(`${target} is never reached by ${key}`);
}

test('by keyboard alone a block pays somebody else and is kept as a stale one', async (t) => {
  const page = await pausedLab(t);
  await page.keyboard.press('Control+k');
  const find = page.getByRole('combobox', { name: 'What to do?' });
  await find.and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Escape');
  // One stop of Tab is all of the tree; in it, arrows lead from block to block.
  const block = (height) => page.getByRole('button', { name: new RegExp(`^(Stale b|B)lock ${height} by`) });
  await keyTo(page, 'Tab', block('\\d+'));
  await page.keyboard.press('Home');
  await block(0).and(page.locator(':focus')).waitFor();
  await page.keyboard.press('ArrowRight');
  await block(1).and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Enter');
  const heading = page.getByRole('heading', { name: /^Block #[1-9]\d* by/ });
  await heading.waitFor();
  await keyTo(page, 'Tab', page.getByRole('tab', { selected: true }));
  await page.keyboard.press('End');
  await details(page).getByText('This is a copy.', { exact: false }).waitFor();
  await keyTo(page, 'Tab', field(page, 'coinbase.to'));
  const to = await field(page, 'coinbase.to').inputValue();
  await page.keyboard.press('Control+a');
  await page.keyboard.type((await heading.innerText()).endsWith('Alpha') ? 'Bravo' : 'Alpha');
  await rule(page, 'State root', 'failed').waitFor();
  await page.keyboard.press('Tab');
  assert.notEqual(await field(page, 'coinbase.to').inputValue(), to, 'a name becomes its address');
  assert.match(await field(page, 'coinbase.to').inputValue(), /^tab1/);
  for (const name of ['Fix: Merkle root', 'Fix: State root']) {
    await keyTo(page, 'Tab', button(page, name));
    await page.keyboard.press('Enter');
    await rule(page, name.slice(5), 'passed').waitFor();
  }
  await keyTo(page, 'Tab', button(page, 'Fix: Work'));
  await page.keyboard.press('Enter');
  await details(page).getByText(/^All \d+ rules passed/).first().waitFor();
  await keyTo(page, 'Shift+Tab', button(page, 'Publish'));
  await page.keyboard.press('Enter');
  const became = details(page).getByRole('list', { name: 'What became of this copy' }).getByRole('listitem');
  await became.filter({ hasText: 'side branch' }).first().waitFor();
  for (let step = 0; step < 400 && (await became.filter({ hasText: 'side branch' }).count()) < 2; step += 1) {
    await page.keyboard.press('.');
    await page.waitForTimeout(20);
  }
  assert.ok((await became.filter({ hasText: 'side branch' }).count()) >= 2, 'a peer keeps it, too');
});

test('what was done is undone and done again, by keys and buttons, but not while text is typed', async (t) => {
  const page = await pausedLab(t);
  await button(page, 'Undo: nothing was done by hand').waitFor();
  const clock = () => page.evaluate(async () => { const { events, virtualMs } = await window.tabchain.state(); return { events, virtualMs }; });
  const at = await clock();
  await button(page, 'Cut the link Alpha – Bravo').click();
  await button(page, 'Heal the link Alpha – Bravo').waitFor();
  await button(page, 'Undo: Alpha – Bravo was cut').waitFor();
  await button(page, 'One event on').click();
  await page.waitForFunction(async (events) => (await window.tabchain.state()).events > events + 1, at.events);

  await page.keyboard.press('Control+z');
  await button(page, 'Cut the link Alpha – Bravo').waitFor();
  await button(page, 'Redo: Alpha – Bravo was cut').waitFor();
  await page.waitForFunction(async (events) => (await window.tabchain.state()).events === events, at.events);
  assert.deepEqual(await clock(), at, 'as it was just before');
  await page.keyboard.press('Control+Shift+Z');
  await button(page, 'Heal the link Alpha – Bravo').waitFor();
  await button(page, 'Undo: Alpha – Bravo was cut').click();
  await button(page, 'Cut the link Alpha – Bravo').waitFor();
  await page.keyboard.press('Control+y');
  await button(page, 'Heal the link Alpha – Bravo').waitFor();

  const note = page.getByRole('textbox', { name: 'Memo' });
  await page.getByRole('button', { name: /^Alpha, / }).first().click();
  await note.click();
  await page.keyboard.type('ab');
  await page.keyboard.press('Control+z');
  await button(page, 'Undo: Alpha – Bravo was cut').waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'hidden' });
  assert.match(await note.inputValue(), /\?$/, 'the keys are the field’s');
});

test('the edit panel is accessible', async (t) => {
  const page = await pausedLab(t, { width: 320, height: 844 });
  await editBlock(page);
  await field(page, 'header.version').fill('2');
  await field(page, 'coinbase.amount').fill('nothing');
  await details(page).getByRole('alert').filter({ hasText: 'whole number' }).waitFor();
  await rule(page, 'Version', 'failed').waitFor();
  await details(page).getByText(/^Broken: Version/).waitFor();
  const transactions = details(page).locator('summary').filter({ hasText: /^1\. / });
  if ((await transactions.count()) > 0) await transactions.first().click();
  await inEveryLook(page, 'edit', { widths: [320, 390, 1440] });
});
