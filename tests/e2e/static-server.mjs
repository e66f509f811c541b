// Serves a folder as any static host would: on a free port of 127.0.0.1, below `base`, and nothing outside the folder.
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, sep } from 'node:path';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/**
 * @param {string} folder the folder to serve
 * @param {{ base?: string }} [options] the path it is served below, with a slash at both ends
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serve(folder, { base = '/' } = {}) {
  const root = await realpath(folder);
  const server = createServer(async (request, response) => {
    const file = await locate(root, base, request);
    if (typeof file === 'number') {
      response.writeHead(file).end();
      return;
    }
    response.writeHead(200, {
      'content-type': TYPES[extname(file.path)] ?? 'application/octet-stream',
      'content-length': file.size,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    if (request.method === 'HEAD') response.end();
    else createReadStream(file.path).on('error', () => response.destroy()).pipe(response);
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}${base}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The file that a request asks for, or the HTTP status to refuse it with. */
async function locate(root, base, request) {
  if (request.method !== 'GET' && request.method !== 'HEAD') return 405;
  let path;
  try {
    // Not `new URL`, which would fold `..` away and hide an attempt to leave the folder.
    path = decodeURIComponent(request.url.split('?', 1)[0]);
  } catch {
    return 400;
  }
  if (path.includes('\0')) return 400;
  if (!path.startsWith(base)) return 404;
  try {
    let file = await realpath(join(root, path.slice(base.length)));
    if (file === root) file = await realpath(join(root, 'index.html'));
    if (!file.startsWith(root + sep)) return 404;
    const { size, isFile } = await stat(file).then((s) => ({ size: s.size, isFile: s.isFile() }));
    return isFile ? { path: file, size } : 404;
  } catch {
    return 404;
  }
}
