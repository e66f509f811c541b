// What a visitor downloads: no more than this, compressed as hosts compress.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sizes } from './sizes.mjs';

/** Bytes. The goal is 300,000 and 400,000 (ARCHITECTURE.md says what stands in the way): lower these as it comes nearer. */
const LIMITS = { page: 500_000, worker: 700_000 };

test('page and worker stay within their sizes', async () => {
  const measured = await sizes();
  for (const [name, limit] of Object.entries(LIMITS)) {
    assert.ok(measured[name] > 0 && measured[name] <= limit, `${name}: ${measured[name]} bytes, at most ${limit}`);
  }
});
