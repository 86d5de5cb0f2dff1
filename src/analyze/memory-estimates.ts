/**
 * PSS, USS and swap of each process at every frame of a walk, one frame after the other: measured where the tick read them,
 * else estimated from the last read (see estimate.ts).
 *
 * The traps: a fork shares all memory of the parent, and no counter of either tells. So a process that has not been read
 * yet counts for what it has more than its parent had, unless it runs another program than its parent: then for its
 * anonymous memory. What was read before a relative came or went, or gained file pages or shmem, may be half as much now:
 * it counts for that, since a peak of sums must not be made of values of different times. And file pages and shmem that a
 * process has gained itself may be others' too: they count for half.
 */
import type { FrameWalk } from '../recording/frame-walk.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, Status } from '../schema.js';
import { type EstimateBasis, estimatePss, estimateUss } from './estimate.js';
import { grownAnonymous, grownInAll } from './grown-until-read.js';

const RSS = COUNTER_COLUMNS.indexOf('rss');
const RSS_ANON = COUNTER_COLUMNS.indexOf('rssAnon');
const MINOR = COUNTER_COLUMNS.indexOf('minorFaults');
const SWAP_ANON = COUNTER_COLUMNS.indexOf('swapAnon');
const PSS = ROLLUP_COLUMNS.indexOf('pss');
const USS = ROLLUP_COLUMNS.indexOf('uss');
const SWAP = ROLLUP_COLUMNS.indexOf('swap');
const SHARED_PART = ROLLUP_COLUMNS.indexOf('sharedPartPpm');
const SHARED_PART_ERROR = ROLLUP_COLUMNS.indexOf('sharedPartErrorPpm');
const MILLION = 1e6;
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
  anonymous: number;
  faults: number;
  uss: number;
  pss: number;
  sharedPart: number;
  sharedPartError: number;
  /** Resident memory at the read that was not its own. */
  shared: number;
  /** Growth between sweep and read that the next sweep must show, or it was none. */
  probably: number;
  readNs: bigint;
  /** Of its relatives, then. */
  turnover: number;
  othersShareable: number;
}

/** The processes that run the same program. */
export interface Relatives {
  /** Their comings and goings so far. */
  readonly turnover: number;
  /** Their file pages and shmem at this frame, bytes. */
  readonly shareable: number;
}

/** What relatives may gain unnoticed: this part of the resident memory, and so many bytes. */
const UNNOTICED = 0.1;
const UNNOTICED_BYTES = 256 * 1024;

