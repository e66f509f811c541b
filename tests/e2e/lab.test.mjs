// The page as a person uses it: everything is found by its role and its accessible name.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { button, mine, mined, state, summary, until } from './hands.mjs';
import { inEveryLook, lab, picture, tasksDuring } from './harness.mjs';

const site = lab(test);

/** The lab, paused at the beginning of a network without traffic of its own, unless told otherwise. */
async function quietLab(t, { nodes = '3', seed = '5', ...options } = {}) {
  const page = await openLab(t, options);
  await button(page, 'Pause').click();
  await page.getByLabel('Nodes', { exact: true }).fill(nodes);
  await page.getByLabel('Seed', { exact: true }).fill(seed);
  await button(page, 'Begin').click();
  await page.getByRole('button', { name: /^Alpha, / }).waitFor();
  await page.getByRole('combobox', { name: 'Transfers that every node makes by itself' }).selectOption('0');
  return page;
}

async function openLab(t, options) {
  const page = await site.open(t, options);
  await button(page, 'Pause').waitFor();
  return page;
}

async function balance(page, owner) {
  const row = page.getByRole('table').filter({ hasText: 'Owner' }).getByRole('row').filter({ hasText: owner });
  return Number((await row.getByRole('cell').nth(1).innerText()).replaceAll(',', ''));
}

async function send(page, { to, amount, fee, memo = '' }) {
  const form = page.getByRole('form', { name: 'Send a transfer' });
  await form.getByLabel('To').selectOption(to);
  await form.getByLabel('Amount').fill(amount);
  await form.getByLabel('Fee').fill(fee);
  await form.getByLabel('Memo').fill(memo);
  await form.getByRole('button', { name: 'Send' }).click();
  return form;
}

test('a block is mined and a transfer in it arrives, exactly', async (t) => {
  const page = await quietLab(t);
  await mine(page);
  await page.getByRole('button', { name: /^Block 1 by/ }).waitFor();
  const before = await balance(page, 'Charlie');
  const form = await send(page, { to: 'Charlie', amount: '1,234', fee: '321', memo: '<b>rent</b>' });
  await form.getByText('1,234 to Charlie sent, fee 321').waitFor();
  await page.getByRole('heading', { name: 'Mempool (1)' }).waitFor();
  assert.equal(await page.getByText('<b>rent</b>').count(), 1, 'a memo is text, never markup');
  assert.equal(await balance(page, 'Charlie'), before, 'nothing has moved yet');
  await until(async () => {
    await mine(page);
    return (await page.getByRole('heading', { name: 'Mempool (0)' }).count()) === 1;
  }, 'the transfer is confirmed');
  assert.equal(await balance(page, 'Charlie'), before + 1234);
});

test('a network cut in two forks, and healed it agrees again, with a reorg', async (t) => {
  const page = await quietLab(t, { nodes: '5', seed: '9' });
  await mine(page);
  await button(page, 'Split in two').click();
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('5000');
  await button(page, 'Play').click();
  await until(async () => /[2-9] tips/.test(await summary(page, 'Network')) && (await mined(page)) > 14, 'both sides mine');
  await picture(page, 'lab-fork');
  await button(page, 'Heal all').click();
  const reorgs = page.getByRole('list', { name: 'Log' }).getByText(/reorg, (\d\d|[2-9]) blocks out/);
  await until(async () => (await reorgs.count()) > 0, 'a node leaves several blocks');
  await button(page, 'Pause').click();
  const { invariants } = await state(page);
  assert.equal(invariants.violated, 0);
  assert.ok(invariants.checked > 20);
});

test('one link is cut and healed by name', async (t) => {
  const page = await quietLab(t);
  await button(page, 'Cut the link Alpha – Bravo').click();
  await button(page, 'Heal the link Alpha – Bravo').waitFor();
  await page.getByRole('list', { name: 'Log' }).getByText('Alpha – Bravo was cut').waitFor();
  await button(page, 'Heal the link Alpha – Bravo').click();
  await button(page, 'Cut the link Alpha – Bravo').waitFor();
});

