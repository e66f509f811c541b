// A page that a native node serves: the tab joins the node's network, mines and trades in it, and waits for a node that is away.
import assert from 'node:assert/strict';
import test from 'node:test';
import { button, until } from './hands.mjs';
import { accessibilityProblems, lab, picture } from './harness.mjs';
import { natives } from './natives.mjs';

const site = lab(test);

const here = (page) => page.getByRole('list', { name: 'Who is here' });
const inspector = (page) => page.getByRole('complementary', { name: 'Details' });

async function joined(page) {
  await page.locator('#who-is-here').getByText('joined', { exact: true }).waitFor({ timeout: 30_000 });
}

/** What the inspector shows of a node of this tab. */
async function fact(page, node, word) {
  await page.getByRole('button', { name: new RegExp(`^${node}, `) }).click();
  await page.getByRole('heading', { name: `Node ${node}` }).waitFor();
  return inspector(page).getByRole('term').filter({ hasText: word }).locator('xpath=following-sibling::dd[1]').innerText();
}

test('a tab joins a native node: its blocks are accepted, and money goes both ways', async (t) => {
  const { first, second, own } = await natives(t);
  const page = await site.open(t, { url: first.url });
  await joined(page);
  const short = own.slice(0, 12);
  await here(page).getByText(short, { exact: false }).waitFor();
  const account = (await second.get('/api/node/status')).address.slice(0, 12);
  await page.getByRole('img', { name: new RegExp(`^${account} of tab A`) }).waitFor();

  await until(async () => (await second.get('/api/blockchain/height')).height >= 3, 'the other node follows blocks', 120_000);
  const miner = (await fact(page, 'Alpha B', 'Address')).replace(/\s/g, '');
  const { chain } = await second.get('/api/blockchain?from=1');
  assert.ok(chain.length >= 3 && chain.every((block) => block.coinbase.to === miner), 'the tab has found them');

  const payee = (await fact(page, 'Bravo B', 'Address')).replace(/\s/g, '');
  await first.post('/api/transactions', { sender: own, receiver: payee, amount: 70_000 });
  await until(async () => (await fact(page, 'Bravo B', 'Balance')) === '70,000', 'the node has paid the tab', 60_000);
  const before = (await second.get(`/api/balance/${own}`)).balance;
  const form = inspector(page).getByRole('form');
  await form.getByRole('combobox', { name: 'To' }).selectOption(short);
  await form.getByLabel('Amount').fill('5000');
  await button(form, 'Send').click();
  const paid = async () => (await second.get(`/api/balance/${own}`)).balance === before + 5_000;
  await until(paid, 'the tab has paid the node', 60_000);
  assert.deepEqual(await accessibilityProblems(page), []);
  await picture(page, 'native-light-1440');

  // Whoever pauses looks at a copy; coming back shows the present.
  await button(page, 'Pause').click();
  await page.getByText('Detached: what you see is a private copy').waitFor();
  await button(page, 'Rejoin').click();
  await joined(page);
  await until(async () => {
    const words = await here(page).getByRole('listitem').first().innerText();
    return Number(words.match(/#(\d+)/)?.[1]) >= 3;
  }, 'the tab knows the chain again', 60_000);
});

test('a node that is away is waited for, and a small dark screen shows it', async (t) => {
  const { first } = await natives(t);
  const page = await site.open(t, { url: first.url, width: 390, height: 844, colorScheme: 'dark' });
  await joined(page);
  await first.kill();
  await page.locator('#who-is-here').getByText('the node does not answer').waitFor({ timeout: 30_000 });
  assert.ok(page.problems.length > 0, 'the browser has told of what failed');
  first.start();
  await first.answers();
  await joined(page);
  await until(async () => (await first.get('/api/p2p/peers')).some(({ account }) => account === null), 'the tab is a peer again', 60_000);
  page.problems.length = 0;
  assert.deepEqual(await accessibilityProblems(page), []);
  await picture(page, 'native-dark-390');
});
