// Run by scripts/trunk-post-build in the folder of a finished release build: cuts each wasm file in two, and gives the glue that wasm-bindgen made
// what loads the later part. With TABCHAIN_RECORD the files only learn to say which of their functions run (see record.mjs).
import { createHash } from 'node:crypto';
import { readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { instrument } from './instrument.mjs';
import { laterFunctions } from './names.mjs';
import { split } from './split.mjs';

const source = (name) => readFile(new URL(`../../www/${name}`, import.meta.url));
/** The page's later words are a text that this function alone reads, so it is later whatever the list says. */
const readsWords = (name) => /::strings::later_words$/.test(name.replaceAll(/\[[0-9a-f]+\]/g, ''));

const files = await readdir('.');
for (const binary of ['page', 'worker']) {
  const name = files.find((file) => new RegExp(`^${binary}(-[0-9a-f]+)?_bg\\.wasm$`).test(file))?.replace('_bg.wasm', '');
  if (!name) throw new Error(`no wasm file of ${binary}`);
  await (process.env.TABCHAIN_RECORD ? record : cut)(name, binary);
}

async function cut(name, binary) {
  const listed = await laterFunctions(binary);
  const text = binary === 'page' ? await source('later.ftl') : undefined;
  const readers = [];
  const isLater = (each) => (text && readsWords(each) && readers.push(each)) || listed(each);
  const { first, later, renamed } = split(await readFile(`${name}_bg.wasm`), isLater, text);
  if (text && readers.length !== 1) throw new Error(`the later words are read by ${readers.length} functions, not by one`);
  const glue = extended(shortened(await readFile(`${name}.js`, 'utf8'), renamed), 'load', await source('later.js'));
  await writeFile(`${name}_bg.wasm`, first);
  await writeFile(`${name}_later.wasm`, later);
  await writeFile(`${name}.js`, glue);
  if (name !== binary) await readdress(name, binary, createHash('sha256').update(first).update(later).update(glue));
}

async function record(name, binary) {
  const { wasm, functions } = instrument(await readFile(`${name}_bg.wasm`));
  const glue = extended(await readFile(`${name}.js`, 'utf8'), 'ran', 'globalThis.functionsRun = new Set();\nconst ran = (each) => globalThis.functionsRun.add(each);\n');
  await writeFile(`${name}_bg.wasm`, wasm);
  await writeFile(`${name}.js`, glue);
  await writeFile(`${binary}_functions.json`, JSON.stringify(functions));
}

/** The glue in which what the wasm imports has other names. */
function shortened(glue, renamed) {
  return glue.replace(/^( +)(\w+)(?=: function)/gm, (key, indent, name) => indent + (renamed.get(name) ?? name));
}

/** The glue with more code at its end, of which one function is imported by the wasm as `later.…`. */
function extended(glue, imported, code) {
  const imports = /return \{\s*__proto__: null,\s*(?=")/;
  if (!imports.test(glue)) throw new Error('wasm-bindgen has changed how its glue names imports');
  return `${glue.replace(imports, `$&"later": { ${imported} },\n        `)}\n${code}`;
}

/** Trunk's hash in a file's name is that of the wasm before it was cut: this one changes with each byte that is shipped. */
async function readdress(name, binary, hash) {
  const next = `${binary}-${hash.digest('hex').slice(0, 16)}`;
  for (const file of ['index.html', `${name}.js`]) await writeFile(file, (await readFile(file, 'utf8')).replaceAll(name, next));
  for (const end of ['.js', '_bg.wasm', '_later.wasm']) await rename(name + end, next + end);
}
