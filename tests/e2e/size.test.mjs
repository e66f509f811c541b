// What a visitor downloads: no more than this, compressed as hosts compress.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sizes } from './sizes.mjs';

/** Bytes of each first part, and of both parts together. A first part that has grown may hold what is not needed first: `make later` records that anew. */
const LIMITS = {
  page: { first: 300_000, whole: 545_000 },
  worker: { first: 400_000, whole: 735_000 },
};

test('page and worker stay within their sizes', async () => {
  const measured = await sizes();
  for (const [name, limits] of Object.entries(LIMITS)) {
    const [first, later] = [measured[name], measured[`${name}Later`]];
    assert.ok(first > 0 && first <= limits.first, `${name}: ${first} bytes come first, at most ${limits.first}`);
    assert.ok(later > 0 && first + later <= limits.whole, `${name}: ${first + later} bytes, at most ${limits.whole}`);
  }
});
