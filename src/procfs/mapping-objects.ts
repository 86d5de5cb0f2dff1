/**
 * The text of `maps`, `smaps` and `smaps_rollup` as plain objects, for people and for JSON. The sampler never comes here.
 *
 * The trap: a field that the text does not have is absent, never 0; ` (deleted)` at the end of a name may be part of it.
 */
import {
  HeaderWord,
  MappingTable,
  NO_SPAN,
  Permission,
  SMAPS_KEYS,
  type SmapsField,
  tokenizeGrowing,
} from './mapping-table.js';
import { decodeText, hex, type Integer, integer, KernelTextError, setOwn, textAndHex } from './object-values.js';
import { pad } from './padding.js';
import { type Tokenizers, typescriptTokenizers } from './tokenizers.js';

export type Mapping = {
  start: string;
  end: string;
  perms: string;
  offset: string;
  device: string;
  inode: Integer;
  /** As the kernel prints it: `\012` for a newline, ` (deleted)` at its end included. */
  name: string;
  nameHex?: string;
  deleted: boolean;
  /** True when the text alone cannot tell whether ` (deleted)` or `\012` is part of the name itself. */
  ambiguous?: boolean;
  vmFlags?: string[];
  /** Fields that this version does not know, by the kernel's key: bytes for kB, else a number or the text. */
  other?: Record<string, Integer>;
} & { [field in SmapsField]?: number };

export interface Problems {
  unterminated?: true;
  malformedLines?: number;
  firstMalformedOffset?: number;
}

export type MappingTotals = { mappings: number } & { [field in SmapsField]?: number } & Problems;

export interface MapsText {
  kind: 'maps' | 'smaps';
  mappings: Mapping[];
  totals: MappingTotals;
}

export type RollupText = { kind: 'smaps_rollup'; start: string; end: string } & {
  [field in SmapsField]?: number;
} & { other?: Record<string, Integer> } & Problems;

/** One entry per mapping of `/proc/PID/maps`. Any text is accepted; what it could not read is counted in `totals`. */
export function parseMaps(text: Uint8Array, tokenizers: Tokenizers = typescriptTokenizers): MapsText {
  return parseMappings('maps', text, tokenizers);
}

/** One entry per mapping of `/proc/PID/smaps`, sizes in bytes. */
export function parseSmaps(text: Uint8Array, tokenizers: Tokenizers = typescriptTokenizers): MapsText {
  return parseMappings('smaps', text, tokenizers);
}

/** The sums of `/proc/PID/smaps_rollup` in bytes. Throws `KernelTextError` when the text is not one record. */
export function parseSmapsRollup(text: Uint8Array, tokenizers: Tokenizers = typescriptTokenizers): RollupText {
  const { bytes, length } = pad(text);
  const table = tokenizeGrowing(tokenizers.smaps, bytes, length, new MappingTable(8));
  if (table.rows !== 1) {
    throw new KernelTextError(`Not the text of smaps_rollup: expected one record, found ${table.rows}`);
  }
  const sizes: Sizes = {};
  addSizes(sizes, table, 0);
  return {
    kind: 'smaps_rollup',
    start: hex(table.start[0]!),
    end: hex(table.end[0]!),
    ...sizes,
    ...othersOf(table, 0, bytes),
    ...problemsOf(table),
  };
}

function parseMappings(kind: 'maps' | 'smaps', text: Uint8Array, tokenizers: Tokenizers): MapsText {
  const { bytes, length } = pad(text);
  const table = tokenizeGrowing(tokenizers[kind], bytes, length, new MappingTable(Math.max(64, length >> 9)));
  const mappings: Mapping[] = [];
  const totals: MappingTotals = { mappings: table.rows };
  for (let row = 0; row < table.rows; row++) {
    const mapping = headOf(table, row, bytes);
    if (kind === 'smaps') {
      addSizes(mapping, table, row, totals);
      const flags = table.flagsStart[row]!;
      if (flags !== NO_SPAN) mapping.vmFlags = flagsOf(bytes, flags, table.flagsLength[row]!);
      if (table.otherCount[row] !== 0) Object.assign(mapping, othersOf(table, row, bytes));
    }
    mappings.push(mapping);
  }
  return { kind, mappings, totals: { ...totals, ...problemsOf(table) } };
}

