/**
 * Watching one live process for a while: its counters often, its mappings a few times, and what is taken of its limits.
 *
 * The traps: its pid may be given to another while we look, so all is read through one open folder of procfs, which stays that
 * of the one process; reading its mappings holds its memory map for a walk of all its pages, so a process that this would hold
 * for long is read twice only; and such a read may never come back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readGuardedFile } from '../engine/guarded-file.js';
import { readBounded } from '../procfs/bounded-file.js';
import { readHostUnits } from '../procfs/host-units.js';
import { MappingTable, tokenizeGrowing } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { type Reading, readKernelFile } from '../procfs/read.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { StatField, StatValues, tokenizeStat } from '../procfs/stat.js';
import { StatmValues, tokenizeStatm } from '../procfs/statm.js';
import { StatusColumn, type StatusField, StatusValues, tokenizeStatus } from '../procfs/status.js';
import { foreseenHoldNs } from '../sampler/deep-schedule.js';
import { formatDurationShort } from '../text/duration.js';
import type { MemoryLimit } from './memory-limits.js';

export interface WatchOptions {
  /** Descriptor of its folder in procfs. */
  readonly folder: number;
  readonly forNs: bigint;
  /** What a read of its mappings may hold its memory map for, if it is to be made more than twice; nanoseconds. */
  readonly maxHoldNs: number;
  /** And if it is to be made at all. */
  readonly allowHoldNs: number;
  readonly limits: readonly MemoryLimit[];
}

export interface Sample {
  readonly timeNs: bigint;
  readonly rss: number;
  readonly vsize: number;
  readonly dataSize: number;
  /** By limit, in their order; NaN where it is taken by the process itself or was not told. */
  readonly used: readonly number[];
}

/** One read of all mappings. */
export interface Look {
  readonly timeNs: bigint;
  readonly table: MappingTable;
  readonly text: Uint8Array;
  readonly holdNs: number;
}

export interface State {
  readonly comm: Uint8Array;
  readonly startTicks: number;
  readonly minorFaults: number;
  readonly majorFaults: number;
  /** Of `status`, bytes; NaN for what it does not tell. */
  readonly status: (field: StatusField) => number;
}

export interface Watched {
  readonly first: State;
  readonly last: State;
  readonly samples: readonly Sample[];
  readonly looks: readonly Look[];
  /** Why there are no looks, or why there are no more. */
  readonly lookFailure?: Exclude<Reading<unknown>, { status: 'ok' }>;
  /** It ended before the time was over. */
  readonly hasEnded?: true;
}

const FD_ROOT = '/proc/self/fd';
const SAMPLES = 100;
const LEAST_PAUSE_NS = 20_000_000n;
const MOST_LOOKS = 9;

/** Watches it until the time is over or it has ended: then what was seen until then. Throws the errno of a first read that fails. */
export async function watchProcess(options: WatchOptions): Promise<Watched> {
  const { folder, forNs, maxHoldNs, allowHoldNs, limits } = options;
  const first = stateOf(folder);
  const begin = process.hrtime.bigint();
  const samples = [sampleOf(folder, limits)];
  const looks: Look[] = [];
  const foreseen = foreseenHoldNs(samples[0]!.rss, readHostUnits().pageSize);
  let lookFailure = foreseen > allowHoldNs ? tooLong(foreseen) : takeLook(folder, looks);
  const pauseNs = max(LEAST_PAUSE_NS, forNs / BigInt(SAMPLES));
  const end = begin + forNs;
  const nextLook = (made: readonly Look[]) => {
    // One read that took long may have waited for a processor; two tell.
    const isDear =
      foreseen > maxHoldNs || (made.length > 1 && Math.min(...made.map(({ holdNs }) => holdNs)) > maxHoldNs);
    return isDear ? end : begin + (forNs * BigInt(made.length)) / BigInt(MOST_LOOKS - 1);
  };
  let last = first;
  for (let next = begin + pauseNs; ; next += pauseNs) {
    const atNs = min(next, end);
    await pauseUntil(atNs);
    try {
      samples.push(sampleOf(folder, limits));
      if (!lookFailure && atNs >= nextLook(looks)) lookFailure = takeLook(folder, looks);
      // A state that is read before the process ends stands for what it had come to.
      last = stateOf(folder);
    } catch {
      return { first, last, samples, looks, hasEnded: true, ...(lookFailure ? { lookFailure } : {}) };
    }
    if (atNs >= end) break;
  }
  return { first, last, samples, looks, ...(lookFailure ? { lookFailure } : {}) };
}

/** Name, start and faults of `stat`, and the lines of `status`. Throws the errno, ESRCH for a zombie that was reaped. */
export function stateOf(folder: number): State {
  const stat = new StatValues();
  const statText = pad(readBounded(`${FD_ROOT}/${folder}/stat`));
  if (!tokenizeStat(statText.bytes, statText.length, stat)) throw gone('stat');
  const status = new StatusValues();
  const text = pad(readBounded(`${FD_ROOT}/${folder}/status`));
  if (!tokenizeStatus(text.bytes, text.length, status)) throw gone('status');
  return {
    comm: statText.bytes.slice(stat.commStart, stat.commStart + stat.commLength),
    startTicks: Number(stat.fields[StatField.starttime]!),
    minorFaults: Number(stat.fields[StatField.minflt]!),
    majorFaults: Number(stat.fields[StatField.majflt]!),
    status: (field) => status.fields[StatusColumn[field]]!,
  };
}

function sampleOf(folder: number, limits: readonly MemoryLimit[]): Sample {
  const { pageSize } = readHostUnits();
  const statm = new StatmValues();
  const timeNs = process.hrtime.bigint();
  const { bytes, length } = pad(readBounded(`${FD_ROOT}/${folder}/statm`));
  if (!tokenizeStatm(bytes, length, statm) || statm.fields[1] === 0n) throw gone('statm');
  const [size, resident, , , , data] = Array.from(statm.fields, (pages) => Number(pages) * pageSize);
  return {
    timeNs,
    rss: resident!,
    vsize: size!,
    dataSize: data!,
    used: limits.map(({ used }) => used?.() ?? Number.NaN),
  };
}

/** Reads the mappings once more; returns why it could not be. */
function takeLook(folder: number, looks: Look[]): Watched['lookFailure'] {
  const timeNs = process.hrtime.bigint();
  const reading = readKernelFile(FD_ROOT, folder, 'smaps', readGuardedFile);
  const holdNs = Number(process.hrtime.bigint() - timeNs);
  if (reading.status !== 'ok') return reading;
  const { bytes, length } = pad(reading.value);
  const table = tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(Math.max(64, length >> 9)));
  looks.push({ timeNs, table, text: bytes, holdNs });
  return undefined;
}

function tooLong(foreseenNs: number): NonNullable<Watched['lookFailure']> {
  // Two digits, up, and some room: what is proposed is to be enough.
  const proposed = Math.ceil((foreseenNs * 1.2) / 1e6);
  return {
    status: 'not-due',
    reason:
      `reading its mappings would hold its memory map for about ${formatDurationShort(foreseenNs)}: ` +
      `if it may wait for that long, --allow-hold ${proposed}ms`,
  };
}

async function pauseUntil(timeNs: bigint): Promise<void> {
  const restMs = Number(timeNs - process.hrtime.bigint()) / 1e6;
  if (restMs > 0) await sleep(restMs);
}

function gone(file: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${file} is empty`), { code: 'ESRCH' });
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
