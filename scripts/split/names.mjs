// Which function is which, also in the next build, and which of them are later.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** A number of 32 bits for a function's name without what changes from build to build: hashes of crates and symbols, and numbers of namesakes. */
export function fingerprint(name) {
  const stable = name.replaceAll(/\[[0-9a-f]{1,16}\]|_*h?[0-9a-f]{16}/g, '').replace(/(_\d+)+$/, '');
  return createHash('sha256').update(stable).digest().readInt32BE();
}

/** The list of later functions of a binary. It is made by record.mjs, and a list of names would be twenty times as long. */
export const listOf = (binary) => new URL(`../../www/later/${binary}.txt`, import.meta.url);

/** A function that the list does not have is new, and not later: so new code never has to wait, and the list may be made anew at leisure. */
export async function laterFunctions(binary) {
  const lines = (await readFile(listOf(binary), 'utf8')).split('\n').filter((line) => /^[0-9a-f]{8}$/.test(line));
  const later = new Set(lines.map((line) => Number.parseInt(line, 16) | 0));
  return (name) => later.has(fingerprint(name));
}

/** The same list as text. */
export function written(fingerprints) {
  const lines = fingerprints.map((each) => (each >>> 0).toString(16).padStart(8, '0')).sort();
  return `${['# Functions that the first look at the page does not need: `make later` makes this list (docs/adr/028-first-and-later-wasm.md).', ...lines].join('\n')}\n`;
}
