// Starts the page's wasm. Its file names, which change with every build, are attributes of this script's own element.
const { js, wasm } = document.querySelector('script[data-wasm]').dataset;
try {
  const { default: init } = await import(new URL(js, document.baseURI));
  await init({ module_or_path: new URL(wasm, document.baseURI) });
} catch (error) {
  const sorry = document.createElement('p');
  sorry.setAttribute('role', 'alert');
  sorry.textContent = `Tabchain could not start. It needs a browser with WebAssembly SIMD, as all are since 2023. (${error})`;
  document.body.prepend(sorry);
  throw error;
}
