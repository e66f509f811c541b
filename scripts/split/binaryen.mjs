// Binaryen, which scripts/setup installs for wasm-opt.
import { createRequire } from 'node:module';

const { resolve } = createRequire(new URL('../../.tools/npm/', import.meta.url));
const binaryen = await import(resolve('binaryen')).then((module) => module.default);
export { binaryen };

/** All functions of a module; an imported one says from which `module`. */
export function functions(module) {
  return each(module.getNumFunctions(), (index) => binaryen.getFunctionInfo(module.getFunctionByIndex(index)));
}

/** Those that are not imported. */
export const defined = (module) => functions(module).filter((one) => !one.module);

export const each = (count, of) => Array.from({ length: count }, (_, index) => of(index));
