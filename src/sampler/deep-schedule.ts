/**
 * Which processes are due for a deep read, and how each is to be read.
 *
 * The traps: a deep read holds its target's memory map while it walks it, 20 to 27 ns a page, so what would take too long
 * in one go is read in pieces, or not at all; and with `auto` the time for deep reads is short, so it goes where the
 * error that has built up since the last read is largest for what a read costs. The cheap counters tell of it: memory that
 * came or went, pages that were faulted in, and comings and goings of others, with whom file pages are shared.
 */
import { Status } from '../schema.js';

export type DeepRate = 'auto' | 'off' | number;

/** `none`: one read would hold the target for too long, and there is no other way. */
export type DeepMethod = 'whole' | 'paced' | 'none';

export interface DeepLimits {
  /** A target that a whole read would hold for longer is read in pieces. */
  readonly maxHoldNs: number;
  /** Longer holds that somebody has agreed to: once for each process. */
  readonly allowHoldNs: number;
  /** Whether this tier can be read in pieces. */
  readonly canPace: boolean;
  /** The processes fork from each other: whoever comes or goes changes what the others share, and no counter tells. */
  readonly areRelatives?: boolean;
  /**
   * With `auto`, of one core: a process that neither grows nor shrinks is read again no sooner than this pays for the read. What
   * was saved up is for others. Relatives are a command from its begin on, which may end before that is used up: they are
   * not held back.
   */
  readonly share?: number;
}

/** What the counters say of each slot. */
export interface Movement {
  readonly rss: Float64Array;
  readonly faults: Float64Array;
}

const HOLD_NS_PER_PAGE = 25;
const HOLD_NS_LEAST = 40_000;
const PACED_NS_PER_PAGE = 90;
const PACED_NS_LEAST = 200_000;
/** With `auto`: whatever moved or not, a process is read that often. */
const MAX_AGE_NS = 60e9;
/** With `auto`: an expected error below this share of the resident memory waits for the age. */
const WORTHWHILE = 0.005;
/**
 * How much more the bytes of a process count that was never read: what moved since a read is estimated by the counters, mostly right to
 * an eighth of it, and of the other nothing is told.
 */
const NEVER_READ = 8;
/** A fault brings or exchanges one page; most exchange what is counted already. */
const PAGES_PER_FAULT = 0.25;
/** Relatives that came or went have a process read again no sooner than this. */
const RELATIVES_NS = 20e6;
/** Who has become so much larger or smaller is read again at once. */
const GROWN = 0.05;
const BUCKETS = 64;
const FADING = 0.9;

/** For how long a walk of so many resident bytes is expected to hold its target, when nothing was measured yet. */
export function foreseenHoldNs(rss: number, pageSize: number): number {
  return HOLD_NS_LEAST + (rss / pageSize || 0) * HOLD_NS_PER_PAGE;
}

export class DeepSchedule {
  readonly #rate: DeepRate;
  readonly #pageSize: number;
  readonly #limits: DeepLimits;
  /** With `auto` no process is read more often than this. */
  readonly #leastIntervalNs: number;
  /** A read belongs to the nearest tick, which may be a little before it is due. */
  readonly #slackNs: number;
  #nextDue = new Float64Array(64);
  /** Until then the budget has not paid for another read. */
  #paidAt = new Float64Array(64);
  #readAt = new Float64Array(64);
  #rss = new Float64Array(64);
  #faults = new Float64Array(64);
  /** Of the PSS that was read, the part of pages that others map too. */
  #shared = new Float32Array(64);
  #turnover = new Float64Array(64);
  /** Holds of the last two whole reads, ns; their smaller one counts, since a wait for a processor is no hold. */
  #holds: [Float32Array, Float32Array] = [new Float32Array(64), new Float32Array(64)];
  /** Resident bytes at the last whole read, which that hold was for: reads in pieces may have come since. */
  #heldRss = new Float64Array(64);
  #consentUsed = new Uint8Array(64);
  #comings = 0;
  /** Of relatives: all resident bytes, now and by slot at its read, without its own. */
  #total = 0;
  #othersAtRead = new Float64Array(0);
  /** Where the next search for due slots begins, so that none is starved. */
  #cursor = 0;
  readonly #buckets: number[][] = Array.from({ length: BUCKETS }, () => []);

  constructor(rate: DeepRate, pageSize: number, leastIntervalNs: number, limits: DeepLimits, periodNs = 0) {
    this.#rate = rate;
    this.#pageSize = pageSize;
    this.#limits = limits;
    this.#leastIntervalNs = leastIntervalNs;
    this.#slackNs = typeof rate === 'number' ? periodNs / 2 : 0;
    if (limits.areRelatives) this.#othersAtRead = new Float64Array(this.#nextDue.length);
  }

  get isOff(): boolean {
    return this.#rate === 'off';
  }

  /** Whether reads are to stay inside the budget. */
  get isBudgeted(): boolean {
    return this.#rate === 'auto';
  }

