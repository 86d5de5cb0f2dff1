/**
 * The processes of a recording as it is made: what a live view needs of each, kept from frame to frame.
 *
 * The traps: a slot is reused, so everything of a slot goes when its process changes; a deep read says once that it was
 * denied and then keeps silent, so that is remembered; and a value that was not measured is NaN and never 0.
 */
import type { ProcessIdentity } from '../engine/identity.js';
import type { StandingFrame } from '../recording/kept-frame.js';
import { COUNTER_COLUMNS, type MetricName, ROLLUP_COLUMNS, Status } from '../schema.js';
import { type Change, LONGEST_WINDOW_NS, MemoryHistory } from './memory-history.js';

export const SHORT_WINDOW_NS = 10e9;
export const LONG_WINDOW_NS = LONGEST_WINDOW_NS;

/** `unread`: no deep read yet, or none of a target that it would hold for too long. */
export type DeepState = 'ok' | 'denied' | 'no-mm' | 'unread';

/** One process at the newest frame: bytes, NaN where not measured. Immutable but for its name's bytes. */
export interface LiveProcess {
  /** See `identityKey`. */
  readonly key: string;
  readonly slot: number;
  readonly identity: ProcessIdentity;
  readonly rss: number;
  readonly rssAnon: number;
  readonly pss: number;
  readonly pssFile: number;
  readonly pssShmem: number;
  readonly uss: number;
  readonly swap: number;
  readonly deep: DeepState;
  /** Nanoseconds since the deep read that gave these; NaN when there was none. */
  readonly deepAgeNs: number;
  /** Change of rss over the last 10 seconds, and the last 10 minutes. */
  readonly short: Change;
  readonly long: Change;
  /** Most rss that was seen, and when: monotonic nanoseconds. */
  readonly peak: number;
  readonly peakNs: bigint;
  /** Runs in the memory map of another process in the list, which counts it. */
  readonly shares?: boolean;
}

interface Kept {
  key: string;
  deep: DeepState;
  peak: number;
  peakNs: bigint;
}

const counterAt = (name: MetricName) => COUNTER_COLUMNS.indexOf(name);
const rollupAt = (name: MetricName) => ROLLUP_COLUMNS.indexOf(name);
const [RSS, RSS_ANON] = [counterAt('rss'), counterAt('rssAnon')];
const [PSS, PSS_FILE, PSS_SHMEM] = [rollupAt('pss'), rollupAt('pssFile'), rollupAt('pssShmem')];
const [USS, SWAP] = [rollupAt('uss'), rollupAt('swap')];

export class LiveProcesses {
  readonly history = new MemoryHistory();
  readonly #kept: (Kept | undefined)[] = [];
  #processes: LiveProcess[] = [];
  #withoutMemory = 0;
  #startNs: number | undefined;
  #nowNs = 0;

  /** Takes in the frame that the walk stands on: every one, in order. */
  absorb(frame: StandingFrame): void {
    const nowNs = Number(frame.startNs);
    this.#startNs ??= nowNs;
    this.#nowNs = nowNs;
    this.history.advance(nowNs);
    const { slots, count } = frame.rows;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const key = frame.key(slot);
      if (key === undefined || frame.status(slot) === Status.gone) continue;
      const kept = this.#keep(slot, key);
      if (frame.isRead(slot)) kept.deep = deepState(frame.rollupStatus(slot));
      const rss = frame.counter(RSS, slot);
      this.history.put(slot, rss, nowNs);
      if (rss > kept.peak) {
        kept.peak = rss;
        kept.peakNs = frame.startNs;
      }
    }
  }

  /** Lists the processes of the frame that was taken in last, on which the walk still stands. */
  list(frame: StandingFrame): void {
    this.#processes = [];
    this.#withoutMemory = 0;
    const { slots, count } = frame.rows;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const kept = this.#kept[slot];
      if (kept === undefined || kept.key !== frame.key(slot) || frame.status(slot) === Status.gone) continue;
      if (frame.status(slot) === Status.noMm) this.#withoutMemory++;
      else this.#processes.push(this.#process(frame, slot, kept));
    }
  }

  /** Those that have memory of their own, at the frame that was listed. */
  get processes(): readonly LiveProcess[] {
    return this.#processes;
  }

  /** Kernel threads and zombies at that frame. */
  get withoutMemory(): number {
    return this.#withoutMemory;
  }

  /** Nanoseconds that have been seen. */
  get seenNs(): number {
    return this.#startNs === undefined ? 0 : this.#nowNs - this.#startNs;
  }

  #keep(slot: number, key: string): Kept {
    const known = this.#kept[slot];
    if (known?.key === key) return known;
    if (known) this.history.forget(slot);
    const kept: Kept = { key, deep: 'unread', peak: Number.NEGATIVE_INFINITY, peakNs: 0n };
    this.#kept[slot] = kept;
    return kept;
  }

  #process(frame: StandingFrame, slot: number, kept: Kept): LiveProcess {
    const rss = frame.counter(RSS, slot);
    const change = (windowNs: number) => this.history.change(slot, rss, windowNs, this.#nowNs);
    const age = frame.rollupAgeNs(slot);
    return {
      key: kept.key,
      slot,
      identity: frame.identity(slot)!,
      rss,
      rssAnon: frame.counter(RSS_ANON, slot),
      pss: frame.rollup(PSS, slot),
      pssFile: frame.rollup(PSS_FILE, slot),
      pssShmem: frame.rollup(PSS_SHMEM, slot),
      uss: frame.rollup(USS, slot),
      swap: frame.rollup(SWAP, slot),
      deep: kept.deep,
      deepAgeNs: age === undefined ? Number.NaN : Number(age),
      short: change(SHORT_WINDOW_NS),
      long: change(LONG_WINDOW_NS),
      peak: Number.isFinite(kept.peak) ? kept.peak : Number.NaN,
      peakNs: kept.peakNs,
    };
  }
}

function deepState(status: number): DeepState {
  if (status === Status.ok) return 'ok';
  if (status === Status.denied) return 'denied';
  return status === Status.noMm ? 'no-mm' : 'unread';
}

/** What a process's memory is made of: bytes that are resident or swapped out. */
export interface Composition {
  readonly anon: number;
  readonly file: number;
  readonly shmem: number;
  readonly swap: number;
}

/**
 * Anonymous memory exactly; the rest of the resident memory divided in the proportion of the last deep read, or as file
 * where there was none; swap as the last deep read had it, else none. Undefined without resident memory.
 */
export function compositionOf(
  measured: Pick<LiveProcess, 'rss' | 'rssAnon' | 'pssFile' | 'pssShmem' | 'swap'>,
): Composition | undefined {
  const { rss, rssAnon, pssFile, pssShmem, swap } = measured;
  if (!(rss + (swap || 0) > 0)) return undefined;
  const anon = Math.min(rss, rssAnon || 0);
  const shared = pssFile + pssShmem;
  const shmem = shared > 0 ? (rss - anon) * (pssShmem / shared) : 0;
  return { anon, file: rss - anon - shmem, shmem, swap: swap || 0 };
}
