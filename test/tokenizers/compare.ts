/**
 * Runs both tokenizers of a kernel file over the same text and says where they differ, or undefined.
 *
 * The trap is comparing too little: both sides get memory full of different rubbish, so that a cell that one of them
 * forgets to write differs, and text in buffers whose padding differs, so that a byte read from there shows. What a
 * tokenizer need not write is left out: rows behind the last, and all rows of a table that was too small.
 */
import { nativeBinding } from '../../src/engine/native-binding.js';
import {
  ADDRESS_COLUMNS,
  MappingTable,
  OTHER_COLUMNS,
  SMAPS_KEYS,
  tableLayout,
  WORD_COLUMNS,
} from '../../src/procfs/mapping-table.js';
import { PADDING } from '../../src/procfs/padding.js';
import type { KernelFile } from '../../src/procfs/read.js';
import { StatValues } from '../../src/procfs/stat.js';
import { StatmValues } from '../../src/procfs/statm.js';
import { StatusValues } from '../../src/procfs/status.js';
import { type Tokenizers, typescriptTokenizers } from '../../src/procfs/tokenizers.js';

/** What could follow a text that is cut anywhere and change what it means; each is repeated to fill the padding. */
export const PADDINGS: readonly Uint8Array[] = [
  '\0',
  '9',
  ' kB\n',
  'f',
  '\n',
  ' ',
  '_Dirty:         9 kB\n',
  ':                  9 kB\nRss:                   4 kB\n',
  ')',
  ' 7 7 7 7 7 7 7\n',
  ') R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n',
  '\t0-3\nVmRSS:\t4 kB\n',
].map((text) => new TextEncoder().encode(text.repeat(Math.ceil(PADDING / text.length)).slice(0, PADDING)));

const native: Tokenizers = loadNative();

/** A test without the addon would compare nothing, so it fails. */
function loadNative(): Tokenizers {
  const binding = nativeBinding();
  if (binding.state === 'absent') throw new Error(`These tests need the addon: ${binding.reason}`);
  return binding.tokenizers;
}

/** Where the twins differ on this text; `turn` chooses the padding of the one and of the other. */
export function differenceOf(file: KernelFile, text: Uint8Array, turn = 0, rows = 24): string | undefined {
  const ours = padded(text, turn);
  const theirs = padded(text, turn + 1 + (turn % (PADDINGS.length - 1)));
  const { length } = text;
  switch (file) {
    case 'maps':
      return tableDifference(native.maps, typescriptTokenizers.maps, ours, theirs, length, rows, false);
    case 'smaps':
    case 'smaps_rollup':
      return tableDifference(native.smaps, typescriptTokenizers.smaps, ours, theirs, length, rows, true);
    case 'statm': {
      const a = new StatmValues();
      const b = new StatmValues();
      const read = typescriptTokenizers.statm(ours, length, a);
      if (native.statm(theirs, length, b) !== read) return `one refuses, TypeScript ${read}`;
      return read ? firstDifference('field', a.fields, b.fields, a.fields.length) : undefined;
    }
    case 'stat': {
      const a = new StatValues();
      const b = new StatValues();
      a.fields.fill(0xaaaan);
      b.fields.fill(0x5555n);
      const read = typescriptTokenizers.stat(ours, length, a);
      if (native.stat(theirs, length, b) !== read) return `one refuses, TypeScript ${read}`;
      if (!read) return undefined;
      a.fields[1] = a.fields[2] = b.fields[1] = b.fields[2] = 0n;
      return firstDifference('word', a.words, b.words, 4) ?? firstDifference('field', a.fields, b.fields, a.count);
    }
    case 'status': {
      const a = new StatusValues();
      const b = new StatusValues();
      a.fields.fill(1);
      a.counts.fill(7);
      const read = typescriptTokenizers.status(ours, length, a);
      if (native.status(theirs, length, b) !== read) return `one refuses, TypeScript ${read}`;
      return (
        firstDifference('count', a.counts, b.counts, 2) ??
        firstDifference('field', words(a.fields), words(b.fields), a.fields.length * 2) ??
        firstDifference('other', a.others, b.others, a.counts[0]! * 4)
      );
    }
  }
}

const tables = new Map<number, [MappingTable, MappingTable]>();

function tableDifference(
  nativeTokenizer: Tokenizers['maps'],
  typescriptTokenizer: Tokenizers['maps'],
  ours: Uint8Array,
  theirs: Uint8Array,
  length: number,
  rows: number,
  withSizes: boolean,
): string | undefined {
  let pair = tables.get(rows);
  if (!pair) {
    pair = [new MappingTable(rows), new MappingTable(rows)];
    tables.set(rows, pair);
  }
  const [a, b] = pair;
  const [wordsA, wordsB] = [new Uint32Array(a.buffer), new Uint32Array(b.buffer)];
  wordsA.fill(0xaaaaaaaa);
  wordsB.fill(0x55555555);
  typescriptTokenizer(ours, length, a);
  nativeTokenizer(theirs, length, b);
  const header = firstDifference('header', a.header, b.header, a.header.length);
  if (header !== undefined || a.header[2] === 1) return header;

  for (const { name, type, byteOffset } of tableLayout(a.capacity).columns) {
    if (SIZES.has(name) && !withSizes) continue;
    const cells = OTHERS.has(name) ? a.header[1]! : a.rows;
    const difference =
      type === 'u8'
        ? firstDifference(name, a.perms, b.perms, cells)
        : firstDifference(
            name,
            wordsA.subarray(byteOffset / 4),
            wordsB.subarray(byteOffset / 4),
            cells * (type === 'u32' ? 1 : 2),
          );
    if (difference !== undefined) return difference;
  }
  return undefined;
}

const SIZES: ReadonlySet<string> = new Set(SMAPS_KEYS.map(({ name }) => name));
const OTHERS: ReadonlySet<string> = new Set(OTHER_COLUMNS);
if (SIZES.size + OTHERS.size + ADDRESS_COLUMNS.length + WORD_COLUMNS.length + 1 !== tableLayout(8).columns.length) {
  throw new Error('A kind of column of the mapping table is unknown here');
}

function firstDifference<T>(what: string, a: ArrayLike<T>, b: ArrayLike<T>, count: number): string | undefined {
  for (let index = 0; index < count; index++) {
    if (a[index] !== b[index]) return `${what} ${index}: TypeScript ${a[index]}, native ${b[index]}`;
  }
  return undefined;
}

function words(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}

function padded(text: Uint8Array, turn: number): Uint8Array {
  const bytes = new Uint8Array(text.length + PADDING);
  bytes.set(text);
  bytes.set(PADDINGS[turn % PADDINGS.length]!, text.length);
  return bytes;
}
