import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { DIST } from './harness.mjs';

const compress = promisify(brotliCompress);
const OPTIONS = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY, [constants.BROTLI_PARAM_LGWIN]: 24 } };

/** Bytes after brotli of the page's wasm and the worker's, what comes first and what may come later, and of all that is loaded. */
export async function sizes() {
  const files = (await readdir(DIST)).filter((name) => !/^(icon|offline|manifest)/.test(name));
  const bytes = async (name) => (await compress(await readFile(join(DIST, name)), OPTIONS)).length;
  const all = await Promise.all(files.map(bytes));
  const of = (pattern) => all[files.findIndex((name) => pattern.test(name))];
  return {
    page: of(/^page-.*_bg\.wasm$/),
    pageLater: of(/^page-.*_later\.wasm$/),
    worker: of(/^worker_bg\.wasm$/),
    workerLater: of(/^worker_later\.wasm$/),
    all: all.reduce((sum, size) => sum + size, 0),
  };
}
