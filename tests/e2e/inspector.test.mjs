// The inspector as a person uses it: what is selected, its bytes, its rules.
import assert from 'node:assert/strict';
import test from 'node:test';
import { button, until } from './hands.mjs';
import { inEveryLook, lab } from './harness.mjs';

const site = lab(test);

/** The first network, played until there are some blocks, then paused. */
async function pausedLab(t, options) {
  const page = await site.open(t, options);
  await button(page, 'Pause').waitFor();
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('1000');
  await page.getByRole('button', { name: /^Block 4 by/ }).first().waitFor();
  await button(page, 'Pause').click();
  await button(page, 'Play').waitFor();
  return page;
}

function details(page) {
  return page.getByRole('complementary', { name: 'Details' });
}

async function tab(page, name) {
  await page.getByRole('tab', { name }).click();
  assert.equal(await page.getByRole('tab', { name }).getAttribute('aria-selected'), 'true');
}

function rules(page) {
  return details(page).getByRole('list', { name: 'Rules' }).getByRole('listitem');
}

/** Steps on until a message is in flight, and selects it in the table of the node's messages. */
async function selectMessage(page) {
  const table = details(page).getByRole('table').filter({ hasText: 'Message' });
  const row = table.getByRole('row').filter({ hasText: 'in flight' }).first();
  await until(async () => {
    if ((await row.count()) > 0) return true;
    await button(page, 'One event on').click();
    return false;
  }, 'a message is in flight');
  await row.getByRole('button').click();
}