export class MemoryEstimates {
  readonly #bases = new Map<string, Basis>();
  /** Anonymous bytes of a process that are its parent's. */
  readonly #inherited = new Map<string, number>();
  /** Filled anew by each `of`. */
  readonly #out: MemoryEstimate = {
    ...{ pss: 0, pssLow: 0, pssHigh: 0, uss: 0, ussLow: 0, ussHigh: 0, swap: Number.NaN, ageNs: 0 },
    ...{ isMeasured: false, isPaced: false },
  };

  readonly #known: { -readonly [field in keyof EstimateBasis]: number };

  constructor(pageSize: number) {
    this.#known = { rss: 0, uss: 0, pss: 0, rssNow: 0, faults: 0, ageNs: 0, pageSize };
  }

  /** Of the process in a slot of the walk's frame, whose resident memory was counted. Valid until the next call. */
  of(walk: FrameWalk, slot: number, relatives: Relatives): MemoryEstimate {
    const out = this.#out;
    const key = walk.key(slot)!;
    const rss = walk.counter(RSS, slot);
    const faults = walk.counter(MINOR, slot);
    const isRead = walk.isRead(slot) && walk.rollupStatus(slot) === Status.ok;
    const own = rss - anonymousOf(walk, slot, rss);
    if (isRead) this.#read(walk, slot, rss, faults, relatives);
    const swapped = walk.counter(SWAP_ANON, slot);
    out.swap = Number.isNaN(swapped) ? walk.rollup(SWAP, slot) : swapped;
    const basis = this.#bases.get(key);
    out.isMeasured = isRead && !Number.isNaN(basis!.pss);
    out.isPaced = isRead && walk.rollup(PACED, slot) === 1;
    if (!basis) {
      const anonymous = walk.counter(RSS_ANON, slot) || 0;
      out.pss = out.uss = Math.max(0, anonymous - (this.#inherited.get(key) ?? 0));
      // What it has faulted in itself nobody else has.
      out.pssLow = out.ussLow = out.pss;
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
    this.#settle(basis, rss, rss - own);
    const { ageNs } = out;
    const gained = Math.max(0, own - (basis.rss - basis.anonymous));
    // A million rows a minute come by here: nothing is made for each.
    const known = this.#known;
    [known.rss, known.uss, known.pss] = [basis.rss, basis.uss, basis.pss];
    [known.sharedPart, known.sharedPartError] = [basis.sharedPart, basis.sharedPartError];
    [known.rssNow, known.faults, known.ageNs] = [rss - gained, faults - basis.faults, ageNs];
    const pss = estimatePss(known);
    const uss = estimateUss(known);
    // Anonymous memory that has come is its own: relatives that share it would have come with it.
    const came = Math.max(0, rss - own - basis.anonymous);
    out.pss = pss.value + gained / 2;
    out.pssLow = Math.min(pss.value, pss.low + came);
    out.pssHigh = pss.high + gained;
    out.uss = uss.value;
    out.ussLow = Math.min(uss.value, uss.low + came);
    out.ussHigh = uss.high + gained;
    const others = relatives.shareable - own - basis.othersShareable;
    if (basis.turnover !== relatives.turnover || others > Math.max(UNNOTICED_BYTES, rss * UNNOTICED)) {
      out.pssHigh = Math.min(rss, out.pss * 2);
      out.pss = out.pssLow = Math.min(out.pss, out.pssLow) / 2;
      out.uss /= 2;
      out.ussLow = 0;
      out.ussHigh = rss;
    }
    return out;
  }

  /** A process has come that was forked from one with so many bytes of anonymous memory. */
  inherits(key: string, anonymous: number): void {
    this.#inherited.set(key, anonymous);
  }

  /** It runs another program. */
  became(key: string): void {
    this.#inherited.delete(key);
    this.#bases.delete(key);
  }

  /** A process has gone. */
  forget(key: string): void {
    this.#inherited.delete(key);
    this.#bases.delete(key);
  }

  #read(walk: FrameWalk, slot: number, rss: number, faults: number, { turnover, shareable }: Relatives): void {
    const [uss, pss] = [walk.rollup(USS, slot), walk.rollup(PSS, slot)];
    const key = walk.key(slot)!;
    const swept = anonymousOf(walk, slot, rss);
    const grown = grownAnonymous(walk, slot, swept);
    const before = this.#bases.get(key);
    const sharedBefore = before?.turnover === turnover ? before.shared : undefined;
    const probably = grownInAll(walk, slot, rss + grown, sharedBefore);
    this.#bases.set(key, {
      sharedPart: walk.rollup(SHARED_PART, slot) / MILLION,
      sharedPartError: walk.rollup(SHARED_PART_ERROR, slot) / MILLION,
      ...{ rss: rss + grown, anonymous: swept + grown, faults: faults + grown / this.#known.pageSize, probably },
      ...{ uss, pss, shared: rss + grown + probably - uss, readNs: walk.startNs, turnover },
      othersShareable: shareable - (rss - swept),
    });
  }

  /** What it has probably grown by before its read is in the sweep after that, with its kind, or it was not so. */
  #settle(basis: Basis, rss: number, anonymous: number): void {
    if (basis.probably === 0) return;
    const grown = Math.min(basis.probably, Math.max(0, rss - basis.rss));
    basis.rss += grown;
    basis.anonymous += Math.min(grown, Math.max(0, anonymous - basis.anonymous));
    basis.faults += grown / this.#known.pageSize;
    basis.probably = 0;
  }
}

/** All of it where the engine does not tell. */
function anonymousOf(walk: FrameWalk, slot: number, rss: number): number {
  const anonymous = walk.counter(RSS_ANON, slot);
  return Number.isNaN(anonymous) ? rss : anonymous;
}
