/**
 * The columns that `maps`, `smaps` and `smaps_rollup` are tokenized into: a struct of arrays in one ArrayBuffer.
 *
 * The trap: 64-bit addresses do not fit a JS number, and an object per mapping costs more than the kernel's own work.
 * So addresses are 64-bit columns, names and flags are spans of the text, and the addon fills the same bytes that the
 * TypeScript tokenizer does. The order below is the layout; the addon checks its own against it when it is loaded.
 */

/** Header words at the front of the table, unsigned 32 bit. */
export const TABLE_HEADER = [
  'rows',
  'others',
  /** 1 when the table was too small and tokenizing stopped: grow it and start again. */
  'full',
  /** 1 when the text did not end with a newline, so its last line may be cut. */
  'unterminated',
  /** Lines that are neither a mapping nor a field, and fields that belong to no mapping. */
  'malformedLines',
  /** Byte offset of the first of them. */
  'firstMalformed',
] as const;
const HEADER_WORDS = 16;

export const ADDRESS_COLUMNS = ['start', 'end', 'offset', 'inode'] as const;

/** Fields of `smaps` by the kernel's key; sizes in bytes, `plain` ones are bare numbers. */
export const SMAPS_KEYS = [
  { key: 'Size', name: 'size' },
  { key: 'KernelPageSize', name: 'kernelPageSize' },
  { key: 'MMUPageSize', name: 'mmuPageSize' },
  { key: 'Rss', name: 'rss' },
  { key: 'Pss', name: 'pss' },
  { key: 'Pss_Dirty', name: 'pssDirty' },
  { key: 'Pss_Anon', name: 'pssAnon' },
  { key: 'Pss_File', name: 'pssFile' },
  { key: 'Pss_Shmem', name: 'pssShmem' },
  { key: 'Shared_Clean', name: 'sharedClean' },
  { key: 'Shared_Dirty', name: 'sharedDirty' },
  { key: 'Private_Clean', name: 'privateClean' },
  { key: 'Private_Dirty', name: 'privateDirty' },
  { key: 'Referenced', name: 'referenced' },
  { key: 'Anonymous', name: 'anonymous' },
  { key: 'KSM', name: 'ksm' },
  { key: 'LazyFree', name: 'lazyFree' },
  { key: 'AnonHugePages', name: 'anonHugePages' },
  { key: 'ShmemPmdMapped', name: 'shmemPmdMapped' },
  { key: 'FilePmdMapped', name: 'filePmdMapped' },
  { key: 'Shared_Hugetlb', name: 'sharedHugetlb' },
  { key: 'Private_Hugetlb', name: 'privateHugetlb' },
  { key: 'Swap', name: 'swap' },
  { key: 'SwapPss', name: 'swapPss' },
  { key: 'Locked', name: 'locked' },
  { key: 'THPeligible', name: 'thpEligible', plain: true },
  { key: 'ProtectionKey', name: 'protectionKey', plain: true },
] as const;

export type SmapsField = (typeof SMAPS_KEYS)[number]['name'];

/** Index into the size columns by name. */
export const SmapsColumn = Object.fromEntries(SMAPS_KEYS.map(({ name }, index) => [name, index])) as Record<
  SmapsField,
  number
>;

/** Spans are byte offsets and lengths in the text; `flagsStart` is `NO_SPAN` when there was no VmFlags line. */
export const WORD_COLUMNS = [
  'nameStart',
  'nameLength',
  'flagsStart',
  'flagsLength',
  'deviceMajor',
  'deviceMinor',
  'firstOther',
  'otherCount',
] as const;

/** Unknown fields, one record each. */
export const OTHER_COLUMNS = ['keyStart', 'keyLength', 'valueStart', 'valueLength'] as const;

export const NO_SPAN = 0xffffffff;

export const Permission = { read: 1, write: 2, execute: 4, shared: 8 } as const;

export interface ColumnPlace {
  readonly name: string;
  readonly type: 'u64' | 'f64' | 'u32' | 'u8';
  readonly byteOffset: number;
}

/** Where each column lies in a table for `capacity` mappings, and the bytes of the whole; `capacity` divides by 8. */
export function tableLayout(capacity: number): { columns: ColumnPlace[]; byteLength: number } {
  const columns: ColumnPlace[] = [];
  let byteOffset = HEADER_WORDS * 4;
  const place = (name: string, type: ColumnPlace['type'], bytesPerRow: number) => {
    columns.push({ name, type, byteOffset });
    byteOffset += bytesPerRow * capacity;
  };
  for (const name of ADDRESS_COLUMNS) place(name, 'u64', 8);
  for (const { name } of SMAPS_KEYS) place(name, 'f64', 8);
  for (const name of WORD_COLUMNS) place(name, 'u32', 4);
  for (const name of OTHER_COLUMNS) place(name, 'u32', 4);
  place('perms', 'u8', 1);
  return { columns, byteLength: byteOffset };
}