/** Fields whose sum over mappings means something: all but the page sizes and the bare numbers. */
const IS_SUMMED = SMAPS_KEYS.map((entry) => !('plain' in entry) && !entry.name.endsWith('PageSize'));

const DELETED = ' (deleted)';
/** Names that the kernel itself makes, so that ` (deleted)` at their end is never part of a file's name. */
const ALWAYS_DELETED = /^(?:\/memfd:|\/SYSV[0-9a-f]{8} |\/dev\/zero \(deleted\)$|\[)/;

function headOf(table: MappingTable, row: number, bytes: Uint8Array): Mapping {
  const nameStart = table.nameStart[row]!;
  const named = textAndHex('name', bytes.subarray(nameStart, nameStart + table.nameLength[row]!)) as {
    name: string;
    nameHex?: string;
  };
  const deleted = named.name.endsWith(DELETED);
  const ambiguous = (deleted && !ALWAYS_DELETED.test(named.name)) || named.name.includes('\\012');
  return {
    start: hex(table.start[row]!),
    end: hex(table.end[row]!),
    perms: permissionText(table.perms[row]!),
    offset: hex(table.offset[row]!),
    device: `${hexByte(table.deviceMajor[row]!)}:${hexByte(table.deviceMinor[row]!)}`,
    inode: integer(table.inode[row]!),
    ...named,
    deleted,
    ...(ambiguous ? { ambiguous } : {}),
  };
}

type Sizes = { [field in SmapsField]?: number };

/** Sets the sizes that a row has, and adds those to the totals whose sum means something. */
function addSizes(to: Sizes, table: MappingTable, row: number, totals?: Sizes): void {
  for (let column = 0; column < SMAPS_KEYS.length; column++) {
    const value = table.sizes[column]![row]!;
    if (Number.isNaN(value)) continue;
    const { name } = SMAPS_KEYS[column]!;
    to[name] = value;
    if (totals && IS_SUMMED[column]) totals[name] = (totals[name] ?? 0) + value;
  }
}

function flagsOf(bytes: Uint8Array, start: number, length: number): string[] {
  return decodeText(bytes.subarray(start, start + length))
    .split(' ')
    .filter((flag) => flag !== '');
}

function othersOf(table: MappingTable, row: number, bytes: Uint8Array): { other?: Record<string, Integer> } {
  const count = table.otherCount[row]!;
  if (count === 0) return {};
  const other: Record<string, Integer> = {};
  for (let index = table.firstOther[row]!, end = index + count; index < end; index++) {
    const key = decodeText(bytes.subarray(table.keyStart[index]!, table.keyStart[index]! + table.keyLength[index]!));
    const start = table.valueStart[index]!;
    setOwn(other, key, otherValue(decodeText(bytes.subarray(start, start + table.valueLength[index]!))));
  }
  return { other };
}

function otherValue(text: string): Integer {
  const match = /^(\d+)( kB)?$/.exec(text);
  return match ? integer(BigInt(match[1]!) * (match[2] ? 1024n : 1n)) : text;
}

function problemsOf(table: MappingTable): Problems {
  const malformedLines = table.header[HeaderWord.malformedLines]!;
  return {
    ...(table.header[HeaderWord.unterminated] ? { unterminated: true as const } : {}),
    ...(malformedLines ? { malformedLines, firstMalformedOffset: table.header[HeaderWord.firstMalformed]! } : {}),
  };
}

/** `rw-p`, from bits of `Permission`. */
export function permissionText(bits: number): string {
  return (
    (bits & Permission.read ? 'r' : '-') +
    (bits & Permission.write ? 'w' : '-') +
    (bits & Permission.execute ? 'x' : '-') +
    (bits & Permission.shared ? 's' : 'p')
  );
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}
