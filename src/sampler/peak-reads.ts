/**
 * When every mapping of a target is read so that one knows what was in its peak: `mappings: 'peak'`.
 *
 * The trap: nobody knows that a peak was one before it is over, and reading holds the target. So a read is made near each
 * new maximum of the resident memory of all processes together, under a rule that bounds their number and their cost:
 *
 * - The sum has grown by half a percent and 64 KiB at least since those who are there were read.
 * - It is no less than half of the most that it ever was.
 * - It grows no further (by less than 1 % in this tick), or has grown by a quarter since the last read.
 * - All reads together may hold their targets for 2 % of the time that has passed, and 50 ms more: predicted
 *   before, counted afterwards. Half of that is kept for reads at nine tenths of the most at least. A maximum that has stood
 *   for five ticks is read whatever the others took, which on a busy host is mostly waiting for a processor.
 * - Reads that were begun before are over: what they tell is of then, and to ask anew would take it for what is there now.
 * - Of the processes only the largest 32, and of those what has a hundredth of the sum; none that one read would hold for
 *   longer than 50 ms.
 */
import type { ProcessTable } from './process-table.js';

const GROWTH = 1.005;
const LEAST_GROWTH_BYTES = 64 * 1024;
const LEVEL = 1.01;
const STEEP = 1.25;
const WORTHWHILE = 0.5;
const NEAR = 0.9;
/** Of a maximum that stands: how much less or more it may be from tick to tick, and for how many. */
const STANDING = 0.001;
const STANDING_TICKS = 5;
const SHARE_OF_TIME = 0.02;
const FREE_NS = 50e6;
const MOST_PROCESSES = 32;
const LEAST_PART = 0.01;
const MOST_HOLD_NS = 50e6;
/** What smaps takes, by page and by read. */
const NS_PER_PAGE = 25;
const NS_PER_READ = 150_000;

export class PeakReads {
  readonly #pageSize: number;
  #beganNs: number | undefined;
  /** By slot: resident bytes when it was read. */
  #read = new Float64Array(64);
  /** The sum at the tick before, and the most. */
  #before = 0;
  #most = 0;
  /** Ticks for which the sum has stood. */
  #standing = 0;
  #heldNs = 0;

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /**
   * Fills `out` with the slots to be read now, the largest first. Returns how many: mostly 0. `isReading`: some that were
   * given out before have not been read yet. To be called at each tick.
   */
  due(table: ProcessTable, rss: Float64Array, nowNs: number, out: Uint32Array, isReading = false): number {
    this.#beganNs ??= nowNs;
    const { live, count } = table;
    let sum = 0;
    let read = 0;
    for (let index = 0; index < count; index++) {
      const slot = live[index]!;
      const bytes = rss[slot] || 0;
      sum += bytes;
      read += Math.min(this.#read[slot] ?? 0, bytes);
    }
    const before = this.#before;
    this.#before = sum;
    this.#most = Math.max(this.#most, sum);
    this.#standing = Math.abs(sum - before) <= before * STANDING ? this.#standing + 1 : 0;
    if (isReading) return 0;
    if (sum < read * GROWTH + LEAST_GROWTH_BYTES || sum < this.#most * WORTHWHILE) return 0;
    if (sum > before * LEVEL && sum < read * STEEP) return 0;
    const large: number[] = [];
    for (let index = 0; index < count; index++) {
      const slot = live[index]!;
      if (rss[slot]! >= sum * LEAST_PART && this.#costOf(rss[slot]!) <= MOST_HOLD_NS) large.push(slot);
    }
    large.sort((a, b) => rss[b]! - rss[a]!);
    const chosen = large.slice(0, Math.min(MOST_PROCESSES, out.length));
    const cost = chosen.reduce((total, slot) => total + this.#costOf(rss[slot]!), 0);
    const allowed = (FREE_NS + SHARE_OF_TIME * (nowNs - this.#beganNs)) * (sum < this.#most * NEAR ? 0.5 : 1);
    const isStanding = this.#standing >= STANDING_TICKS && sum >= this.#most * (1 - STANDING);
    if (chosen.length === 0 || (this.#heldNs + cost > allowed && !isStanding)) return 0;
    // What is too small or too large to be read counts as read too, or it would be asked for at each tick.
    for (let index = 0; index < count; index++) this.#noteRead(live[index]!, rss[live[index]!] || 0);
    out.set(chosen);
    return chosen.length;
  }

  /** A slot has a new process. */
  arrived(slot: number): void {
    this.#noteRead(slot, 0);
  }

  /** Reads held their targets for so long. */
  held(ns: number): void {
    this.#heldNs += ns;
  }

  #noteRead(slot: number, bytes: number): void {
    if (slot >= this.#read.length) {
      const larger = new Float64Array(slot * 2);
      larger.set(this.#read);
      this.#read = larger;
    }
    this.#read[slot] = bytes;
  }

  #costOf(rss: number): number {
    return NS_PER_READ + (rss / this.#pageSize) * NS_PER_PAGE;
  }
}
