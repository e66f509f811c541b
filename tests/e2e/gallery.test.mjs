// Ready-made scenarios, and the present one as JSON: in, out, and what is wrong with it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { button, paused } from './hands.mjs';
import { accessibilityProblems, inEveryLook, lab, picture } from './harness.mjs';

const site = lab(test);

async function editor(page) {
  await page.keyboard.press('e');
  const area = page.getByRole('dialog', { name: 'Edit the scenario' }).getByRole('textbox');
  await page.waitForFunction(() => document.querySelector('#scenario-text')?.value.includes('"version"'));
  return area;
}

test('an example begins and plays', async (t) => {
  const page = await paused(site, t);
  await button(page, 'Examples').click();
  const dialog = page.getByRole('dialog', { name: 'Examples' });
  assert.ok((await dialog.getByRole('listitem').count()) >= 8);
  await dialog.getByRole('button', { name: /^Begin ?: Fork and heal$/ }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByText('A partition, two chains, one of them lost').waitFor();
  await button(page, 'Pause').click();
  await page.getByRole('slider', { name: 'Timeline' }).waitFor();
});

test('two kinds of keys stand side by side', async (t) => {
  const page = await paused(site, t);
  await button(page, 'Examples').click();
  await page.getByRole('dialog', { name: 'Examples' }).getByRole('button', { name: /^Begin ?: Two kinds of keys$/ }).click();
  await page.getByText('Two kinds of keys', { exact: true }).first().waitFor();
  const mined = page.getByRole('button', { name: /^Block \d+ by .*, 3 transactions/ }).first();
  await mined.waitFor();
  await button(page, 'Pause').click();
  await button(page, 'Play').waitFor();
  const details = page.getByRole('complementary', { name: 'Details' });
  const kinds = [
    ['Alice', 'Ed25519: keys of 32 bytes, signatures of 64'],
    ['Bob', 'RSA, 2048 bits: keys of 256 bytes, signatures of 256'],
    ['Carol', 'RSA, 4096 bits: keys of 512 bytes, signatures of 512'],
  ];
  for (const [name, kind] of kinds) {
    await page.getByRole('button', { name: new RegExp(`^${name}, `) }).first().click();
    await page.getByRole('heading', { name: `Node ${name}` }).waitFor();
    await details.getByText(kind, { exact: true }).waitFor();
    await picture(page, `keys-${name}`);
  }
  // A transfer of Carol: its key and signature, and where they lie in its bytes.
  await mined.click();
  await details.getByRole('button', { name: /^Carol → Alice$/ }).click();
  await details.getByText(kinds[2][1], { exact: true }).waitFor();
  await page.getByRole('tab', { name: 'Raw bytes' }).click();
  for (const field of [/from\.scheme$/, /from\.length$/, /^signature\.length$/]) await details.getByRole('button', { name: field }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await picture(page, 'keys-anatomy');
});

test('a scenario is read, changed, found wrong at its line, and begun with', async (t) => {
  const page = await paused(site, t);
  const digest = () => page.evaluate(async () => (await window.tabchain.state()).digest);
  const before = await digest();
  const area = await editor(page);
  const scenario = JSON.parse(await area.inputValue());
  assert.equal(scenario.version, 1);
  const selected = () => area.evaluate((element) => element.value.slice(element.selectionStart, element.selectionEnd));
  const links = scenario.config.links.map((link, index) => (index === 3 ? { ...link, a: 'Nobody' } : link));
  const cases = [
    [JSON.stringify({ ...scenario, config: { ...scenario.config, links } }, null, 2), /^Line \d+: config\.links\[3\]\.a: no node is named "Nobody"/, /"a": "Nobody"/],
    [JSON.stringify({ ...scenario, seed: 7 }, null, 2), /^Line \d+: seed: /, /"seed": 7/],
    [JSON.stringify(scenario, null, 2).replace('"hashRate"', '"hashrate"'), /^Line \d+: config\.nodes\[0\]\.hashrate: unknown field `hashrate`/, /"hashrate"/],
    ['{\n  "version": 1,\n  oops\n}', /^Line 3: /, /oops/],
  ];
  for (const [text, message, line] of cases) {
    await area.fill(text);
    await button(page, 'Begin').last().click();
    await page.getByRole('dialog').getByRole('alert').filter({ hasText: message }).waitFor();
    assert.match(await selected(), line);
    assert.equal(await area.getAttribute('aria-invalid'), 'true');
    assert.equal(await digest(), before, 'nothing has changed');
  }
  await area.fill(JSON.stringify({ ...scenario, name: '<i>Mine</i>', seed: '77' }));
  await button(page, 'Check').click();
  await page.getByRole('status').filter({ hasText: 'This is a good scenario.' }).waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Begin', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await page.getByText('<i>Mine</i>').waitFor();
  assert.equal(JSON.parse(await (await editor(page)).inputValue()).seed, '77');
});

test('examples and editor are accessible', async (t) => {
  const widths = [320, 1440, 2560];
  const page = await paused(site, t, { width: 320, height: 844 });
  await page.keyboard.press('g');
  await page.getByRole('dialog', { name: 'Examples' }).waitFor();
  await inEveryLook(page, 'examples', { widths });
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await editor(page);
  await inEveryLook(page, 'scenario', { widths });
});
