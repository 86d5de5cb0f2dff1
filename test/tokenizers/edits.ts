/**
 * What can be done to a text: bytes, lines, keys and numbers changed, put in, left out and moved. For property tests over
 * captured text.
 */
import fc from 'fast-check';
import { SMAPS_KEYS } from '../../src/procfs/mapping-table.js';
import { STATUS_KEYS } from '../../src/procfs/status.js';

const KEYS = [...SMAPS_KEYS, ...STATUS_KEYS].map(({ key }) => key);
const WORDS = [
  'VmFlags',
  'Name',
  'x',
  '__proto__',
  'Pss_',
  '_',
  '-',
  ' ',
  '\t',
  '',
  ':',
  '\n',
  'kB',
  ' kB',
  ' kB\n',
  ')',
  '(',
  '0',
  '-1',
];
const NUMBERS = [
  '0',
  '-1',
  '00000012',
  '123456789',
  '9007199254740993',
  '18446744073709551615',
  '18446744073709551616',
  '9'.repeat(40),
  'ffffffffffffffff',
];

const word = fc.oneof(fc.constantFrom(...KEYS), fc.constantFrom(...WORDS), fc.constantFrom(...NUMBERS));
const garbage = fc.oneof(
  word.map((text) => Buffer.from(text)),
  fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
);
/** Taken modulo what there is. */
export const place = fc.nat({ max: 0x7fffffff });

/** One thing to do to a text. */
export type Edit = (text: Buffer) => Buffer;

const splice = (text: Buffer, from: number, to: number, insert: Uint8Array): Buffer =>
  Buffer.concat([text.subarray(0, from), insert, text.subarray(to)]);
const linesOf = (text: Buffer): string[] => text.toString('latin1').split('\n');
const fromLines = (lines: string[]): Buffer => Buffer.from(lines.join('\n'), 'latin1');

/** Replaces one of the matches of a pattern, if there is any. */
function replaceMatch(text: Buffer, pattern: RegExp, which: number, insert: Uint8Array): Buffer {
  const matches = [...text.toString('latin1').matchAll(pattern)];
  if (matches.length === 0) return text;
  const match = matches[which % matches.length]!;
  return splice(text, match.index, match.index + match[0].length, insert);
}

export const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 0, max: 255 })).map(([at, value]) => (text: Buffer) => {
    if (text.length > 0) text[at % text.length] = value;
    return text;
  }),
  fc.tuple(place, fc.integer({ min: 0, max: 7 })).map(([at, bit]) => (text: Buffer) => {
    if (text.length > 0) text[at % text.length]! ^= 1 << bit;
    return text;
  }),
  fc.tuple(place, place).map(([at, to]) => (text: Buffer) => {
    const lines = linesOf(text);
    const [a, b] = [at % lines.length, to % lines.length];
    [lines[a], lines[b]] = [lines[b]!, lines[a]!];
    return fromLines(lines);
  }),
  place.map((at) => (text: Buffer) => {
    const lines = linesOf(text);
    return fromLines(lines.toSpliced(at % lines.length, 1));
  }),
  fc.tuple(place, fc.integer({ min: 1, max: 3 })).map(([at, count]) => (text: Buffer) => {
    const lines = linesOf(text);
    const line = at % lines.length;
    return fromLines(lines.toSpliced(line, 0, ...lines.slice(line, line + count)));
  }),
  fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(([at, count]) => (text: Buffer) => {
    const from = text.length === 0 ? 0 : at % text.length;
    return splice(text, from, Math.min(text.length, from + count), new Uint8Array(0));
  }),
  fc.tuple(place, garbage).map(([at, bytes]) => (text: Buffer) => {
    const from = at % (text.length + 1);
    return splice(text, from, from, bytes);
  }),
  fc.tuple(place, word).map(
    ([which, key]) =>
      (text: Buffer) =>
        replaceMatch(text, /^[A-Za-z_]+(?=:)/gm, which, Buffer.from(key)),
  ),
  fc.tuple(place, fc.oneof(fc.constantFrom(...NUMBERS), fc.bigInt({ min: 0n, max: 1n << 65n }).map(String))).map(
    ([which, number]) =>
      (text: Buffer) =>
        replaceMatch(text, /\d+/g, which, Buffer.from(number)),
  ),
  // A number of the same width at its right-aligned place, or a wider one, as the kernel would print it.
  fc.tuple(place, fc.nat({ max: 999_999_999 })).map(
    ([which, number]) =>
      (text: Buffer) =>
        replaceMatch(text, /(?<=: *) {0,7}\d+(?= kB)/g, which, Buffer.from(String(number).padStart(8))),
  ),
  place.map((at) => (text: Buffer) => text.subarray(0, at % (text.length + 1))),
);