test('time is rewound, and the same future comes again', async (t) => {
  const page = await quietLab(t, { nodes: '4', seed: '21' });
  await page.getByRole('combobox', { name: 'Transfers that every node makes by itself' }).selectOption('1800');
  for (let block = 0; block < 5; block += 1) await mine(page);
  const [end, blocks] = [await state(page), await blockNames(page)];
  await button(page, 'One event back').click();
  await until(async () => (await state(page)).events === end.events - 1, 'one event less');
  await button(page, 'Rewind to the start').click();
  await until(async () => (await state(page)).virtualMs === 0, 'the beginning');
  assert.equal(await page.getByRole('button', { name: /^Block [1-9]/ }).count(), 0);
  await page.getByRole('slider', { name: 'Timeline' }).fill(String(end.virtualMs));
  await until(async () => (await state(page)).virtualMs === end.virtualMs, 'the end');
  assert.equal((await state(page)).digest, end.digest);
  assert.deepEqual(await blockNames(page), blocks);
});

test('acting in the past begins another future and keeps the old one', async (t) => {
  const page = await quietLab(t);
  for (let block = 0; block < 3; block += 1) await mine(page);
  const end = await state(page);
  await button(page, 'Rewind to the start').click();
  await until(async () => (await state(page)).virtualMs === 0, 'the beginning');
  await button(page, 'Stop Alpha').click();
  const left = page.getByRole('group', { name: 'Futures that were left' }).getByRole('button');
  await left.waitFor();
  await page.getByRole('slider', { name: 'Timeline' }).fill('1');
  await button(page, 'Play').click();
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('10000');
  await until(async () => (await state(page)).virtualMs > end.virtualMs, 'as late as before');
  assert.notEqual((await state(page)).digest, end.digest);
  await button(page, 'Pause').click();
  await page.getByRole('button', { name: 'Alpha, switched off' }).waitFor();
  await left.click();
  await until(async () => (await state(page)).events === end.events, 'the future that was left');
  assert.equal((await state(page)).digest, end.digest);
});

test('where nobody mines, nobody waits for a block', async (t) => {
  const page = await quietLab(t, { nodes: '1' });
  await button(page, 'Stop Alpha').click();
  await page.getByText('Switched off. What it stored stays: 0 blocks.').waitFor();
  const { virtualMs } = await state(page);
  await button(page, 'On to the next block').click();
  await page.getByRole('alert').filter({ hasText: 'no node is mining: no block will come' }).waitFor();
  await button(page, 'One event on').click();
  assert.equal((await state(page)).virtualMs, virtualMs);
});

test('a node is added and catches up; a node is stopped and started', async (t) => {
  const page = await quietLab(t);
  for (let block = 0; block < 4; block += 1) await mine(page);
  await button(page, 'Add a node').click();
  await page.getByRole('heading', { name: 'Node Delta' }).waitFor();
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('500');
  await button(page, 'Play').click();
  await page.getByRole('button', { name: /^Delta, .*, follows block [4-9]/ }).waitFor();
  await button(page, 'Stop Delta').click();
  await page.getByRole('button', { name: 'Delta, switched off' }).waitFor();
  await button(page, 'Start Delta').click();
  await page.getByRole('button', { name: /^Delta, .*, follows block/ }).waitFor();
});

