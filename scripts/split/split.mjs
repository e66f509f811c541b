// Cuts a wasm module in two. In the first part, each function that is later has a stub in its place, which sees to it that the later part is there and
// calls the function through the table. The later part shares memory, table and globals with the first, and its functions take
// their places in the table when it is instantiated. Of the first part's functions it imports those it needs.
import { binaryen as b, defined, each, functions } from './binaryen.mjs';
import { withData, withoutText } from './encoding.mjs';

/** What the first part imports to load the later one, and the global that is 1 when it is there. */
const LOADER = 'later';
const LOAD = 'load';
const THERE = 'there';
/** As Binaryen names the only memory of a module that it has read. */
const MEMORY = '0';
/** What the later part imports from. */
const FIRST = 'first';

/**
 * @param {Uint8Array} wasm with the names of its functions
 * @param {(name: string) => boolean} isLater
 * @param {Uint8Array} [text] that is in the data once and that only later functions read
 * @returns {{ first: Uint8Array, later: Uint8Array, renamed: Map<string, string> }} both without names; and the new names of what the first part imports
 */
export function split(wasm, isLater, text = Buffer.alloc(0)) {
  b.setDebugInfo(false);
  const first = b.readBinary(wasm);
  const foreign = new Map(functions(first).flatMap((one) => (one.module ? [[one.name, one]] : [])));
  const { called, table } = putStubs(first, isLater);
  const kept = new Set(functions(first).map(({ name }) => name));
  called.forEach(({ name }) => kept.delete(name));

  const later = b.readBinary(wasm);
  const isForeign = ({ name, module }) => module || kept.has(name);
  for (const need of keepRest(later, isForeign, called, table)) {
    if (need.kind === 'Function' && !kept.has(need.name)) importAgain(first, foreign.get(need.name));
    first[`add${need.kind}Export`](need.name, need.as);
  }
  const renamed = shortenImports(first);
  const [whole, rest] = [emit(first), emit(later)];
  if (text.length === 0) return { first: whole, later: withData(rest, []), renamed };
  const { wasm: lighter, at } = withoutText(whole, text);
  return { first: lighter, later: withData(rest, [{ offset: at, bytes: text }]), renamed };
}

/** @returns the later functions that the first part calls or has in its table, each with its `places` there, and the table as it has to be */
function putStubs(module, isLater) {
  const { places, table } = readTable(module);
  // As imports at first: those that nothing needs are gone then.
  for (const one of defined(module)) if (isLater(one.name)) importInstead(module, one, LOADER, one.name);
  module.runPasses(['remove-unused-module-elements']);
  const called = functions(module).filter((one) => one.module === LOADER);
  for (const one of called) one.places = places.get(one.name) ?? [table.size++];
  // So that what is alike is side by side, and compresses well.
  called.sort((one, other) => one.places[0] - other.places[0]);

  module.addGlobal(THERE, b.i32, true, module.i32.const(0));
  module.addGlobalExport(THERE, THERE);
  module.addFunctionImport(LOAD, LOADER, LOAD, b.none, b.none);
  const absent = module.i32.eqz(module.global.get(THERE, b.i32));
  module.addFunction('ensure', b.none, b.none, [], module.if(absent, module.call(LOAD, [], b.none)));
  for (const { name, params, results, places } of called) {
    const operands = b.expandType(params).map((type, index) => module.local.get(index, type));
    const call = module.call_indirect(table.name, module.i32.const(places[0]), operands, params, results);
    const body = module.block(null, [module.call('ensure', [], b.none), call], results);
    module.removeFunction(name);
    module.addFunction(name, params, results, [], body);
  }
  resize(module, table);
  return { called, table };
}

