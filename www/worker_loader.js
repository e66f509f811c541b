// Starts the worker's wasm. The query of this file's own address (its version) is passed on to the files it loads.
const version = new URL(import.meta.url).search;

// The page may speak before the wasm is there to listen: such messages wait.
const early = [];
const wait = (event) => early.push(event);
self.addEventListener('message', wait);
try {
  const { default: init, later } = await import(`./worker.js${version}`);
  await init({ module_or_path: new URL(`./worker_bg.wasm${version}`, import.meta.url) });
  // As in start.js.
  later?.().catch(() => {});
} catch (error) {
  // A rejected module would be silent: only a thrown error reaches the page's `worker.onerror`.
  setTimeout(() => {
    throw error;
  });
}
self.removeEventListener('message', wait);
for (const { data, ports } of early) self.dispatchEvent(new MessageEvent('message', { data, ports: [...ports] }));
