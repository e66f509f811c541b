// A page that breaks says so, wherever one was, and gives the run away.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { button } from './hands.mjs';
import { accessibilityProblems, lab, picture } from './harness.mjs';

const site = lab(test);

test('a panic shows a page from which the run is downloaded, also while a view is presented', async (t) => {
  const page = await site.open(t);
  await button(page, 'Pause').click();
  await button(page, 'On to the next block').click();
  await page.getByRole('button', { name: /^Block 1 by/ }).waitFor();
  await button(page, 'Cut the link Alpha – Bravo').click();
  await page.getByRole('list', { name: 'Saved in this browser' }).getByRole('listitem').waitFor({ state: 'attached' });
  await button(page, 'Present: Network').click();
  await page.locator('.presented').waitFor();
  // The browser refuses to copy an element, once, which none does: what is built of it panics.
  await page.evaluate(() => {
    const { cloneNode } = Node.prototype;
    Node.prototype.cloneNode = () => {
      Node.prototype.cloneNode = cloneNode;
      throw new Error('refused by the test');
    };
  });
  await page.keyboard.press('Shift+ArrowRight');
  await page.getByRole('alert').getByRole('heading', { name: 'Something in Tabchain broke' }).waitFor();
  assert.match(await page.getByRole('alert').innerText(), /panicked at .*refused by the test/s);
  assert.deepEqual(await accessibilityProblems(page), []);
  await picture(page, 'broken');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download this run' }).click()]);
  const capsule = JSON.parse(await readFile(await download.path(), 'utf8'));
  assert.ok(capsule.scenario && capsule.digest, 'it is a capsule');
  assert.ok(page.problems.splice(0).some((problem) => problem.includes('refused by the test')), 'the console says it, too');
  await page.getByRole('link', { name: 'Begin again' }).click();
  await button(page, 'Pause').or(button(page, 'Play')).waitFor();
});