/** The one table of functions, and the places that each of them has there. */
function readTable(module) {
  const segments = elementSegments(module);
  const names = new Set(segments.map(({ table }) => table));
  if (names.size !== 1) throw new Error(`functions are in ${names.size} tables, not in one`);
  const [name] = names;
  const places = new Map();
  for (const { offset, data } of segments) {
    const { value: begin } = b.getExpressionInfo(offset);
    data.forEach((one, nth) => places.set(one, [...(places.get(one) ?? []), begin + nth]));
  }
  return { places, table: { name, size: b.getTableInfo(module.getTable(name)).initial } };
}

/** Makes of the whole module its later part, and says what that imports: the kind, its name, and its name as an export of the first part. */
function keepRest(module, isForeign, called, table) {
  for (const one of functions(module)) if (isForeign(one)) importInstead(module, one, FIRST, one.name);
  each(module.getNumExports(), (index) => b.getExportInfo(module.getExportByIndex(index)).name).forEach((name) => module.removeExport(name));
  elementSegments(module).forEach(({ name }) => module.removeElementSegment(name));
  resize(module, table);
  takePlaces(module, called, table);
  const tables = each(module.getNumTables(), (index) => b.getTableInfo(module.getTableByIndex(index)));
  const globals = each(module.getNumGlobals(), (index) => b.getGlobalInfo(module.getGlobalByIndex(index)));
  const link = {
    Function: (one, as) => importInstead(module, one, FIRST, as),
    Table: ({ name }, as) => module.addTableImport(name, FIRST, as),
    Global({ name, type, mutable }, as) {
      module.removeGlobal(name);
      module.addGlobalImport(name, FIRST, as, type, mutable);
    },
    Memory: ({ name }, as) => module.addMemoryImport(name, FIRST, as),
  };
  tables.forEach((one) => link.Table(one, one.name));
  globals.forEach((one) => link.Global(one, one.name));
  module.runPasses(['remove-unused-module-elements']);
  const needs = [
    ...functions(module).flatMap((one) => (one.module ? [{ kind: 'Function', ...one }] : [])),
    ...tables.flatMap((one) => (module.getTable(one.name) ? [{ kind: 'Table', ...one }] : [])),
    ...globals.flatMap((one) => (module.getGlobal(one.name) ? [{ kind: 'Global', ...one }] : [])),
    { kind: 'Memory', name: MEMORY },
  ].map((need, index) => ({ ...need, as: index.toString(36) }));
  needs.forEach((need) => link[need.kind](need, need.as));
  return needs;
}

/** Places that follow each other are taken by one segment. */
function takePlaces(module, called, table) {
  const taken = called.flatMap(({ name, places }) => places.map((place) => ({ name, place }))).sort((one, other) => one.place - other.place);
  for (let begin = 0, end; begin < taken.length; begin = end) {
    for (end = begin + 1; taken[end]?.place === taken[end - 1].place + 1; ) end += 1;
    const names = taken.slice(begin, end).map(({ name }) => name);
    module.addActiveElementSegment(table.name, `places ${begin}`, names, module.i32.const(taken[begin].place));
  }
}

/** The names that wasm-bindgen gave are a hundredth of all. */
function shortenImports(module) {
  const imported = functions(module).filter((one) => one.module && one.module !== LOADER);
  return new Map(
    imported.map((one, index) => {
      const as = `$${index.toString(36)}`;
      importInstead(module, one, one.module, as);
      return [one.base, as];
    }),
  );
}

function importInstead(module, { name, params, results }, from, as) {
  module.removeFunction(name);
  module.addFunctionImport(name, from, as, params, results);
}

/** What only the later part needs is handed on to it. */
const importAgain = (target, { name, module, base, params, results }) => target.addFunctionImport(name, module, base, params, results);

const elementSegments = (module) => each(module.getNumElementSegments(), (index) => b.getElementSegmentInfo(module.getElementSegmentByIndex(index)));

function resize(module, { name, size }) {
  module.removeTable(name);
  module.addTable(name, size, size);
}

function emit(module) {
  module.runPasses(['remove-unused-module-elements', 'strip-producers', 'strip-target-features']);
  const binary = module.emitBinary();
  module.dispose();
  return binary;
}
