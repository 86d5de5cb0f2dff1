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
  return {
    kind: 'smaps_rollup',
    start: hex(table.start[0]!),
    end: hex(table.end[0]!),
    ...sizesOf(table, 0),
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
    const mapping: Mapping = { ...headOf(table, row, bytes) };
    if (kind === 'smaps') {
      const sizes = sizesOf(table, row);
      Object.assign(mapping, sizes);
      for (const { name } of SMAPS_KEYS) {
        const value = sizes[name];
        if (value !== undefined && SUMMED.has(name)) totals[name] = (totals[name] ?? 0) + value;
      }
      const flags = table.flagsStart[row]!;
      if (flags !== NO_SPAN) {
        mapping.vmFlags = decodeText(bytes.subarray(flags, flags + table.flagsLength[row]!))
          .split(' ')
          .filter((flag) => flag !== '');
      }
      Object.assign(mapping, othersOf(table, row, bytes));
    }
    mappings.push(mapping);
  }
  return { kind, mappings, totals: { ...totals, ...problemsOf(table) } };
}

/** Fields whose sum over mappings means something: all but the page sizes and the bare numbers. */
const SUMMED: ReadonlySet<string> = new Set(
  SMAPS_KEYS.filter((entry) => !('plain' in entry) && !entry.name.endsWith('PageSize')).map(({ name }) => name),
);

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

function sizesOf(table: MappingTable, row: number): { [field in SmapsField]?: number } {
  const out: { [field in SmapsField]?: number } = {};
  SMAPS_KEYS.forEach(({ name }, column) => {
    const value = table.sizes[column]![row]!;
    if (!Number.isNaN(value)) out[name] = value;
  });
  return out;
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

function permissionText(bits: number): string {
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
