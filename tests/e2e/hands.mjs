// What people do on the page and read off it, by roles and names.
import assert from 'node:assert/strict';

export function button(page, name) {
  return page.getByRole('button', { name, exact: true });
}

/** Waits until `condition()` holds, or fails with `what` it waited for. */
export async function until(condition, what, timeout = 60_000) {
  const end = Date.now() + timeout;
  while (Date.now() < end) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`gave up waiting: ${what}`);
}

/** What the engine says of the run: digest, events, blocks … */
export async function state(page) {
  return page.evaluate(() => window.tabchain.state());
}

/** The line at the top of a view. */
export async function summary(page, name) {
  return page.getByRole('heading', { level: 2, name: new RegExp(`^${name}`) }).innerText();
}

export async function mined(page) {
  return Number((await summary(page, 'Chain')).match(/([\d,]+) mined/)[1].replaceAll(',', ''));
}

/** Steps to the next block. */
export async function mine(page) {
  const before = await mined(page);
  await button(page, 'On to the next block').click();
  await until(async () => (await mined(page)) > before, 'a block is mined');
}

/** Opens the page and stops its clock. */
export async function paused(site, t, options) {
  const page = await site.open(t, options);
  await button(page, 'Pause').click();
  await button(page, 'Play').waitFor();
  return page;
}
