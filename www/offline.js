// The service worker: keeps one whole build of the page, for when there is no network. scripts/trunk-post-build fills in which.
// A page always comes from the network if that answers, so that nobody stays on an old version; every other address
// carries the build it belongs to, as a hash or in its query, so that no page ever mixes two.
const VERSION = '';
const FILES = [];

const CACHE = `tabchain ${self.registration.scope} `;
/** Milliseconds to wait for a network that is there but does not answer. */
const PATIENCE = 4_000;

self.addEventListener('install', (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener('activate', (event) => event.waitUntil(forgetOthers().then(() => self.clients.claim())));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(self.registration.scope)) return;
  if (request.mode === 'navigate') {
    const path = new URL(request.url).pathname;
    const home = new URL(self.registration.scope).pathname;
    if (path === home || path === `${home}index.html`) event.respondWith(page(request));
  } else {
    event.respondWith(kept(request).then((response) => response ?? fetch(request)));
  }
});

/** All files of this build, or none: while a host is being updated, its page may be of another build than this file. */
async function keep() {
  const cache = await caches.open(CACHE + VERSION);
  try {
    await cache.addAll(['./', ...FILES].map((file) => new Request(file, { cache: 'no-cache' })));
    const page = await (await cache.match('./')).text();
    if (!page.includes(`?v=${VERSION}`)) throw new Error('the page is of another build');
  } catch (error) {
    await caches.delete(CACHE + VERSION);
    throw error;
  }
}

async function forgetOthers() {
  const old = (await caches.keys()).filter((name) => name.startsWith(CACHE) && name !== CACHE + VERSION);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function kept(request) {
  const cache = await caches.open(CACHE + VERSION);
  return cache.match(request, { ignoreVary: true });
}

async function page(request) {
  const inTime = AbortSignal.timeout(PATIENCE);
  const network = await fetch(request, { signal: inTime }).catch(() => undefined);
  if (network?.ok) return network;
  return (await kept(self.registration.scope)) ?? network ?? fetch(request);
}