test('a block shows every rule it passed, with the values compared', async (t) => {
  const page = await pausedLab(t);
  await page.getByRole('button', { name: /^Block 3 by/ }).first().click();
  await page.getByRole('heading', { name: /^Block #3 by/ }).waitFor();
  await tab(page, 'Rules');
  await details(page).getByText(/^All \d+ rules passed\.$/).waitFor();
  const sentences = await rules(page).allInnerTexts();
  assert.ok(sentences.length >= 12, sentences.join('\n'));
  assert.ok(sentences.every((sentence) => sentence.includes('passed')), sentences.join('\n'));
  const said = (pattern) => assert.ok(sentences.some((sentence) => pattern.test(sentence)), `${pattern} in ${sentences.join('\n')}`);
  said(/Timestamp passed\s+[\d,]+ > median of the last eleven [\d,]+/);
  said(/Height passed\s+3 = one above its parent 3/);
  said(/Coinbase passed\s+[\d,]+ = subsidy 50,000 \+ fees [\d,]+/);
  said(/Work passed\s+hash 0[0-9a-f]{63} ≤ target 0[0-9a-f]{63}/);
  said(/State root passed\s+header ([0-9a-f]{64}) = after the block \1/);
  await page.getByLabel('Judged by').selectOption('Bravo');
  await details(page).getByText(/by the tree of Bravo/).waitFor();
  await page.getByRole('button', { name: /^Block 0 by/ }).click();
  await details(page).getByText('Nothing judges the genesis block').waitFor();
});

test('pointing at a field marks its bytes, and the other way round', async (t) => {
  const page = await pausedLab(t);
  await page.getByRole('button', { name: /^Block 2 by/ }).first().click();
  await page.getByRole('heading', { name: /^Block #2 by/ }).waitFor();
  await tab(page, 'Raw bytes');
  const bytes = details(page).getByRole('group', { name: /^Bytes/ });
  const marked = async () => (await bytes.locator('.lit').allInnerTexts()).join(' ');
  const status = details(page).locator('[role=status]');
  const row = (name) => details(page).getByRole('row').filter({ has: button(page, name) });
  await row('header.height').hover();
  assert.equal(await marked(), '02 00 00 00 00 00 00 00');
  await status.filter({ hasText: 'header.height, bytes 36 to 43: 2' }).waitFor();
  assert.deepEqual(await row('header.height').getByRole('cell').allInnerTexts(), ['header.height\n2', '36', '8']);
  await button(page, 'header.version').focus();
  assert.equal(await marked(), '01 00 00 00');
  await bytes.getByText('01 00 00 00', { exact: true }).first().hover();
  await status.filter({ hasText: 'header.version, bytes 0 to 3: 1' }).waitFor();
  assert.match(await row('header.version').getAttribute('class'), /lit/);
  await bytes.focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await status.filter({ hasText: /^header\.parent, bytes 4 to 35: [0-9a-f]{64}$/ }).waitFor();
  assert.equal((await marked()).split(/\s+/).length, 32);
});

test('a transaction is followed from the block to its rules', async (t) => {
  const page = await pausedLab(t);
  await until(async () => {
    for (const block of await page.getByRole('button', { name: /^Block \d+ by .*, [1-9]\d* transactions?/ }).all()) {
      await block.click();
      return true;
    }
    await button(page, 'On to the next block').click();
    return false;
  }, 'a block with a transaction');
  await details(page).getByRole('heading', { name: /^Transactions \([1-9]/ }).waitFor();
  const row = details(page).getByRole('table').filter({ hasText: 'From → to' }).getByRole('row').nth(1);
  await row.getByRole('button').click();
  await page.getByRole('heading', { name: /^Transaction [0-9a-f]{8}$/ }).waitFor();
  await details(page).getByRole('button', { name: /^Confirmed in block #\d+, transaction 1$/ }).waitFor();
  await tab(page, 'Raw bytes');
  await button(page, 'fee').waitFor();
  await tab(page, 'Rules');
  await details(page).getByText('its nonce is spent there').waitFor();
  const spent = rules(page).filter({ hasText: 'Nonce not spent' }).first();
  assert.match(await spent.innerText(), /failed\s+[\d,]+ ≥ the account’s next [\d,]+/);
  assert.match(await rules(page).filter({ hasText: 'Signatures' }).innerText(), /passed/);
  await tab(page, 'Summary');
  await details(page).getByRole('button', { name: /^Confirmed in block/ }).click();
  await page.getByRole('heading', { name: /^Block #/ }).waitFor();
  await button(page, '‹ Back').click();
  await page.getByRole('heading', { name: /^Transaction [0-9a-f]{8}$/ }).waitFor();
});

test('a message in flight is inspected, and still is after it has arrived', async (t) => {
  const page = await pausedLab(t);
  await selectMessage(page);
  await page.getByRole('heading', { name: /^Message [a-z-]+, \w+ → \w+$/ }).waitFor();
  await details(page).getByText(/^in flight/).waitFor();
  await tab(page, 'Rules');
  await rules(page).filter({ hasText: 'Slot' }).waitFor();
  await until(async () => (await rules(page).filter({ hasText: 'failed' }).count()) === 0, 'nothing is broken');
  await tab(page, 'Raw bytes');
  await button(page, 'kind').waitFor();
  await tab(page, 'Summary');
  await until(async () => {
    if ((await details(page).getByText('arrived', { exact: true }).count()) > 0) return true;
    await button(page, 'One event on').click();
    return false;
  }, 'it arrives');
  await page.getByRole('heading', { name: /^Message / }).waitFor();
});

test('the tabs are worked by arrow keys, and a node has its own sides', async (t) => {
  const page = await pausedLab(t);
  await page.getByRole('button', { name: /^Bravo, / }).first().click();
  await page.getByRole('heading', { name: 'Node Bravo' }).waitFor();
  await page.getByRole('tab', { name: 'Summary' }).focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Raw bytes');
  await button(page, 'status.genesis').waitFor();
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.getByRole('tab', { selected: true }).innerText(), 'Rules');
  await details(page).getByText('All 5 rules passed.').waitFor();
  await page.keyboard.press('End');
  assert.equal(await page.getByRole('tab', { selected: true }).innerText(), 'Why');
  await details(page).getByRole('heading', { name: /^Why is Bravo’s balance [\d,]+\?/ }).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('form', { name: 'Send a transfer' }).waitFor();
});

test('why a node has its tip is told from the first cause on, and leads there', async (t) => {
  const page = await pausedLab(t);
  await page.getByRole('button', { name: /^Bravo, / }).first().click();
  await page.getByRole('heading', { name: 'Node Bravo' }).waitFor();
  await tab(page, 'Why');
  await details(page).getByRole('heading', { name: /^Why is Bravo’s tip #\d+ \([0-9a-f]{8}\)\?$/ }).waitFor();
  const causes = details(page).getByRole('tabpanel').getByRole('listitem');
  assert.match(await causes.first().innerText(), /found block #\d+/);
  await causes.first().getByRole('button', { name: /^block [0-9a-f]{8}$/ }).click();
  await page.getByRole('heading', { name: /^Block #\d+ by/ }).waitFor();
  // Where the clock was stopped the block may be on a branch that has lost, or is ahead.
  await details(page).getByRole('heading', { name: /found block #\d+, (and \d+ of \d+ nodes have it|above)|is stale/ }).waitFor();
  await tab(page, 'History');
  const lines = details(page).getByRole('list', { name: 'History' }).getByRole('listitem');
  assert.match(await lines.last().innerText(), /found block #\d+/);
  await lines.last().getByRole('button').first().click();
  await page.getByRole('heading', { name: /^Node / }).waitFor();
});

test('all sides are accessible and fit', async (t) => {
  const page = await pausedLab(t, { width: 390, height: 844 });
  await selectMessage(page);
  for (const what of ['message', 'block']) {
    if (what === 'block') await page.getByRole('button', { name: /^Block [1-9]\d* by/ }).first().click();
    await page.getByRole('heading', { name: what === 'block' ? /^Block #/ : /^Message / }).waitFor();
    for (const side of ['Summary', 'Raw bytes', 'Rules', 'History', 'Why']) {
      await tab(page, side);
      if (side === 'Raw bytes') await button(page, what === 'block' ? 'header.parent' : 'kind').focus();
      if (side === 'Rules') await rules(page).first().waitFor();
      await inEveryLook(page, `inspector-${what}-${side.split(' ')[0].toLowerCase()}`);
    }
    await tab(page, 'Summary');
  }
});
