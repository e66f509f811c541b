// Starts the page's wasm, whose file names, which change with every build, are attributes of this script's own element; and keeps all for
// when there is no network.
const { js, wasm } = document.querySelector('script[data-wasm]').dataset;
try {
  const { default: init, later } = await import(new URL(js, document.baseURI));
  await init({ module_or_path: new URL(wasm, document.baseURI) });
  // Builds for development are in one part. Whoever needs what could not be fetched will try again, and complain.
  later?.().catch(() => {});
} catch (error) {
  const sorry = document.createElement('p');
  sorry.setAttribute('role', 'alert');
  sorry.textContent = `Tabchain could not start. It needs a browser with WebAssembly SIMD, as all are since 2023. (${error})`;
  document.body.prepend(sorry);
  throw error;
}
// Whoever forbids it, or is in a private window, has the page all the same.
navigator.serviceWorker?.register(new URL('offline.js', document.baseURI), { updateViaCache: 'none' }).catch(() => {});