  /** A slot has a new process: it is due at once. */
  arrived(slot: number): void {
    if (this.isOff) return;
    if (slot >= this.#nextDue.length) this.#grow(Math.max(slot + 1, this.#nextDue.length * 2));
    for (const column of [this.#nextDue, this.#paidAt, this.#readAt, this.#rss, this.#shared, ...this.#holds])
      column[slot] = 0;
    this.#consentUsed[slot] = 0;
    this.#comings++;
  }

  /** A process has gone: pages that it shared count for more with the others. */
  departed(): void {
    this.#comings++;
  }

  /** How a process of so many resident bytes is to be read. */
  methodOf(slot: number, rss: number): DeepMethod {
    return this.#methodFor(slot, this.#predictedHold(slot, rss));
  }

  #methodFor(slot: number, hold: number): DeepMethod {
    const { maxHoldNs, allowHoldNs, canPace } = this.#limits;
    if (hold <= maxHoldNs || (hold <= allowHoldNs && this.#consentUsed[slot] === 0)) return 'whole';
    return canPace ? 'paced' : 'none';
  }

  /** What reading it is expected to cost, CPU nanoseconds. */
  costNs(slot: number, rss: number): number {
    const hold = this.#predictedHold(slot, rss);
    return this.#costOf(this.#methodFor(slot, hold), hold, rss);
  }

  #costOf(method: DeepMethod, hold: number, rss: number): number {
    if (method === 'whole') return HOLD_NS_LEAST + hold;
    return PACED_NS_LEAST + (rss / this.#pageSize || 0) * PACED_NS_PER_PAGE;
  }

  /**
   * Fills `out` with the live slots that are due: with a fixed rate beginning behind the last one read, with `auto` those
   * first whose expected error is largest for their cost. Returns how many. Those that must not be read are left out.
   */
  due(live: Uint32Array, count: number, nowNs: number, moved: Movement, out: Uint32Array): number {
    if (this.#rate === 'off' || count === 0) return 0;
    return this.#rate === 'auto'
      ? this.#mostWanted(live, count, nowNs, moved, out)
      : this.#inTurn(live, count, nowNs, moved, out);
  }

  /** A slot was read: `holdNs` is NaN when nothing was measured, `shared` the PSS of pages that others map too. */
  read(slot: number, status: number, holdNs: number, isPaced: boolean, shared: number, nowNs: number, moved: Movement) {
    if (this.isOff) return;
    this.#cursor = slot + 1;
    this.#readAt[slot] = nowNs;
    if (status === Status.noMm || status === Status.unsupported) {
      // A kernel thread or a zombie never gets memory, a kernel never gets the file: not asked again.
      this.#nextDue[slot] = Number.POSITIVE_INFINITY;
      return;
    }
    if (status === Status.ok) {
      this.#rss[slot] = moved.rss[slot]!;
      this.#faults[slot] = moved.faults[slot]!;
      this.#shared[slot] = shared;
      this.#turnover[slot] = this.#comings;
      if (this.#limits.areRelatives) this.#othersAtRead[slot] = this.#total - moved.rss[slot]!;
      if (isPaced) this.#fade(slot);
      else {
        if (holdNs > this.#limits.maxHoldNs) this.#consentUsed[slot] = 1;
        this.#holds[1][slot] = this.#holds[0][slot]!;
        this.#holds[0][slot] = holdNs;
        this.#heldRss[slot] = moved.rss[slot]!;
      }
    }
    if (typeof this.#rate === 'number') {
      // From when it was due, not from when it was read: else every read slips by what it took, and with that by a tick.
      const next = this.#nextDue[slot]! + 1e9 / this.#rate;
      this.#nextDue[slot] = next > nowNs ? next : nowNs + 1e9 / this.#rate;
      return;
    }
    this.#nextDue[slot] = nowNs + this.#leastIntervalNs;
    const { share, areRelatives } = this.#limits;
    if (share !== undefined && !areRelatives) this.#paidAt[slot] = nowNs + this.costNs(slot, moved.rss[slot]!) / share;
  }

  /** Bytes by which PSS and USS may have moved since the last read; of a process that was never read all it has. */
  expectedError(slot: number, liveCount: number, moved: Movement): number {
    const rss = moved.rss[slot] || 0;
    if (this.#readAt[slot] === 0 || !(this.#rss[slot]! > 0)) return Math.max(rss, this.#pageSize);
    const faults = Math.max(0, moved.faults[slot]! - this.#faults[slot]!) || 0;
    const turnover = (this.#comings - this.#turnover[slot]!) / Math.max(1, liveCount);
    return (
      Math.abs(rss - this.#rss[slot]!) +
      Math.min(rss, faults * PAGES_PER_FAULT * this.#pageSize) +
      this.#shared[slot]! * Math.min(0.5, turnover) +
      (this.#limits.areRelatives ? this.#errorOfRelatives(slot, rss, turnover) : 0)
    );
  }

  #hasNewRelatives(slot: number, nowNs: number): boolean {
    if (!this.#limits.areRelatives || nowNs - this.#readAt[slot]! < RELATIVES_NS) return false;
    return this.#comings > this.#turnover[slot]! || this.#total - this.#rss[slot]! > this.#othersAtRead[slot]! * 1.1;
  }

  /** What others have gained may be what this one had alone. */
  #errorOfRelatives(slot: number, rss: number, turnover: number): number {
    const gained = Math.max(0, this.#total - rss - this.#othersAtRead[slot]!);
    return Math.min(rss, gained) / 2 + rss * Math.min(0.5, turnover);
  }

  #predictedHold(slot: number, rss: number): number {
    const fromPages = foreseenHoldNs(rss, this.#pageSize);
    const [last, before] = [this.#holds[0][slot]!, this.#holds[1][slot]!];
    if (last === 0) return fromPages;
    const heldRss = this.#heldRss[slot]!;
    const growth = heldRss > 0 && rss > heldRss ? rss / heldRss : 1;
    const told = Math.min(last, before || Number.POSITIVE_INFINITY) * growth;
    // One read that had to wait says little: until there is a second one the pages count, when they say less.
    return before === 0 ? Math.min(told, Math.max(fromPages, told / 4)) : told;
  }

  #mayRead(slot: number, rss: number): boolean {
    if (this.methodOf(slot, rss) !== 'none') return true;
    this.#fade(slot);
    return false;
  }

  /** What long holds tell fades: they may have been waits for a processor, and without a whole read nothing corrects it. */
  #fade(slot: number): void {
    this.#holds[0][slot]! *= FADING;
    this.#holds[1][slot]! *= FADING;
  }

  #inTurn(live: Uint32Array, count: number, nowNs: number, { rss }: Movement, out: Uint32Array): number {
    let first = 0;
    while (first < count && live[first]! < this.#cursor) first++;
    let found = 0;
    for (let step = 0; step < count; step++) {
      const slot = live[(first + step) % count]!;
      if (nowNs + this.#slackNs < this.#nextDue[slot]! || !this.#mayRead(slot, rss[slot]!)) continue;
      out[found++] = slot;
    }
    return found;
  }

  #mostWanted(live: Uint32Array, count: number, nowNs: number, moved: Movement, out: Uint32Array): number {
    for (const bucket of this.#buckets) bucket.length = 0;
    if (this.#limits.areRelatives) this.#total = totalOf(live, count, moved.rss);
    for (let index = 0; index < count; index++) {
      const slot = live[index]!;
      if (nowNs < this.#nextDue[slot]! && !this.#hasNewRelatives(slot, nowNs)) continue;
      const rss = moved.rss[slot]!;
      if (nowNs < this.#paidAt[slot]! && Math.abs(rss - this.#rss[slot]!) < GROWN * rss) continue;
      // First, since it is little and most processes end here.
      const error = this.expectedError(slot, count, moved);
      const isOld = nowNs - this.#readAt[slot]! >= MAX_AGE_NS;
      if (!isOld && error < WORTHWHILE * (rss || 0)) continue;
      const hold = this.#predictedHold(slot, rss);
      const method = this.#methodFor(slot, hold);
      if (method === 'none') {
        this.#fade(slot);
        continue;
      }
      const wanted = isOld ? Math.max(error, 0.02 * (rss || this.#pageSize)) : error;
      const weight = this.#readAt[slot] === 0 ? NEVER_READ : 1;
      // By powers of two of bytes per microsecond: a finer order would cost more than it brings.
      const worth = (weight * wanted * 1e3) / this.#costOf(method, hold, rss);
      const bucket = Math.max(0, Math.min(BUCKETS - 1, 16 + Math.floor(Math.log2(worth + 1e-9))));
      this.#buckets[bucket]!.push(slot);
    }
    let found = 0;
    for (let bucket = BUCKETS - 1; bucket >= 0; bucket--)
      for (const slot of this.#buckets[bucket]!) out[found++] = slot;
    return found;
  }

  #grow(size: number): void {
    const larger = <T extends Float64Array | Float32Array | Uint8Array>(column: T): T => {
      const grown = new (column.constructor as new (size: number) => T)(size);
      grown.set(column);
      return grown;
    };
    this.#nextDue = larger(this.#nextDue);
    this.#paidAt = larger(this.#paidAt);
    this.#readAt = larger(this.#readAt);
    this.#rss = larger(this.#rss);
    this.#faults = larger(this.#faults);
    this.#heldRss = larger(this.#heldRss);
    this.#shared = larger(this.#shared);
    this.#turnover = larger(this.#turnover);
    if (this.#limits.areRelatives) this.#othersAtRead = larger(this.#othersAtRead);
    this.#holds = [larger(this.#holds[0]), larger(this.#holds[1])];
    this.#consentUsed = larger(this.#consentUsed);
  }
}

function totalOf(live: Uint32Array, count: number, rss: Float64Array): number {
  let total = 0;
  for (let index = 0; index < count; index++) total += rss[live[index]!] || 0;
  return total;
}
