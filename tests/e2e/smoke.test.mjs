import assert from 'node:assert/strict';
import { request } from 'node:http';
import test from 'node:test';
import { accessibilityProblems, lab, picture, tasksDuring } from './harness.mjs';

const BASE = '/some/folder/';
const site = lab(test, { base: BASE });

for (const colorScheme of ['light', 'dark']) {
  for (const width of [390, 1440]) {
    test(`the page opens (${colorScheme}, ${width} px)`, async (t) => {
      const page = await site.open(t, { colorScheme, width });
      await page.getByRole('heading', { level: 1, name: 'Tabchain' }).waitFor();
      await picture(page, `smoke-${colorScheme}-${width}`);
      assert.deepEqual(await accessibilityProblems(page), []);
    });
  }
}

test('the worker starts, also from a sub-folder', async (t) => {
  const page = await site.open(t);
  if (page.workers().length === 0) await page.waitForEvent('worker', { timeout: 10_000 });
  const [worker] = page.workers();
  assert.match(worker.url(), /\/some\/folder\/worker_loader\.js(\?v=\d+)?$/);
});

test('an inline script is refused, and the harness hears of it', async (t) => {
  const page = await site.open(t);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.injected = true';
    document.body.append(script);
  });
  assert.equal(await page.evaluate(() => globalThis.injected), undefined);
  assert.equal(page.problems.length, 1);
  assert.match(page.problems.pop(), /Content Security Policy/);
});

test('a long task is measured', async (t) => {
  const page = await site.open(t);
  // Of this second a busy machine leaves it a part.
  const tasks = await tasksDuring(page, () =>
    page.evaluate(() => {
      for (const end = performance.now() + 1_000; performance.now() < end; );
    }),
  );
  assert.ok(tasks.some((spent) => spent >= 200), `${tasks}`);
});

test('the server keeps to its folder', async () => {
  for (const path of ['../Cargo.toml', '%2e%2e/Cargo.toml', '..%2fCargo.toml', '/etc/passwd', 'nothing.js', '%00', '%']) {
    const status = await rawStatus(site.url, BASE + path);
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
  }
});

/** `fetch` would fold `..` away before it asks. */
function rawStatus(url, path) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
}
