// What a browser needs to install the page as an app.
import assert from 'node:assert/strict';
import test from 'node:test';
import { lab } from './harness.mjs';

const site = lab(test, { base: '/some/folder/' });

test('the page can be installed, with icons of the sizes that it says', async (t) => {
  const page = await site.open(t);
  const session = await page.context().newCDPSession(page);
  const { url, errors, data } = await session.send('Page.getAppManifest');
  assert.deepEqual([new URL(url).pathname, errors], ['/some/folder/manifest.webmanifest', []]);
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  // Playwright's contexts are private windows, in which nothing can be installed.
  assert.deepEqual(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito'), []);
  const { start_url: start, scope, icons } = JSON.parse(data);
  assert.deepEqual([start, scope], ['./', './']);
  for (const { src, sizes } of icons) {
    const size = await page.evaluate(async (address) => {
      const icon = new Image();
      icon.src = address;
      await icon.decode();
      return `${icon.naturalWidth}x${icon.naturalHeight}`;
    }, new URL(src, url).href);
    if (sizes !== 'any') assert.equal(size, sizes, src);
  }
});
