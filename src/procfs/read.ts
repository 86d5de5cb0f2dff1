/**
 * Reading one kernel file of one process: bytes or the reason why there are none.
 *
 * The traps: a file of a process can be denied, vanish between open and read, or say ESRCH of a zombie; procfs files say
 * size 0, so they are read until the end; a kernel thread's `maps` is empty because it has no memory, not because it has
 * no mappings.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { HostUnits, StatusName } from '../schema.js';
import { mostBytesOf, readBounded } from './bounded-file.js';
import { readHostUnits } from './host-units.js';
import { type MapsText, parseMaps, parseSmaps, parseSmapsRollup, type RollupText } from './mapping-objects.js';
import { parseStat, parseStatm, parseStatus, type StatmText, type StatText, type StatusText } from './stat-objects.js';
import { type Tokenizers, typescriptTokenizers } from './tokenizers.js';

export const KERNEL_FILES = ['maps', 'smaps', 'smaps_rollup', 'stat', 'statm', 'status'] as const;
export type KernelFile = (typeof KERNEL_FILES)[number];

/** What a read gave: a value, or why there is none. Never an exception, never an empty value in its place. */
export type Reading<T> =
  | { readonly status: 'ok'; readonly value: T }
  | { readonly status: Exclude<StatusName, 'ok' | 'estimated'>; readonly reason: string };

export interface ReadOptions {
  /** The procfs tree, default `/proc`. */
  readonly root?: string;
  /** Units of the host whose tree it is; default: this host's. */
  readonly host?: HostUnits;
  /** Default: the TypeScript ones. */
  readonly tokenizers?: Tokenizers;
  /** Reads a whole file, or throws; default: a plain read, which a stuck process stops for ever. */
  readonly readBytes?: ReadBytes;
}

export const READ_OPTIONS: readonly (keyof ReadOptions)[] = ['root', 'host', 'tokenizers', 'readBytes'];

/** Reads the file at a path, or throws an error with the `code` of the system. */
export type ReadBytes = (path: string) => Uint8Array;

const MEMORY_FILES: ReadonlySet<KernelFile> = new Set(['maps', 'smaps', 'smaps_rollup']);

/** The bytes of one file of a process. `readBytes` reads those that a stuck process may withhold for ever. */
export function readKernelFile(
  root: string,
  pid: number,
  file: KernelFile,
  readBytes: ReadBytes = (path) => readBounded(path, mostBytesOf(path)),
): Reading<Uint8Array> {
  const name = path.join(root, String(pid), file);
  try {
    const bytes = MEMORY_FILES.has(file) ? readBytes(name) : readBounded(name, mostBytesOf(file));
    if (bytes.length === 0 && MEMORY_FILES.has(file)) return { status: 'no-mm', reason: `${name} is empty` };
    return { status: 'ok', value: bytes };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { status: statusOfErrno(code, root, pid, file), reason: message };
  }
}

/** The mappings of a process, from `maps`. */
export function readMaps(pid: number, options: ReadOptions = {}): Reading<MapsText> {
  return readAnd(pid, 'maps', options, (bytes, tokenizers) => parseMaps(bytes, tokenizers));
}

/** The mappings of a process with their sizes in bytes, from `smaps`; holds the process's memory map while it is read. */
export function readSmaps(pid: number, options: ReadOptions = {}): Reading<MapsText> {
  return readAnd(pid, 'smaps', options, (bytes, tokenizers) => parseSmaps(bytes, tokenizers));
}

/** The sums of `smaps_rollup` in bytes; holds the process's memory map while it is read. */
export function readSmapsRollup(pid: number, options: ReadOptions = {}): Reading<RollupText> {
  return readAnd(pid, 'smaps_rollup', options, (bytes, tokenizers) => parseSmapsRollup(bytes, tokenizers));
}

/** The fields of `statm` in bytes; all 0 for a process without memory. */
export function readStatm(pid: number, options: ReadOptions = {}): Reading<StatmText> {
  return readAnd(pid, 'statm', options, (bytes, tokenizers, host) => parseStatm(bytes, host, tokenizers));
}

/** The fields of `stat`: times in nanoseconds, sizes in bytes. */
export function readStat(pid: number, options: ReadOptions = {}): Reading<StatText> {
  return readAnd(pid, 'stat', options, (bytes, tokenizers, host) => parseStat(bytes, host, tokenizers));
}

/** The lines of `status`, sizes in bytes. */
export function readStatus(pid: number, options: ReadOptions = {}): Reading<StatusText> {
  return readAnd(pid, 'status', options, (bytes, tokenizers) => parseStatus(bytes, tokenizers));
}

function readAnd<T>(
  pid: number,
  file: KernelFile,
  options: ReadOptions,
  parse: (bytes: Uint8Array, tokenizers: Tokenizers, host: HostUnits) => T,
): Reading<T> {
  if (!Number.isInteger(pid) || pid <= 0) {
    throw new TypeError(`Expected "pid" to be a positive integer, got ${String(pid)}`);
  }
  const reading = readKernelFile(options.root ?? '/proc', pid, file, options.readBytes);
  if (reading.status !== 'ok') return reading;
  try {
    const host = options.host ?? readHostUnits();
    return { status: 'ok', value: parse(reading.value, options.tokenizers ?? typescriptTokenizers, host) };
  } catch (error) {
    return { status: 'unsupported', reason: (error as Error).message };
  }
}

function statusOfErrno(
  code: string | undefined,
  root: string,
  pid: number,
  file: KernelFile,
): Exclude<StatusName, 'ok' | 'estimated'> {
  if (code === 'EACCES' || code === 'EPERM') return 'denied';
  if (code === 'ETIMEDOUT') return 'timeout';
  if (code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM') return 'lost';
  // Said of a kernel or of a captured tree that lacks the file as well.
  if (code === 'ENOENT') return existsSync(path.join(root, String(pid))) ? 'unsupported' : 'gone';
  if (code !== 'ESRCH') return 'unsupported';
  if (!MEMORY_FILES.has(file)) return 'gone';
  // Said of a zombie and of a kernel thread as well.
  const { status } = readKernelFile(root, pid, 'stat');
  return status === 'ok' ? 'no-mm' : status;
}
