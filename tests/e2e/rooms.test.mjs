// Two tabs of one browser in one room: one network, one clock, and each goes on without the other.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { button, until } from './hands.mjs';
import { OUT, accessibilityProblems, inEveryLook, lab, picture } from './harness.mjs';

const site = lab(test);

function here(page) {
  return page.getByRole('list', { name: 'Who is here' });
}

/** The host by the button in its header, and a guest by the host's link. */
async function room(t, options = {}) {
  const host = await site.open(t, options);
  await button(host, 'Pause').waitFor();
  await button(host, 'Open a room').click();
  await here(host).getByText('this tab · host').waitFor();
  const path = await host.evaluate(() => location.hash);
  assert.match(path, /^#\/lab\?room=[a-z]+-[a-z]+-\d{3}$/);
  const guest = await site.beside(t, host, { path });
  await here(guest).getByText('this tab', { exact: false }).waitFor();
  await here(host).getByText('Alpha B').waitFor();
  await here(guest).getByText('Alpha, Bravo', { exact: false }).waitFor();
  return { host, guest, path };
}

/** The height that a tab's own nodes follow, as it tells itself. */
async function height(page) {
  const words = await here(page).getByRole('listitem').first().innerText();
  return Number(words.match(/#(\d+)/)?.[1] ?? 0);
}

async function clock(page) {
  const words = await page.getByTestId('clock').innerText();
  const [, minutes = 0, seconds] = words.match(/(?:(\d+) min )?([\d.]+) s/);
  return 60 * Number(minutes) + Number(seconds);
}

const foundBy = (page, name) => page.getByRole('button', { name: new RegExp(`^(Stale b|B)lock \\d+ by ${name}`) });

test('two tabs mine on one chain; one closes, and the other goes on and says so', async (t) => {
  const { host, guest } = await room(t);
  await host.getByRole('combobox', { name: 'Speed' }).selectOption('2000');
  await until(async () => (await height(host)) > 5 && (await height(guest)) > 5, 'both follow the chain');
  await until(async () => Math.abs((await height(host)) - (await height(guest))) <= 1, 'they follow the same one');
  await until(async () => Math.abs((await clock(host)) - (await clock(guest))) < 40, 'by one clock');
  await foundBy(host, '(Alpha|Bravo) B,').first().waitFor({ timeout: 60_000 });
  await foundBy(guest, '(Alpha|Bravo|Delta|Echo|Golf),').first().waitFor({ timeout: 60_000 });
  await guest.getByRole('img', { name: /^Alpha of tab A, .*follows block/ }).waitFor();
  await host.getByRole('img', { name: /^Alpha B of tab B, .*follows block/ }).waitFor();
  await picture(host, 'room-host');
  await picture(guest, 'room-guest');

  const [download] = await Promise.all([guest.waitForEvent('download'), button(guest, 'Save').click()]);
  const file = join(OUT, 'room-capsule.json');
  await download.saveAs(file);
  const capsule = await readFile(file, 'utf8');
  const { digest } = await guest.evaluate((text) => window.tabchain.replay(text), capsule);
  assert.equal(digest, JSON.parse(capsule).digest, 'a tab’s run replays alone');

  const before = await height(guest);
  await host.close({ runBeforeUnload: false });
  await here(guest).getByText('this tab · host').waitFor({ timeout: 10_000 });
  assert.equal(await here(guest).getByRole('listitem').count(), 1);
  await until(async () => (await height(guest)) > before + 2, 'the chain goes on');
});

test('a guest asks for a pause, and pays are possible from tab to tab', async (t) => {
  const { host, guest } = await room(t);
  await button(guest, 'Pause').click();
  await button(host, 'Play').waitFor();
  await button(guest, 'Play').click();
  await button(host, 'Pause').waitFor();
  await host.getByRole('button', { name: /^Alpha, / }).click();
  const form = host.getByRole('form', { name: 'Send a transfer' });
  await form.getByLabel('To').selectOption('Alpha B');
  await form.getByLabel('Amount').fill('1234');
  await form.getByRole('button', { name: 'Send' }).click();
  await form.getByText('1,234 to Alpha B sent').waitFor();
});

test('garbage on the room’s channel changes nothing but the counter', async (t) => {
  const { host, guest, path } = await room(t);
  await button(host, 'Pause').click();
  await button(guest, 'Play').waitFor();
  // Until both stand where the clock stands.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const state = (page) => page.evaluate(() => window.tabchain.state()).then(({ digest, events }) => ({ digest, events }));
  const before = [await state(host), await state(guest)];
  await host.evaluate((name) => {
    const channel = new BroadcastChannel(`tabchain-room-${name}`);
    const junk = ['hello', null, 7, { toString: 1 }, new Uint8Array(0), new Uint8Array(100).fill(2), new Uint8Array(1_000_000), new ArrayBuffer(8), '<img src=x onerror=alert(1)>'];
    for (const value of junk) channel.postMessage(value);
    channel.close();
  }, path.split('room=')[1]);
  for (const page of [host, guest]) await page.getByText('9 foreign messages dropped').waitFor();
  assert.deepEqual([await state(host), await state(guest)], before);
  assert.equal(await here(host).getByRole('listitem').count(), 2);
});

test('rewinding detaches, and rejoining comes back with the same nodes', async (t) => {
  const { host, guest } = await room(t);
  await until(async () => (await height(guest)) > 0, 'a block');
  await guest.getByRole('button', { name: 'One event back' }).click();
  const notice = guest.getByRole('status').filter({ hasText: 'Detached' });
  await notice.waitFor();
  await picture(guest, 'room-detached');
  assert.deepEqual(await accessibilityProblems(guest), []);
  await until(async () => (await here(host).getByRole('listitem').count()) === 1, 'the room goes on without it');
  await notice.getByRole('button', { name: 'Rejoin' }).click();
  await here(guest).getByText('this tab', { exact: false }).waitFor();
  await until(async () => (await here(host).getByRole('listitem').count()) === 2, 'it is back');
  await here(host).getByText('Alpha B').waitFor();
  await until(async () => (await height(host)) === (await height(guest)) && (await height(guest)) > 1, 'on the same chain');
  await button(guest, 'Leave the room').click();
  await until(async () => (await guest.evaluate(() => location.hash)) === '#/lab', 'the address is the lab’s again');
});

test('a name that is none is refused', async (t) => {
  const page = await site.open(t, { path: '#/lab?room=No%20Room' });
  await page.getByRole('alert').filter({ hasText: 'a room’s name' }).or(page.getByRole('alert').filter({ hasText: "a room's name" })).waitFor();
  assert.equal(await here(page).count(), 0);
});

test('a room looks right and is accessible', async (t) => {
  const page = await site.open(t, { width: 390, height: 844 });
  await button(page, 'Pause').waitFor();
  await button(page, 'Open a room').click();
  await here(page).getByText('this tab · host').waitFor();
  const path = await page.evaluate(() => location.hash);
  for (const letter of ['B', 'C']) {
    await site.beside(t, page, { path });
    await here(page).getByText(`Alpha ${letter}`).waitFor();
  }
  await until(async () => (await height(page)) > 2, 'a few blocks');
  await inEveryLook(page, 'room');
});
