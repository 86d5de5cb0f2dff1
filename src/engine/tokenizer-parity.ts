/**
 * Whether two sets of tokenizers read one text alike, bit for bit: what `verify` does for every file of every process and
 * the sampler's audit for one deep read in many.
 *
 * The trap is two results that agree by accident. A cell that neither side wrote is equal in two fresh tables, and a
 * number read beyond the end of the text is right when zeros lie there. So the results start out filled with different
 * bytes, and the two read the text before different padding.
 */
import {
  ADDRESS_COLUMNS,
  HeaderWord,
  MappingTable,
  OTHER_COLUMNS,
  SMAPS_KEYS,
  TABLE_HEADER,
  tokenizeGrowing,
  WORD_COLUMNS,
} from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import type { KernelFile } from '../procfs/read.js';
import { STAT_FIELDS, StatField, StatValues } from '../procfs/stat.js';
import { STATM_FIELDS, StatmValues } from '../procfs/statm.js';
import { STATUS_KEYS, StatusValues } from '../procfs/status.js';
import type { Tokenizers } from '../procfs/tokenizers.js';

/** The first field in which two results differ; the values as text, floats with their bits when they print alike. */
export interface TokenizerDifference {
  /** `rows`, `pss[3]` (the field of the fourth mapping), `utime`, `others[7]`, or `accepted`. */
  readonly field: string;
  readonly a: string;
  readonly b: string;
}

type Column = Uint8Array | Uint32Array | BigUint64Array | Float64Array;
type Side = { readonly tokenizers: Tokenizers; readonly fill: number };

const FILL_A = 0x5a;
const FILL_B = 0xa5;
const DIGIT = 0x37;
const NEWLINE = 0x0a;

/** Tokenizes the text with both and compares all that they say about it; undefined when they agree. Reads only `text`. */
export function compareTokenizers(
  kind: KernelFile,
  text: Uint8Array,
  a: Tokenizers,
  b: Tokenizers,
): TokenizerDifference | undefined {
  const { bytes, length } = pad(text);
  const sides: [Side, Side] = [
    { tokenizers: a, fill: FILL_A },
    { tokenizers: b, fill: FILL_B },
  ];
  const run = <T>(use: (side: Side) => T): [T, T] => {
    bytes.fill(DIGIT, length);
    const first = use(sides[0]);
    bytes.fill(NEWLINE, length);
    return [first, use(sides[1])];
  };
  switch (kind) {
    case 'maps':
    case 'smaps':
    case 'smaps_rollup': {
      const tokenizer = kind === 'maps' ? 'maps' : 'smaps';
      return compareTables(
        kind !== 'maps',
        ...run(({ tokenizers, fill }) => {
          // The tokenizer may replace the table by a larger one, so the filling happens where it is about to be used.
          const tokenize: Tokenizers['maps'] = (from, size, table) => {
            new Uint8Array(table.buffer).fill(fill);
            tokenizers[tokenizer](from, size, table);
          };
          return tokenizeGrowing(tokenize, bytes, length, new MappingTable(Math.max(16, length >> 9)));
        }),
      );
    }
    case 'statm':
      return compareStatm(...run((side) => fillStatm(side, bytes, length)));
    case 'stat':
      return compareStat(...run((side) => fillStat(side, bytes, length)));
    case 'status':
      return compareStatus(...run((side) => fillStatus(side, bytes, length)));
  }
}

function compareTables(sizes: boolean, a: MappingTable, b: MappingTable): TokenizerDifference | undefined {
  for (const name of TABLE_HEADER) {
    const word = HeaderWord[name];
    if (a.header[word] !== b.header[word]) return difference(name, a.header[word], b.header[word]);
  }
  const { rows } = a;
  const others = a.header[HeaderWord.others];
  const columns = (table: MappingTable): [string, Column, number][] => [
    ...[...ADDRESS_COLUMNS, ...WORD_COLUMNS, 'perms' as const].map((name): [string, Column, number] => [
      name,
      table[name],
      rows,
    ]),
    ...(sizes ? SMAPS_KEYS : []).map(({ name }, index): [string, Column, number] => [name, table.sizes[index], rows]),
    ...OTHER_COLUMNS.map((name): [string, Column, number] => [name, table[name], others]),
  ];
  const ofB = columns(b);
  for (const [index, [name, column, count]] of columns(a).entries()) {
    const at = firstDifference(column, ofB[index][1], count);
    if (at >= 0) return difference(`${name}[${at}]`, column[at], ofB[index][1][at]);
  }
  return undefined;
}

