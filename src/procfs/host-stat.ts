/**
 * `/proc/stat`: the time that each CPU spent in each state since boot, and when the host was booted.
 *
 * The traps: the line of all CPUs is called `cpu`, without a number; CPUs that are offline have no line, so the numbers
 * have gaps; old kernels print fewer states; and guest time is contained in user time already.
 */
import path from 'node:path';
import type { HostUnits } from '../schema.js';
import { readBounded } from './bounded-file.js';
import { decimal, scan } from './digits.js';

/** The states in the order of the text. */
export const CPU_STATES = [
  'user',
  'nice',
  'system',
  'idle',
  'iowait',
  'irq',
  'softirq',
  'steal',
  'guest',
  'guestNice',
] as const;

export type CpuState = (typeof CPU_STATES)[number];

/** The states up to `steal`: what every kernel since 2.6.11 prints, and top shows. */
const LEAST_STATES = 8;

/** Nanoseconds in each state since boot; `guest` is within `user`, `guestNice` within `nice`. */
export type CpuTimes = Readonly<Record<CpuState, number>>;

export interface HostStat {
  readonly all: CpuTimes;
  /** The CPUs that are online, in the order of the text. */
  readonly cpus: readonly { readonly id: number; readonly times: CpuTimes }[];
  /** Unix time of the boot in seconds, or undefined where the text does not tell. */
  readonly bootTimeSeconds?: number;
}

const CPU = 0x757063; // "cpu", little-endian
const NEWLINE = 10;
const SPACE = 32;

/** Parses the text with the clock tick of the host that produced it. Throws when it has no line of all CPUs. */
export function parseHostStat(bytes: Uint8Array, host: HostUnits): HostStat {
  const nsPerTick = 1e9 / host.clockTicksPerSecond;
  const cpus: { id: number; times: CpuTimes }[] = [];
  let all: CpuTimes | undefined;
  let at = 0;
  for (; isCpuLine(bytes, at); at = nextLine(bytes, at)) {
    const id = decimal(bytes, at + 3, bytes.length);
    const hasId = scan.end > at + 3;
    const times = parseTimes(bytes, scan.end, nsPerTick);
    if (!times) continue;
    if (hasId) cpus.push({ id, times });
    else all = times;
  }
  if (!all) throw new Error('stat of the host: no line of all CPUs');
  const boot = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf('\nbtime ', at - 1);
  if (boot < 0) return { all, cpus };
  const bootTimeSeconds = decimal(bytes, boot + 7, bytes.length);
  return scan.end === boot + 7 ? { all, cpus } : { all, cpus, bootTimeSeconds };
}

/** Reads and parses it. Throws the errno when it cannot be read. */
export function readHostStat(root: string, host: HostUnits): HostStat {
  return parseHostStat(readBounded(path.join(root, 'stat')), host);
}

function isCpuLine(bytes: Uint8Array, at: number): boolean {
  return at + 3 < bytes.length && (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)) === CPU;
}

function nextLine(bytes: Uint8Array, at: number): number {
  const end = bytes.indexOf(NEWLINE, at);
  return end < 0 ? bytes.length : end + 1;
}

function parseTimes(bytes: Uint8Array, from: number, nsPerTick: number): CpuTimes | undefined {
  const times: Record<string, number> = {};
  let found = 0;
  let at = from;
  for (const state of CPU_STATES) {
    while (bytes[at] === SPACE) at++;
    const ticks = decimal(bytes, at, bytes.length);
    if (scan.end > at) found++;
    at = scan.end;
    times[state] = ticks * nsPerTick;
  }
  return found < LEAST_STATES ? undefined : (times as CpuTimes);
}
