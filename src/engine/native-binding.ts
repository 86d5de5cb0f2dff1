/**
 * The only file that loads a `.node`.
 *
 * The trap: an addon that was built for other columns would fill ours with the wrong numbers and nobody would notice. So
 * every list that both sides have is compared when it is loaded, and a difference counts as "does not load".
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { SMAPS_KEYS, tableLayout } from '../procfs/mapping-table.js';
import { PADDING } from '../procfs/padding.js';
import { STATUS_KEYS } from '../procfs/status.js';
import type { Tokenizers } from '../procfs/tokenizers.js';
import { COUNTER_COLUMNS, HOLD_COLUMNS, ROLLUP_FIELDS, SCORE_COLUMNS, STATUSES } from '../schema.js';
import { packageRoot } from '../text/package.js';
import { libraryFault } from './elf-file.js';

/** The class `Sweeper` of the addon; see native/addon/sweeper_object.cc for the arguments. */
export interface NativeSweeper {
  attach(slot: number, pid: number, numbers: Float64Array, comm: Uint8Array): number;
  detach(slot: number): void;
  comm(slot: number, comm: Uint8Array): number;
  isThere(slot: number): number;
  sweepCounters(
    slots: Uint32Array,
    count: number,
    values: Float64Array,
    status: Uint8Array,
    renamed: Uint32Array,
    times: BigInt64Array,
    statEvery: number,
    phase: number,
  ): number;
  sweepRollup(
    slots: Uint32Array,
    count: number,
    values: Float64Array,
    status: Uint8Array,
    times: BigInt64Array,
    stopNs: bigint,
  ): number;
  sweepPaced(
    slots: Uint32Array,
    count: number,
    values: Float64Array,
    status: Uint8Array,
    times: BigInt64Array,
    stopNs: bigint,
    maxHoldNs: number,
  ): number;
  sweepMappings(
    slots: Uint32Array,
    count: number,
    status: Uint8Array,
    table: ArrayBuffer,
    capacity: number,
    text: Uint8Array,
    spans: Uint32Array,
    holds: BigUint64Array,
    times: BigInt64Array,
    stopNs: bigint,
    needed: Float64Array,
    maxHoldNs: number,
  ): number;
  listPids(out: Int32Array): number;
  lastPid(): number;
  kept(): number;
  /** Fills in the CPU nanoseconds of the reader threads so far; returns how many of them are stuck. */
  readers(out: Float64Array): number;
  close(): void;
}

/** The class `MappedFile` of the addon; see native/addon/mapped_file_object.cc. What returns a number returns an errno. */
export interface NativeMappedFile {
  error(): number;
  write(at: number, bytes: Uint8Array, from: number, length: number): number;
  commit(at: number, length: number, crc: number): number;
  settle(): number;
  gather(gathers: boolean): void;
  kick(): void;
  takeError(): number;
  close(): void;
}

interface Addon {
  MappedFile: new (fd: number, sizeBytes: number, periodMs: number) => NativeMappedFile;
  Sweeper: new (
    root: string,
    pageSize: number,
    clockTicksPerSecond: number,
    maxKept: number,
    readers: number,
    deadlineNs: number,
  ) => NativeSweeper;
  readGuarded(path: string, most: number): Uint8Array | number;
  /** A handle for `takeGuarded`, or the negative errno. */
  beginGuarded(path: string, most: number): object | number;
  /** The bytes, the negative errno, or undefined when the read is not over at the monotonic time `stopNs`. */
  takeGuarded(handle: object, stopNs: bigint): Uint8Array | number | undefined;
  columns(): Record<string, readonly string[] | number>;
  tableLayout(capacity: number): unknown;
  tokenizeMaps(bytes: Uint8Array, length: number, table: ArrayBuffer, capacity: number): void;
  tokenizeSmaps(bytes: Uint8Array, length: number, table: ArrayBuffer, capacity: number): void;
  tokenizeStatm(bytes: Uint8Array, length: number, fields: BigUint64Array): boolean;
  tokenizeStat(bytes: Uint8Array, length: number, fields: BigUint64Array, words: Uint32Array): boolean;
  tokenizeStatus(
    bytes: Uint8Array,
    length: number,
    fields: Float64Array,
    others: Uint32Array,
    counts: Uint32Array,
  ): boolean;
  sleepUntil(deadlineNs: bigint): void;
  /** Of the calling thread; returns an errno. */
  runAhead(isAhead: boolean): number;
  /** Of the calling thread, or of all that may run where it may; -1: off none. Returns an errno. */
  stayOff(processor: number, takesAll: boolean): number;
  clocks(out: BigInt64Array): void;
  /** Bytes given out by malloc from its arenas, free in them, and mapped one by one; false where it does not tell. */
  mallocUse(out: Float64Array): boolean;
  /** Malloc maps what is so large by itself, gives back what is freed, and new threads share arenas; false where it cannot be told. */
  mallocLess(bytes: number): boolean;
  /** Fills in its pid and a descriptor that is a line to its descriptor 3; returns 0 or a negative errno. */
  startProcess(file: string, words: readonly string[], environment: readonly string[], out: Int32Array): number;
  /** 0 while it lives, 1 once it has ended with the wait status that is filled in, else a negative errno. */
  processEnd(pid: number, out: Int32Array): number;
  preallocate(fd: number, bytes: number): number;
  lockFile(fd: number): number;
  compareMemory(first: number, second: number): number;
  tokenizeStatRows(
    bytes: Uint8Array,
    starts: Uint32Array,
    lengths: Int32Array,
    first: number,
    stride: number,
    rows: number,
    numbers: Float64Array,
    words: Uint32Array,
  ): void;
  readTexts(
    root: string,
    pids: Int32Array,
    count: number,
    names: readonly string[],
    mosts: Uint32Array,
    bytes: Uint8Array,
    starts: Uint32Array,
    lengths: Int32Array,
  ): number;
  /** Returns 0 or a negative errno; see native/sweep/kept_reads.h. */
  readKept(
    descriptors: Int32Array,
    count: number,
    most: number,
    bytes: Uint8Array,
    starts: Uint32Array,
    lengths: Int32Array,
  ): number;
  /** A handle for `takePiece`, or the negative errno of the open; that of a timeout when it did not come back. */
  startReading(path: string, pieceBytes: number): number | object;
  /** Undefined at the end; the negative errno when nothing came within the deadline. */
  takePiece(handle: object): Uint8Array | number | undefined;
  /** Returns an errno. */
  silence(fd: number): number;
  endProcess(code: number): never;
}

