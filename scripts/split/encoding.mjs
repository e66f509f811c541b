// The data of a module, which Binaryen keeps to itself, in the binary format (WebAssembly core specification, chapter 5).

const DATA = 11;
const DATA_COUNT = 12;
const I32_CONST = 0x41;
const END = 0x0b;

/**
 * The module without a text in its data, and where the text was.
 *
 * @param {Uint8Array} wasm
 * @param {Uint8Array} text that is there once
 */
export function withoutText(wasm, text) {
  const segments = dataOf(wasm);
  const found = segments.filter(({ bytes }) => bytes.includes(text));
  if (found.length !== 1) throw new Error(`a text that is to be moved is there ${found.length} times`);
  const [{ offset, bytes }] = found;
  const at = bytes.indexOf(text);
  const around = [
    { offset, bytes: bytes.subarray(0, at) },
    { offset: offset + at + text.length, bytes: bytes.subarray(at + text.length) },
  ];
  const rest = segments.flatMap((each) => (each === found[0] ? around.filter((part) => part.bytes.length > 0) : [each]));
  return { wasm: withData(wasm, rest), at: offset + at };
}

/** The module with other data than it had. */
export function withData(wasm, segments) {
  const parts = segments.map(({ offset, bytes }) => [Buffer.of(0, I32_CONST), signed(offset), Buffer.of(END), unsigned(bytes.length), bytes]);
  const data = Buffer.concat([unsigned(segments.length), ...parts.flat()]);
  // The count is for code that names segments, which Rust's does not.
  const kept = sections(wasm).filter(({ id }) => id !== DATA && id !== DATA_COUNT);
  const all = [...kept, { id: DATA, body: data }];
  return Buffer.concat([wasm.subarray(0, 8), ...all.flatMap(({ id, body: bytes }) => [Buffer.of(id), unsigned(bytes.length), bytes])]);
}

function dataOf(wasm) {
  const { body } = sections(wasm).find(({ id }) => id === DATA);
  let [count, at] = readUnsigned(body, 0);
  return Array.from({ length: count }, () => {
    if (body[at] !== 0 || body[at + 1] !== I32_CONST) throw new Error('data whose place is not a plain number');
    const [offset, end] = readSigned(body, at + 2);
    const [length, begin] = readUnsigned(body, end + 1);
    at = begin + length;
    return { offset, bytes: Buffer.from(body.subarray(begin, at)) };
  });
}

function sections(wasm) {
  const all = [];
  for (let at = 8; at < wasm.length; ) {
    const [length, begin] = readUnsigned(wasm, at + 1);
    all.push({ id: wasm[at], body: wasm.subarray(begin, begin + length) });
    at = begin + length;
  }
  return all;
}

/** LEB128: the number and where it ends. */
function readUnsigned(bytes, at) {
  let value = 0;
  for (let unit = 1; ; unit *= 128, at += 1) {
    value += (bytes[at] % 128) * unit;
    if (bytes[at] < 128) return [value, at + 1];
  }
}

function readSigned(bytes, at) {
  const [value, end] = readUnsigned(bytes, at);
  const bits = 7 * (end - at);
  return [value >= 2 ** (bits - 1) ? value - 2 ** bits : value, end];
}

function unsigned(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}

function signed(value) {
  const bytes = [];
  for (; value < -64 || value > 63; value >>= 7) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value & 127]);
}
