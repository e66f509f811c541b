
// Appended by scripts/split to the glue of a wasm file that is shipped in two parts (docs/adr/028-first-and-later-wasm.md). `wasm` are the
// exports of the first part; what is imported by the name `load` is called when a function of the later part is wanted before that is there.
const LATER = import.meta.url.replace(/\.js(?=$|\?)/, '_later.wasm');

/** Fetches the later part while nobody waits for it. If that fails, `load` tries again and says so. */
export async function later() {
  const response = await fetch(LATER, { priority: 'low' });
  if (response.ok) link(await WebAssembly.compile(await response.arrayBuffer()));
}

function load() {
  const request = new XMLHttpRequest();
  request.open('GET', LATER, false);
  // Whoever waits on the page's thread is given nothing but text.
  request.overrideMimeType('text/plain; charset=x-user-defined');
  request.send();
  if (request.status !== 200) throw new Error(`${LATER} could not be loaded (${request.status})`);
  link(new WebAssembly.Module(Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0))));
}

/** The later part takes its places in the table of the first, once: the other way may have been faster. */
function link(module) {
  if (wasm.there.value) return;
  new WebAssembly.Instance(module, { first: wasm });
  wasm.there.value = 1;
}