export type NativeBinding =
  | { readonly state: 'loaded'; readonly path: string; readonly addon: Addon; readonly tokenizers: Tokenizers }
  | { readonly state: 'absent'; readonly reason: string };

let loaded: NativeBinding | undefined;

/** The addon, loaded once per thread, or the reason why there is none. Never throws. */
export function nativeBinding(): NativeBinding {
  loaded ??= load();
  return loaded;
}

/** Where an addon of this package lies, or undefined when it was not built. */
export function findAddon(name: string): string | undefined {
  return findBuilt(`${name}.node`);
}

/** Where the program that starts workloads lies, or undefined when it was not built. */
export function findLauncher(): string | undefined {
  return findBuilt('tidemark-launch');
}

function findBuilt(file: string): string | undefined {
  const root = packageRoot();
  return [
    path.join(root, 'build', 'Release', file),
    path.join(root, 'native', 'build', 'Release', file),
    path.join(root, 'prebuilds', `linux-${process.arch}`, file),
  ].find((candidate) => existsSync(candidate));
}

/** How an addon comes to be that is not there or does not load: from a checkout, or in the installed package. */
export function wayToBuild(): string {
  const root = packageRoot();
  if (existsSync(path.join(root, 'binding.gyp'))) return 'npm run build:native';
  const headers = 'npm install --no-save node-addon-api node-api-headers';
  return `to build one, with a C++ compiler: ${headers} && node ${path.join(root, 'scripts', 'prebuild.js')} here`;
}

/** What an addon exports. Throws when it does not load. */
export function openAddon(file: string): unknown {
  const fault = libraryFault(file);
  if (fault !== undefined) throw new Error(fault);
  // Not by `require`: the module that makes one takes longer to load than the addon does.
  const module = { exports: {} };
  process.dlopen(module, file);
  return module.exports;
}

function load(): NativeBinding {
  const file = findAddon('tidemark');
  if (file === undefined) return { state: 'absent', reason: `not built for linux-${process.arch} (${wayToBuild()})` };
  try {
    const addon = openAddon(file) as Addon;
    const difference = findDifference(addon);
    if (difference !== undefined)
      return { state: 'absent', reason: `${file} was built for other columns: ${difference}` };
    return { state: 'loaded', path: file, addon, tokenizers: tokenizersOf(addon) };
  } catch (error) {
    return { state: 'absent', reason: `${file} does not load: ${(error as Error).message} (${wayToBuild()})` };
  }
}

function findDifference(addon: Addon): string | undefined {
  const ours: Record<string, readonly string[] | number> = {
    statuses: STATUSES.slice(0, STATUSES.indexOf('estimated')),
    counters: COUNTER_COLUMNS,
    rollup: ROLLUP_FIELDS,
    holds: HOLD_COLUMNS,
    scores: SCORE_COLUMNS,
    smapsKeys: SMAPS_KEYS.map(({ key }) => key),
    statusKeys: STATUS_KEYS.map(({ key }) => key),
    padding: PADDING,
  };
  const theirs = addon.columns();
  for (const [list, expected] of Object.entries(ours)) {
    if (JSON.stringify(theirs[list]) !== JSON.stringify(expected)) {
      return `${list} is ${JSON.stringify(theirs[list])}, expected ${JSON.stringify(expected)}`;
    }
  }
  for (const capacity of [8, 1016]) {
    if (JSON.stringify(addon.tableLayout(capacity)) !== JSON.stringify(tableLayout(capacity).columns)) {
      return `the mapping table for ${capacity} rows is laid out differently`;
    }
  }
  return undefined;
}

function tokenizersOf(addon: Addon): Tokenizers {
  return {
    maps: (bytes, length, table) => addon.tokenizeMaps(bytes, length, table.buffer, table.capacity),
    smaps: (bytes, length, table) => addon.tokenizeSmaps(bytes, length, table.buffer, table.capacity),
    statm: (bytes, length, out) => addon.tokenizeStatm(bytes, length, out.fields),
    stat: (bytes, length, out) => addon.tokenizeStat(bytes, length, out.fields, out.words),
    status: (bytes, length, out) => addon.tokenizeStatus(bytes, length, out.fields, out.others, out.counts),
  };
}