/** Rows of mappings with room for `capacity` of them and as many unknown fields; reused from read to read. */
export class MappingTable {
  readonly capacity: number;
  readonly buffer: ArrayBuffer;
  readonly header: Uint32Array;
  readonly start: BigUint64Array;
  readonly end: BigUint64Array;
  readonly offset: BigUint64Array;
  readonly inode: BigUint64Array;
  /** The four columns above as 32-bit halves, one after the other: what the tokenizer writes. */
  readonly addressHalves: Uint32Array;
  /** One column per entry of `SMAPS_KEYS`; NaN where the text has no such field. Not written by `maps`. */
  readonly sizes: readonly Float64Array[];
  /** All of `sizes` in one array: row r of column c is at `c * capacity + r`. */
  readonly allSizes: Float64Array;
  readonly nameStart: Uint32Array;
  readonly nameLength: Uint32Array;
  readonly flagsStart: Uint32Array;
  readonly flagsLength: Uint32Array;
  readonly deviceMajor: Uint32Array;
  readonly deviceMinor: Uint32Array;
  readonly firstOther: Uint32Array;
  readonly otherCount: Uint32Array;
  readonly keyStart: Uint32Array;
  readonly keyLength: Uint32Array;
  readonly valueStart: Uint32Array;
  readonly valueLength: Uint32Array;
  readonly perms: Uint8Array;

  constructor(rows: number) {
    // An odd number of cache lines per column: with a power of two, all cells of a row would compete for one cache set.
    const capacity = (Math.ceil(rows / 8) | 1) * 8;
    const { columns, byteLength } = tableLayout(capacity);
    const buffer = new ArrayBuffer(byteLength);
    const placeOf = new Map(columns.map((column) => [column.name, column.byteOffset]));
    const u64 = (name: string) => new BigUint64Array(buffer, placeOf.get(name), capacity);
    const u32 = (name: string) => new Uint32Array(buffer, placeOf.get(name), capacity);
    this.capacity = capacity;
    this.buffer = buffer;
    this.header = new Uint32Array(buffer, 0, HEADER_WORDS);
    this.start = u64('start');
    this.end = u64('end');
    this.offset = u64('offset');
    this.inode = u64('inode');
    this.addressHalves = new Uint32Array(buffer, placeOf.get('start'), ADDRESS_COLUMNS.length * capacity * 2);
    this.sizes = SMAPS_KEYS.map(({ name }) => new Float64Array(buffer, placeOf.get(name), capacity));
    this.allSizes = new Float64Array(buffer, placeOf.get(SMAPS_KEYS[0].name), SMAPS_KEYS.length * capacity);
    this.nameStart = u32('nameStart');
    this.nameLength = u32('nameLength');
    this.flagsStart = u32('flagsStart');
    this.flagsLength = u32('flagsLength');
    this.deviceMajor = u32('deviceMajor');
    this.deviceMinor = u32('deviceMinor');
    this.firstOther = u32('firstOther');
    this.otherCount = u32('otherCount');
    this.keyStart = u32('keyStart');
    this.keyLength = u32('keyLength');
    this.valueStart = u32('valueStart');
    this.valueLength = u32('valueLength');
    this.perms = new Uint8Array(buffer, placeOf.get('perms'), capacity);
  }

  get rows(): number {
    return this.header[HeaderWord.rows]!;
  }
}

/** Index into the header words by name. */
export const HeaderWord = Object.fromEntries(TABLE_HEADER.map((name, index) => [name, index])) as Record<
  (typeof TABLE_HEADER)[number],
  number
>;

/** Fills the given table, or a larger one in its place when it is too small; returns the table that holds the rows. */
export function tokenizeGrowing(
  tokenize: (bytes: Uint8Array, length: number, table: MappingTable) => void,
  bytes: Uint8Array,
  length: number,
  table: MappingTable,
): MappingTable {
  let current = table;
  for (;;) {
    tokenize(bytes, length, current);
    if (current.header[HeaderWord.full] === 0) return current;
    current = new MappingTable(current.capacity * 2);
  }
}
