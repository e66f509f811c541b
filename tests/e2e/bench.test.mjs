// The bench as a person and as a script use it. Never how fast: machines differ.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { button } from './hands.mjs';
import { inEveryLook, lab } from './harness.mjs';

const site = lab(test);
const ROWS = ['chain.transactions', 'channel.update', 'payment.direct', 'payment.hops3', 'route.find', 'block.verify', 'verify.ed25519', 'verify.rsa2048', 'verify.rsa4096', 'sign.ed25519', 'sign.rsa2048', 'sign.rsa4096', 'pow.hash', 'sim.deliveries'];
/** Rows that are their own bound, or have none. */
const ALONE = /^(sim|sign)\.|rsa/;
/** Some twenty seconds of measuring, on a machine that others use too. */
const LONG = { timeout: 120_000 };

function link(page, name) {
  return page.getByRole('link', { name, exact: true });
}

test('rates are measured, shown as a table and as a picture', async (t) => {
  const page = await site.open(t, { path: '#/bench', width: 390, height: 844 });
  await page.getByRole('heading', { level: 2, name: 'Bench' }).waitFor();
  await inEveryLook(page, 'bench-before');
  await button(page, 'Measure').click();
  await page.getByRole('progressbar', { name: 'Measured so far' }).waitFor();
  await page.getByRole('table').waitFor(LONG);
  for (const name of ROWS) {
    const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: new RegExp(`^${name}`) }) });
    const [rate, bound, ratio] = await row.getByRole('cell').allInnerTexts();
    assert.match(rate, /^[1-9][\d,]*\s+(transactions|updates|hops|routes|hashes|messages|verifications|signatures)\/s$/, name);
    if (ALONE.test(name)) assert.deepEqual([bound, ratio], ['', '']);
    else assert.match(`${bound} ${ratio}`, /^[1-9][\d,]* \d+ %$/, name);
  }
  const drawn = await page.getByRole('img', { name: /^Rates on a logarithmic scale/ }).getAttribute('aria-label');
  for (const name of [...ROWS, 'pow.bound']) assert.ok(drawn.includes(`${name} `), drawn);
  assert.doesNotMatch(await page.getByRole('main').innerText(), /∞|NaN|Infinity/);
  await inEveryLook(page, 'bench');
  const [file] = await Promise.all([page.waitForEvent('download'), button(page, 'Save as CSV').click()]);
  const lines = (await readFile(await file.path(), 'utf8')).trim().split('\r\n');
  assert.equal(file.suggestedFilename(), 'tabchain-bench.csv');
  for (const name of ROWS) assert.ok(lines.some((line) => line.startsWith(`"${name}","`) && /","[1-9]\d*","/.test(line)), `${name} in ${lines.join('\n')}`);
});

test('one walks between bench and lab, and the lab keeps its run', async (t) => {
  const page = await site.open(t);
  await button(page, 'Pause').click();
  await page.getByLabel('Seed', { exact: true }).fill('41');
  await button(page, 'Begin').click();
  await page.getByText('Seed 41', { exact: true }).waitFor();
  await button(page, 'Share').click();
  await button(page, 'Close').click();
  const [shared, digest] = [await page.evaluate(() => location.hash), async () => (await page.evaluate(() => window.tabchain.state())).digest];
  await button(page, 'One event on').click();
  await page.getByText(/· 1 event$/).waitFor();
  const here = await digest();

  await link(page, 'Bench').click();
  await page.getByRole('heading', { level: 2, name: 'Bench' }).waitFor();
  assert.equal(await page.title(), 'Bench – Tabchain');
  await page.keyboard.press('.');
  await link(page, 'Lab').click();
  await page.getByText('Seed 41', { exact: true }).waitFor();
  assert.match(shared, /^#\/lab\?run=1\./);
  assert.deepEqual([await page.evaluate(() => location.hash), await digest()], [shared, here]);
  await page.goBack();
  await page.getByRole('heading', { level: 2, name: 'Bench' }).waitFor();
  await page.goBack();
  await button(page, 'Play').waitFor();
  assert.deepEqual([await page.title(), await digest()], ['Tabchain', here]);
  await page.goForward();
  await page.getByRole('heading', { level: 2, name: 'Bench' }).waitFor();
  await page.evaluate((hash) => { location.hash = hash.replace('run=1.', 'run=1.%'); }, shared);
  await page.getByRole('alert').filter({ hasText: 'the link is incomplete or damaged' }).waitFor();
  assert.equal(await digest(), here);
});

test('whoever begins at the bench finds the lab playing', async (t) => {
  const page = await site.open(t, { path: '#/bench' });
  await link(page, 'Lab').click();
  await button(page, 'Pause').waitFor();
});

test('scripts find the bench at window.tabchain, with the rows of the command line', async (t) => {
  const page = await site.open(t);
  await button(page, 'Pause').waitFor();
  const rows = await page.evaluate(() => window.tabchain.bench({ only: 'pow' }));
  assert.deepEqual(rows.map(({ name }) => name), ['pow.hash', 'pow.bound']);
  for (const row of rows) {
    assert.deepEqual(Object.keys(row), ['name', 'value', 'unit', 'samples', 'seconds']);
    assert.ok(row.value > 0 && row.seconds >= 1 && row.samples > 1 && row.unit === 'hashes/s', JSON.stringify(row));
  }
  const refusals = await page.evaluate(async () => {
    const reason = (promise) => promise.then(() => 'accepted', (error) => `${error.code}: ${error.message}`);
    return [await reason(window.tabchain.bench({ only: 'speed' })), await reason(window.tabchain.bench({ onyl: 'pow' }))];
  });
  assert.match(refusals[0], /^bench: there is no row "speed"; there are chain\.transactions, /);
  assert.match(refusals[1], /^options: .*onyl/);
});
