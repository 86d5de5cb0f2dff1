/**
 * PSS, USS and swap of each process at every frame of a walk, one frame after the other: measured where the tick read them,
 * else estimated from the last read (see estimate.ts).
 *
 * The trap: a process that lives too briefly to be read has a PSS all the same. It lies between nothing, when all is shared
 * with its parent after a fork, and all that is resident; its anonymous memory is the likeliest value.
 */
import type { FrameWalk } from '../recording/frame-walk.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, Status } from '../schema.js';
import { estimatePss, estimateUss } from './estimate.js';

const RSS = COUNTER_COLUMNS.indexOf('rss');
const RSS_ANON = COUNTER_COLUMNS.indexOf('rssAnon');
const MINOR = COUNTER_COLUMNS.indexOf('minorFaults');
const SWAP_ANON = COUNTER_COLUMNS.indexOf('swapAnon');
const PSS = ROLLUP_COLUMNS.indexOf('pss');
const USS = ROLLUP_COLUMNS.indexOf('uss');
const SWAP = ROLLUP_COLUMNS.indexOf('swap');
const PACED = ROLLUP_COLUMNS.indexOf('rollupPaced');

/** Of one process at one frame, bytes; `ageNs` 0 and equal bounds where it was measured. */
export interface MemoryEstimate {
  pss: number;
  pssLow: number;
  pssHigh: number;
  uss: number;
  ussLow: number;
  ussHigh: number;
  /** NaN when it was never read. */
  swap: number;
  ageNs: number;
  isMeasured: boolean;
  isPaced: boolean;
}

interface Basis {
  rss: number;
  faults: number;
  uss: number;
  pss: number;
  readNs: bigint;
}

export class MemoryEstimates {
  readonly #pageSize: number;
  readonly #bases = new Map<string, Basis>();
  /** Filled anew by each `of`. */
  readonly #out: MemoryEstimate = {
    ...{ pss: 0, pssLow: 0, pssHigh: 0, uss: 0, ussLow: 0, ussHigh: 0, swap: Number.NaN, ageNs: 0 },
    ...{ isMeasured: false, isPaced: false },
  };

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** Of the process in a slot of the walk's frame, whose resident memory was counted. Valid until the next call. */
  of(walk: FrameWalk, slot: number): MemoryEstimate {
    const out = this.#out;
    const key = walk.key(slot)!;
    const rss = walk.counter(RSS, slot);
    const faults = walk.counter(MINOR, slot);
    const isRead = walk.isRead(slot) && walk.rollupStatus(slot) === Status.ok;
    if (isRead) this.#read(walk, slot, key, rss, faults);
    const swapped = walk.counter(SWAP_ANON, slot);
    out.swap = Number.isNaN(swapped) ? walk.rollup(SWAP, slot) : swapped;
    const basis = this.#bases.get(key);
    out.isMeasured = isRead && !Number.isNaN(basis!.pss);
    out.isPaced = isRead && walk.rollup(PACED, slot) === 1;
    if (!basis) {
      out.pss = out.uss = Math.max(0, walk.counter(RSS_ANON, slot) || 0);
      out.pssLow = out.ussLow = 0;
      out.pssHigh = out.ussHigh = rss;
      out.ageNs = 0;
      return out;
    }
    out.ageNs = Number(walk.startNs - basis.readNs);
    if (out.isMeasured) {
      out.pss = out.pssLow = out.pssHigh = basis.pss;
      out.uss = out.ussLow = out.ussHigh = basis.uss;
      return out;
    }
    const { ageNs } = out;
    const known = { ...basis, rssNow: rss, faults: faults - basis.faults, ageNs, pageSize: this.#pageSize };
    const [pss, uss] = [estimatePss(known), estimateUss(known)];
    [out.pss, out.pssLow, out.pssHigh] = [pss.value, pss.low, pss.high];
    [out.uss, out.ussLow, out.ussHigh] = [uss.value, uss.low, uss.high];
    return out;
  }

  /** A process has gone. */
  forget(key: string): void {
    this.#bases.delete(key);
  }

  #read(walk: FrameWalk, slot: number, key: string, rss: number, faults: number): void {
    const [uss, pss] = [walk.rollup(USS, slot), walk.rollup(PSS, slot)];
    this.#bases.set(key, { rss, faults, uss, pss, readNs: walk.startNs });
  }
}
