/**
 * The balance of a host as it was recorded: at an instant, and over time.
 *
 * The trap: the kernel does not tell how much shmem is mapped, and what processes have of it was read at other instants than
 * the host, some of it a minute before. It bounds the estimate from below only, unless the engine reads it at each tick.
 */
import type { Recording } from '../recording/recording.js';
import type { TimeRange } from '../recording/time-range.js';
import type { HostMetricName } from '../schema.js';
import { type Balance, type BalancePartName, balanceOf, type HostValues, type MappedShmem } from './balance.js';

export interface RecordedBalance {
  /** Unix nanoseconds of the sweep. */
  readonly timeNs: bigint;
  readonly balance: Balance;
  readonly values: HostValues;
  readonly mapped: MappedShmem;
}

/** Each part over time, bytes; NaN where it was not measured. */
export interface BalanceCourse {
  /** Unix nanoseconds of the sweeps. */
  readonly timeNs: readonly bigint[];
  /** By part, and `total`. */
  readonly parts: ReadonlyMap<BalancePartName | 'total', Float64Array>;
}

/** The last balance at or before a time (Unix nanoseconds); undefined where the host was not read before. `source`: as in `hostAt`. */
export function balanceAt(recording: Recording, timeNs: bigint, source = 0): RecordedBalance | undefined {
  const reading = recording.hostAt(timeNs, { source });
  if (reading?.status !== 'ok') return undefined;
  const mapped = mappedShmemAt(recording, timeNs, source);
  const values: HostValues = (name) => reading.value(name);
  const balance = balanceOf(values, mapped);
  return balance && { timeNs: reading.timeNs, balance, values, mapped };
}

/** All balances of a range, both ends included. `mapped` is taken for the shmem that is mapped all the time. */
export function balanceCourse(
  recording: Recording,
  range: TimeRange,
  mapped: MappedShmem | undefined,
  source = 0,
): BalanceCourse {
  const series = BALANCE_METRICS.map((name) => ({
    name,
    points: recording.hostSeries(name, { ...range, source }),
    at: 0,
  }));
  const before = range.from === undefined ? undefined : recording.hostAt(range.from, { source });
  const times = series.find(({ name }) => name === 'hostMemFree')!.points.timeNs;
  const held = new Map(BALANCE_METRICS.map((name) => [name, before?.value(name) ?? Number.NaN]));
  const parts = new Map<BalancePartName | 'total', Float64Array>();
  const put = (name: BalancePartName | 'total', index: number, bytes: number) => {
    const column = parts.get(name) ?? new Float64Array(times.length).fill(Number.NaN);
    parts.set(name, column);
    column[index] = bytes;
  };
  times.forEach((timeNs, index) => {
    // What this sweep did not read still stands from an earlier one.
    for (const one of series) {
      for (; one.at < one.points.timeNs.length && one.points.timeNs[one.at]! <= timeNs; one.at++) {
        held.set(one.name, one.points.value[one.at]!);
      }
    }
    const balance = balanceOf((name) => held.get(name)!, mapped);
    if (!balance) return;
    put('total', index, balance.total);
    for (const { name, bytes } of balance.parts) put(name, index, bytes);
  });
  return { timeNs: [...times], parts };
}

/** The target of a recording of all processes. */
const WHOLE_HOST = 'host';

/** What a balance asks for. */
const BALANCE_METRICS: readonly HostMetricName[] = (() => {
  const asked = new Set<HostMetricName>();
  balanceOf((name) => {
    asked.add(name);
    return 1;
  });
  return [...asked];
})();

function mappedShmemAt(recording: Recording, timeNs: bigint, source: number): MappedShmem {
  const snapshot = recording.at(timeNs);
  // Who is not recorded maps shmem too.
  const isOfAll = snapshot !== undefined && recording.metadata.target === WHOLE_HOST;
  let [most, sum, shares] = [0, isOfAll ? 0 : Number.POSITIVE_INFINITY, 0];
  for (const process of snapshot?.processes ?? []) {
    if ((process.source ?? 0) !== source || process.countersStatus === 'no-mm') continue;
    const resident = process.values.rssShmem ?? Number.POSITIVE_INFINITY;
    if (Number.isFinite(resident)) most = Math.max(most, resident);
    sum += resident;
    // The shares of all add up to what is mapped; those that are known to no more.
    shares += process.values.pssShmem ?? 0;
  }
  return { most: Math.max(most, Math.min(shares, sum)), sum };
}
