/**
 * Which processes are due for a deep read.
 *
 * The trap: a deep read holds its target's memory map while it walks it, 20 to 27 ns a page, so a rate that suits most
 * processes is ruinous for the largest. With `auto` a target is held for at most a thousandth of the time, judged by its
 * last read; one that a read would hold for too long, judged by its resident pages, is not read at all; and all reads
 * together stay inside a share of one core.
 */
import { Status } from '../schema.js';

export type DeepRate = 'auto' | 'off' | number;

/** With `auto` the interval between two reads of a process is at least this many times the hold of the last. */
const HOLD_RATIO = 1000;
const HOLD_NS_PER_PAGE = 25;
/** With `auto` a target that one read is expected to hold for longer is left alone. */
const MAX_HOLD_NS = 10e6;
/** With `auto`, of one core. */
const CPU_SHARE = 0.005;
/** With `auto`, what may be spent at once, so that a first pass over a host does not take minutes. */
const BURST_NS = 50e6;

export class DeepSchedule {
  readonly #rate: DeepRate;
  /** With `auto` no process is read more often than this. */
  readonly #leastIntervalNs: number;
  /** Resident bytes above which a process is not read. */
  readonly #maxRss: number;
  #nextDue = new Float64Array(64);
  /** A read belongs to the nearest tick, which may be a little before it is due. */
  readonly #slackNs: number;
  /** Where the next search for due slots begins, so that none is starved. */
  #cursor = 0;
  #creditNs = BURST_NS;
  #creditedAt = 0;

  constructor(rate: DeepRate, pageSize: number, leastIntervalNs: number, periodNs = 0) {
    this.#slackNs = typeof rate === 'number' ? periodNs / 2 : 0;
    this.#rate = rate;
    this.#leastIntervalNs = leastIntervalNs;
    this.#maxRss = rate === 'auto' ? (MAX_HOLD_NS / HOLD_NS_PER_PAGE) * pageSize : Number.POSITIVE_INFINITY;
  }

  get isOff(): boolean {
    return this.#rate === 'off';
  }

  /** A slot has a new process: it is due at once. */
  arrived(slot: number): void {
    if (slot >= this.#nextDue.length) {
      const larger = new Float64Array(Math.max(slot + 1, this.#nextDue.length * 2));
      larger.set(this.#nextDue);
      this.#nextDue = larger;
    }
    this.#nextDue[slot] = 0;
  }

  /** How long the reads of this tick may take, nanoseconds; `nowNs` is monotonic. */
  allowanceNs(nowNs: number): number {
    if (this.#rate !== 'auto') return Number.POSITIVE_INFINITY;
    if (this.#creditedAt === 0) this.#creditedAt = nowNs;
    this.#creditNs = Math.min(BURST_NS, this.#creditNs + (nowNs - this.#creditedAt) * CPU_SHARE);
    this.#creditedAt = nowNs;
    return Math.max(0, this.#creditNs);
  }

  /** The reads of this tick took so long. */
  spent(ns: number): void {
    this.#creditNs -= ns;
  }

  /**
   * Fills `out` with the live slots that are due, beginning behind the last one read. Returns how many. `rss` is the
   * column of resident bytes by slot.
   */
  due(live: Uint32Array, count: number, nowNs: number, rss: Float64Array, out: Uint32Array): number {
    if (this.#rate === 'off' || count === 0) return 0;
    let first = 0;
    while (first < count && live[first]! < this.#cursor) first++;
    let found = 0;
    for (let step = 0; step < count; step++) {
      const slot = live[(first + step) % count]!;
      if (nowNs + this.#slackNs >= this.#nextDue[slot]! && !(rss[slot]! > this.#maxRss)) out[found++] = slot;
    }
    return found;
  }

  /** A slot was read: `holdNs` is NaN when nothing was measured. */
  read(slot: number, status: number, holdNs: number, nowNs: number): void {
    this.#cursor = slot + 1;
    if (status === Status.noMm || status === Status.unsupported) {
      // A kernel thread or a zombie never gets memory, a kernel never gets the file: not asked again.
      this.#nextDue[slot] = Number.POSITIVE_INFINITY;
      return;
    }
    if (typeof this.#rate === 'number') {
      // From when it was due, not from when it was read: else every read slips by what it took, and with that by a tick.
      const next = this.#nextDue[slot]! + 1e9 / this.#rate;
      this.#nextDue[slot] = next > nowNs ? next : nowNs + 1e9 / this.#rate;
      return;
    }
    this.#nextDue[slot] = nowNs + Math.max(this.#leastIntervalNs, (holdNs || 0) * HOLD_RATIO);
  }
}