test('a node is added with an RSA key that is pasted; what is wrong with a key is said at its field', async (t) => {
  const page = await quietLab(t);
  const { config } = JSON.parse(await readFile(new URL('../../examples/two-keys.json', import.meta.url), 'utf8'));
  const { pkcs8 } = config.nodes.find((node) => node.key).key;
  const form = page.getByRole('form', { name: 'Add a node' });
  assert.equal(await form.getByRole('textbox').count(), 0);
  await form.getByRole('combobox', { name: 'Scheme' }).selectOption({ label: 'RSA, a pasted key' });
  const key = form.getByLabel('Private key: PKCS#8 in PEM or base64');
  for (const [text, message] of [['no key!', /^is no base64: /], ['', /^not the DER of a PKCS#8 RSA key/], [pkcs8.slice(0, 400), /^not the DER/]]) {
    await key.fill(text);
    await button(form, 'Add a node').click();
    await form.getByRole('alert').filter({ hasText: message }).waitFor();
    assert.equal(await key.getAttribute('aria-invalid'), 'true');
  }
  await inEveryLook(page, 'add-node');
  await key.fill(`-----BEGIN PRIVATE KEY-----\n${pkcs8.match(/.{1,64}/g).join('\n')}\n-----END PRIVATE KEY-----\n`);
  await button(form, 'Add a node').click();
  await page.getByRole('heading', { name: 'Node Delta' }).waitFor();
  await page.getByText(/^RSA, 2048 bits: /).waitFor();
  assert.deepEqual([await key.inputValue(), await key.getAttribute('aria-invalid')], ['', 'false']);
  await key.fill(pkcs8);
  await button(form, 'Add a node').click();
  await form.getByRole('alert').filter({ hasText: 'is another node' }).waitFor();
});

test('a transfer offers what is enough for the next block, until somebody says something else', async (t) => {
  const page = await quietLab(t);
  await mine(page);
  const form = page.getByRole('form', { name: 'Send a transfer' });
  const [fee, memo] = [form.getByLabel('Fee'), form.getByLabel('Memo')];
  const [, enough] = (await page.getByText(/^The next block would take/).innerText()).match(/A fee of ([\d,]+) per 1,000 bytes/);
  const offered = Number(await fee.inputValue());
  await memo.fill('x'.repeat(200));
  await until(async () => Number(await fee.inputValue()) === offered + Number(enough) / 5, 'a longer transfer offers more');
  await form.getByRole('button', { name: 'Send' }).click();
  await form.getByText(`1,000 to Bravo sent, fee ${offered + Number(enough) / 5}`).waitFor();
  await fee.fill('77');
  await memo.fill('');
  assert.equal(await fee.inputValue(), '77');
});

test('what is wrong with a form is said at its field, and nothing changes', async (t) => {
  const page = await quietLab(t);
  const before = await state(page);
  const cases = [
    [{ amount: 'ten', fee: '200' }, 'Amount', /whole number of base units, not "ten"/],
    [{ amount: '-5', fee: '200' }, 'Amount', /not "-5"/],
    [{ amount: '0', fee: '200' }, 'Amount', /at least 1 base unit/],
    [{ amount: '99999999', fee: '200' }, 'Amount', /balance 1000000 < amount 99999999 \+ fee 200/],
    [{ amount: '9007199254740993', fee: '200' }, 'Amount', /is more than 9007199254740991/],
    [{ amount: '5', fee: '1' }, 'Fee', /fee 1 < \d+, the least for \d+ bytes/],
    [{ amount: '5', fee: '200', memo: 'x'.repeat(300) }, 'Memo', /memo has 300 bytes, at most 256/],
  ];
  for (const [values, field, message] of cases) {
    const form = await send(page, { to: 'Bravo', ...values });
    await form.getByRole('alert').filter({ hasText: message }).waitFor();
    assert.equal(await form.getByRole('alert').filter({ hasText: /./ }).count(), 1);
    const described = await form.getByLabel(field).evaluate((input) => ({
      invalid: input.ariaInvalid,
      description: document.getElementById(input.getAttribute('aria-describedby')).textContent,
    }));
    assert.equal(described.invalid, 'true');
    assert.match(described.description, message);
  }
  for (const [nodes, seed, message] of [['0', '1', /0 nodes: 1 to 1000/], ['x', '1', /x is not a whole number/], ['3', '-1', /"-1" is not a whole number/]]) {
    await page.getByLabel('Nodes', { exact: true }).fill(nodes);
    await page.getByLabel('Seed', { exact: true }).fill(seed);
    await button(page, 'Begin').click();
    await page.getByRole('navigation').getByRole('alert').filter({ hasText: message }).waitFor();
  }
  assert.equal((await state(page)).digest, before.digest);
});

test('a moment is shared as a link and opens as the same moment', async (t) => {
  const page = await quietLab(t, { nodes: '3', seed: '33' });
  await mine(page);
  await send(page, { to: 'Bravo', amount: '77', fee: '200' });
  await mine(page);
  const here = await state(page);
  const link = await share(page);
  const other = await site.open(t, { path: link });
  await other.getByRole('button', { name: /^Block 2 by/ }).waitFor();
  await until(async () => (await state(other)).events === here.events, 'the same moment');
  const there = await state(other);
  assert.deepEqual({ ...there, wallMs: 0, checks: 0 }, { ...here, wallMs: 0, checks: 0 });
});

test('a link or file that is damaged says so and changes nothing', async (t) => {
  const page = await quietLab(t, { nodes: '1', seed: '3' });
  await mine(page);
  const link = await share(page);
  const here = await state(page);
  const start = '#/lab?run=1.';
  const capsule = JSON.parse(inflateRawSync(Buffer.from(link.slice(start.length).split('&')[0], 'base64url')));
  const deflated = (text) => start + deflateRawSync(Buffer.from(text)).toString('base64url');
  const encoded = (value) => deflated(typeof value === 'string' ? value : JSON.stringify(value));
  const cases = [
    ['#nonsense', /there is no page "nonsense"/],
    ['#/lab?run=2.abc', /begins with "1\."/],
    [`${start}%%%`, /the link is incomplete or damaged/],
    [encoded('{'), /not a capsule: EOF/],
    [encoded(' '.repeat(5 << 20)), /more than 4194304 bytes/],
    [encoded({ ...capsule, capsule: 9 }), /capsule version 9, this program reads version 1/],
    [encoded({ ...capsule, digest: '0'.repeat(64) }), /the capsule expects 0000/],
    [encoded({ ...capsule, scenario: { ...capsule.scenario, seed: 5 } }), /not a capsule: /],
    [encoded({ ...capsule, scenario: { ...capsule.scenario, config: { ...capsule.scenario.config, nodes: [] } } }), /config\.nodes: is 0, allowed are 1 to 1000/],
  ];
  for (const [fragment, message] of cases) {
    await page.evaluate((value) => { location.hash = value; }, fragment);
    await page.getByRole('alert').filter({ hasText: message }).waitFor();
    assert.equal((await state(page)).digest, here.digest);
  }
  await page.getByLabel('Open file').setInputFiles({ name: 'bad.json', mimeType: 'application/json', buffer: Buffer.from('{"version": 1, "seed": "1", "config": {"nodes": [{"name": ""}]}}') });
  await page.getByRole('alert').filter({ hasText: /config\.nodes\[0\]\.name: "" is not 1 to 32 printable characters/ }).waitFor();
  assert.equal((await state(page)).digest, here.digest);
});

test('a saved file opens again', async (t) => {
  const page = await quietLab(t, { nodes: '2', seed: '8' });
  await mine(page);
  const here = await state(page);
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Save').click()]);
  await mine(page);
  await page.getByLabel('Open file').setInputFiles(await download.path());
  await until(async () => (await state(page)).events === here.events, 'the saved moment');
  assert.equal((await state(page)).digest, here.digest);
});

test('live messages really travel, garbage among them is ignored, and the run is the one a replay gives', async (t) => {
  const page = await openLab(t);
  // The channel's name is the worker's secret; a spy in the worker's loader tells it.
  await page.route('**/worker_loader.js*', async (route) => {
    const response = await route.fetch();
    const spy = 'self.channels = []; self.posts = 0; self.BroadcastChannel = class extends BroadcastChannel {' +
      ' constructor(name) { super(name); self.channels.push(name); } postMessage(data) { self.posts += 1; super.postMessage(data); } };';
    await route.fulfill({ response, body: `${spy}\n${await response.text()}` });
  });
  await page.reload();
  await button(page, 'Pause').waitFor();
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('1000');
  const [worker] = page.workers();
  await until(() => worker.evaluate(() => self.posts > 50), 'messages are posted');
  const name = await worker.evaluate(() => self.channels[0]);
  await page.evaluate((channel) => {
    const intruder = new BroadcastChannel(channel);
    const bytes = (length) => crypto.getRandomValues(new Uint8Array(length));
    for (const post of ['text', 7, null, { a: 1 }, [], new ArrayBuffer(8), bytes(0), bytes(3), bytes(200), bytes(60_000)]) intruder.postMessage(post);
  }, name);
  await page.getByText('10 foreign messages ignored').waitFor();
  await button(page, 'Pause').click();
  const here = await state(page);
  assert.equal(here.invariants.violated, 0);
  const link = (await share(page)).slice('#/lab?run=1.'.length).split('&')[0];
  const capsule = inflateRawSync(Buffer.from(link, 'base64url')).toString();
  const replayed = await page.evaluate((text) => window.tabchain.replay(text), capsule);
  assert.deepEqual(replayed, { digest: here.digest, events: here.events, virtualMs: here.virtualMs });
});

test('scripts find the engine at window.tabchain, with the JSON of the command line', async (t) => {
  const page = await openLab(t);
  const [loopback, live] = await page.evaluate(async () => [
    await window.tabchain.simulate({ nodes: 2, seed: '4', for: 60_000 }),
    await window.tabchain.simulate({ nodes: 2, seed: '4', for: 60_000, live: true }),
  ]);
  const keys = ['digest', 'nodes', 'virtualMs', 'wallMs', 'events', 'deliveries', 'blocks', 'staleBlocks', 'staleRate', 'reorgs', 'transactions', 'channelsOpened', 'channelUpdates', 'payments', 'paymentsFailed', 'channelsClosed', 'penalties', 'slashed', 'checks', 'invariants'];
  assert.deepEqual(Object.keys(loopback), keys);
  assert.deepEqual({ ...live, wallMs: 0 }, { ...loopback, wallMs: 0 });
  const refusals = await page.evaluate(async () => {
    const reason = (promise) => promise.then(() => 'accepted', (error) => `${error.code}: ${error.message}`);
    return [
      await reason(window.tabchain.simulate({ nodes: 0 })),
      await reason(window.tabchain.simulate({ nodez: 3 })),
      await reason(window.tabchain.simulate({ seed: 'x' })),
      await reason(window.tabchain.replay('nonsense')),
      await reason(window.tabchain.replay({ capsule: 1 })),
      await reason(window.tabchain.replay()),
    ];
  });
  for (const [index, expected] of [/nodes: is 0/, /nodez/, /seed: "x"/, /not a capsule/, /missing field/, /not a capsule/].entries()) {
    assert.match(refusals[index], expected);
  }
});

test('everything is reached and worked by keyboard', async (t) => {
  const page = await quietLab(t);
  await page.getByRole('button', { name: /^Bravo, / }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Node Bravo' }).waitFor();
  await button(page, 'Stop Bravo').focus();
  await page.keyboard.press('b');
  await page.getByRole('button', { name: /^Block 1 by/ }).waitFor();
  const { events } = await state(page);
  await page.keyboard.press(',');
  await until(async () => (await state(page)).events === events - 1, 'one event back');
  await page.keyboard.press('.');
  await until(async () => (await state(page)).events === events, 'one event on');
  await page.getByRole('button', { name: /^Block 0 by/ }).focus();
  await page.keyboard.press('Space');
  await page.getByRole('heading', { name: 'Block #0 by' }).waitFor();
  const seen = new Set();
  for (let step = 0; step < 80; step += 1) {
    await page.keyboard.press('Tab');
    seen.add(await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent));
  }
  for (const name of ['Share', 'Cut the link Alpha – Bravo', 'Play', 'Timeline', 'Speed']) assert.ok(seen.has(name) || [...seen].some((text) => text?.startsWith(name)), `${name} is reached by Tab`);
});

test('it looks right and is accessible', async (t) => {
  const widths = [320, 390, 1440];
  const page = await openLab(t, { width: 320, height: 844 });
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('2000');
  await page.getByRole('button', { name: /^Block 4 by/ }).first().waitFor();
  await button(page, 'Pause').click();
  await inEveryLook(page, 'lab', { widths });
  // Whichever is shown: the pause may have come a few blocks late.
  const block = page.getByRole('button', { name: /^Block \d+ by/ }).first();
  const [height] = (await block.getAttribute('aria-label')).match(/\d+/);
  await block.click();
  await page.getByRole('heading', { name: new RegExp(`^Block #${height} by`) }).waitFor();
  await inEveryLook(page, 'block', { widths });
});

test('the page stays responsive while the engine works', async (t) => {
  const page = await openLab(t);
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('1000');
  const tasks = await tasksDuring(page, () => new Promise((resolve) => setTimeout(resolve, 8_000)));
  const longest = Math.max(...tasks);
  t.diagnostic(`longest task of the page's thread in 8 s at 10×: ${longest.toFixed(1)} ms of processor time`);
  assert.ok(longest < 50, `${longest} ms`);
});

async function share(page) {
  await button(page, 'Share').click();
  const link = await page.getByRole('dialog', { name: 'Share this moment' }).getByLabel(/^Link \(/).inputValue();
  await button(page, 'Close').click();
  assert.ok(link.endsWith(await page.evaluate(() => location.hash)), 'the link is in the address bar');
  return page.evaluate(() => location.hash);
}

async function blockNames(page) {
  const names = await page.getByRole('button', { name: /^(Stale b|B)lock \d+ by/ }).all();
  return Promise.all(names.map((block) => block.getAttribute('aria-label')));
}