type Filled<T> = { readonly accepted: boolean; readonly values: T };

function fillStatm({ tokenizers, fill }: Side, bytes: Uint8Array, length: number): Filled<StatmValues> {
  const values = new StatmValues();
  fillWith(fill, values.fields);
  return { accepted: tokenizers.statm(bytes, length, values), values };
}

function fillStat({ tokenizers, fill }: Side, bytes: Uint8Array, length: number): Filled<StatValues> {
  const values = new StatValues();
  fillWith(fill, values.fields, values.words);
  return { accepted: tokenizers.stat(bytes, length, values), values };
}

function fillStatus({ tokenizers, fill }: Side, bytes: Uint8Array, length: number): Filled<StatusValues> {
  const values = new StatusValues();
  fillWith(fill, values.fields, values.others, values.counts);
  return { accepted: tokenizers.status(bytes, length, values), values };
}

function compareStatm(a: Filled<StatmValues>, b: Filled<StatmValues>): TokenizerDifference | undefined {
  if (a.accepted !== b.accepted) return difference('accepted', a.accepted, b.accepted);
  if (!a.accepted) return undefined;
  return compareNamed(STATM_FIELDS, a.values.fields, b.values.fields);
}

function compareStat(a: Filled<StatValues>, b: Filled<StatValues>): TokenizerDifference | undefined {
  if (a.accepted !== b.accepted) return difference('accepted', a.accepted, b.accepted);
  if (!a.accepted) return undefined;
  const words = compareNamed(['fields', 'state', 'commStart', 'commLength'], a.values.words, b.values.words);
  if (words) return words;
  // The name and the letter are no numbers, so nothing is stored at their places.
  for (const values of [a.values, b.values]) values.fields.fill(0n, StatField.comm, StatField.state + 1);
  return compareNamed(STAT_FIELDS.slice(0, a.values.count), a.values.fields, b.values.fields);
}

function compareStatus(a: Filled<StatusValues>, b: Filled<StatusValues>): TokenizerDifference | undefined {
  if (a.accepted !== b.accepted) return difference('accepted', a.accepted, b.accepted);
  const counts = compareNamed(['otherLines', 'malformedLines'], a.values.counts, b.values.counts);
  if (counts) return counts;
  const names = STATUS_KEYS.map(({ name }) => name);
  const fields = compareNamed(names, a.values.fields, b.values.fields);
  if (fields) return fields;
  const at = firstDifference(a.values.others, b.values.others, a.values.counts[0] * 4);
  return at < 0 ? undefined : difference(`others[${at}]`, a.values.others[at], b.values.others[at]);
}

function compareNamed(names: readonly string[], a: Column, b: Column): TokenizerDifference | undefined {
  const at = firstDifference(a, b, names.length);
  return at < 0 ? undefined : difference(names[at], a[at], b[at]);
}

/** Index of the first of `count` elements whose bits differ, or -1. The bits, since NaN equals nothing and -0 equals 0. */
function firstDifference(a: Column, b: Column, count: number): number {
  const bytesOf = ({ buffer, byteOffset, BYTES_PER_ELEMENT }: Column): Buffer =>
    Buffer.from(buffer as ArrayBuffer, byteOffset, count * BYTES_PER_ELEMENT);
  const [bytesA, bytesB] = [bytesOf(a), bytesOf(b)];
  if (bytesA.equals(bytesB)) return -1;
  return Math.floor(bytesA.findIndex((byte, at) => byte !== bytesB[at]) / a.BYTES_PER_ELEMENT);
}

function fillWith(byte: number, ...columns: Column[]): void {
  for (const { buffer } of columns) new Uint8Array(buffer).fill(byte);
}

type Value = number | bigint | boolean;

function difference(field: string, a: Value, b: Value): TokenizerDifference {
  if (String(a) !== String(b)) return { field, a: String(a), b: String(b) };
  // Of all that is compared only doubles print alike and are not the same.
  return { field, a: withBits(a), b: withBits(b) };
}

function withBits(value: Value): string {
  const bits = new BigUint64Array(Float64Array.of(Number(value)).buffer)[0];
  return `${value} (bits ${bits.toString(16)})`;
}
