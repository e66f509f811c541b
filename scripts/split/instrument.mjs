// Makes of a wasm module one that says which of its functions run.
import { binaryen as b, defined } from './binaryen.mjs';
import { fingerprint } from './names.mjs';

/** @returns {{ wasm: Uint8Array, functions: number[] }} in which each function begins by calling `later.ran` with its fingerprint, and all of those */
export function instrument(bytes) {
  const module = b.readBinary(bytes);
  module.addFunctionImport('ran', 'later', 'ran', b.i32, b.none);
  const functions = new Set();
  for (const { name, body, results } of defined(module)) {
    const print = fingerprint(name);
    const ran = module.call('ran', [module.i32.const(print)], b.none);
    b.Function.setBody(module.getFunction(name), module.block(null, [ran, body], results));
    functions.add(print);
  }
  const wasm = module.emitBinary();
  module.dispose();
  return { wasm, functions: [...functions] };
}
