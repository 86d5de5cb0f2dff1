/**
 * What can sweep: one interface, several implementations that give the same values.
 *
 * An engine binds slots (small integers that the caller chooses) to processes, and reads one tier of many slots into
 * columns that the caller owns. It never throws for a process: every row has a status.
 */
import type { HostUnits, StatusName } from '../schema.js';
import type { ProcessIdentity } from './identity.js';
import type { KernelSelection, LifeSource } from './lives.js';
import type { MappingSweep } from './mapping-sweep.js';
import type { TierColumns } from './tier-columns.js';

export type EngineName = 'bpf' | 'native' | 'ts';

/** Those that read texts, for what is not a sweep. */
export type TextEngineName = Exclude<EngineName, 'bpf'>;

export type Attached =
  | { readonly status: 'ok'; readonly identity: ProcessIdentity }
  | { readonly status: Exclude<StatusName, 'ok'> };

export interface EngineOptions {
  /** The procfs tree. */
  readonly root: string;
  readonly host: HostUnits;
  /** Most descriptors to keep open between sweeps. */
  readonly maxKept: number;
  /** Threads that make deep reads, 1 to 4, where the engine has threads; default: one per processor. */
  readonly readers?: number;
  /** When a deep read that is blocked is given up; default `READ_DEADLINE_MS`. */
  readonly deadlineMs?: number;
}

/** A read that is blocked for longer, by whoever holds the target's memory map, is given up. */
export const READ_DEADLINE_MS = 50;

/** Watches resident memory between sweeps, into `rssLow` and `rssHigh`. */
export interface PeakWatch {
  /** Returns why it cannot, or undefined. */
  turn(isOn: boolean): string | undefined;
  readonly isOn: boolean;
  /** Events of the kernel that it has cost so far. */
  events(): number;
}

export interface Engine {
  readonly name: EngineName;
  /** Monotonic nanoseconds at the start and the end of the last sweep. */
  readonly times: BigInt64Array;
  /** Slots whose name changed in the last counters sweep, as many as it returned. */
  readonly renamed: Uint32Array;

  /** Binds a slot to the process that has this pid now, by reading its `stat`. */
  attach(slot: number, pid: number): Attached;
  /** Releases a slot. The slot may be bound again at once. */
  detach(slot: number): void;
  /** The name of a slot's process as of its last counters sweep. */
  comm(slot: number): Uint8Array;
  /** Whether a slot's process is there at this moment; false also where that cannot be known. */
  isThere(slot: number): boolean;

  /**
   * `statm` and `stat` of each slot. Returns how many names changed. With `statEvery` k above 1, `stat` is read only for
   * slots with slot mod k = `phase`, for those swept for the first time, and where nothing else proves whose memory was
   * read; in the other rows the columns from `stat` keep what they held.
   */
  sweepCounters(slots: Uint32Array, count: number, out: TierColumns, statEvery?: number, phase?: number): number;
  /**
   * `smaps_rollup` of each slot, until the monotonic `stopNs` (0: to the end). Returns how many were read, and puts those
   * first in `slots`. A read that is still under way then goes on: its slot stays behind, and gets what was read when it
   * is asked for again. One that is blocked for longer than the deadline is `timeout`, and not tried again for a while.
   */
  sweepRollup(slots: Uint32Array, count: number, out: TierColumns, stopNs: bigint): number;
  /**
   * The rollup of each slot in small pieces with pauses, none of which is meant to hold its target for longer than
   * `maxHoldNs`; otherwise as `sweepRollup`. One takes from milliseconds to seconds: it goes on between the calls. What the
   * method cannot tell is NaN; an engine that cannot do it says `unsupported` of every row.
   */
  sweepPaced(slots: Uint32Array, count: number, out: TierColumns, stopNs: bigint, maxHoldNs: number): number;
  /**
   * `smaps` of each slot, likewise, as far as `out` has room. Returns how many were read. With `maxHoldNs` above 0 in small
   * pieces, as `sweepPaced`: then of the sizes only `size`, `rss`, `pss`, `anonymous`, `anonHugePages`, `swap`
   * and `swapPss` are told, as far as they can be.
   */
  sweepMappings(slots: Uint32Array, count: number, out: MappingSweep, stopNs: bigint, maxHoldNs?: number): number;

  /** The pids of the tree; a view that the next call overwrites. Throws when the tree itself cannot be read. */
  listPids(): Int32Array;
  /**
   * Lists from now on only who can belong to the selection. Returns who of them does for certain. Absent where the engine
   * cannot tell before it looks at them.
   */
  narrow?(selection: KernelSelection): (pid: number) => boolean;
  /** The pid that was given out last, or -1 when the tree does not tell. */
  lastPid(): number;
  /** Told of by the kernel: what becomes of processes between sweeps. Absent where the engine hears of nothing. */
  readonly lives?: LifeSource;
  /** Smallest and largest resident memory between sweeps. Absent where the engine cannot watch. */
  readonly peaks?: PeakWatch | undefined;
  /** What else is to be said of the values, in words. */
  readonly note?: string;

  /** Descriptors kept open now. */
  kept(): number;
  /** CPU time of threads beside the caller's so far, nanoseconds. */
  readerCpuNs(): number;
  /** Threads that are in a read which was given up and has not come back. */
  stuckReaders(): number;
  /** Gives back everything. */
  close(): void;
}
