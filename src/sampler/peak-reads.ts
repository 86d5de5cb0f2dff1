/**
 * When every mapping of a target is read so that one knows what was in its peak: `mappings: 'peak'`.
 *
 * The trap: nobody knows that a peak was one before it is over, and reading holds the target. So a read is made near each
 * new maximum of the resident memory of all processes together, under a rule that bounds their number and their cost:
 *
 * - The sum has grown by 2 % and 256 KiB at least since the last read. So one doubling costs 36 reads at most.
 * - It grows no further (by less than 1 % in this tick), or has grown by a quarter since the last read.
 * - All reads together may take 2 % of the time that has passed, and 20 ms more: predicted before, counted afterwards.
 * - Of the processes only the largest 32, and of those what has a hundredth of the sum; none that one read would hold for
 *   longer than 50 ms.
 */
import type { ProcessTable } from './process-table.js';

const GROWTH = 1.02;
const LEAST_GROWTH_BYTES = 256 * 1024;
const LEVEL = 1.01;
const STEEP = 1.25;
const SHARE_OF_TIME = 0.02;
const FREE_NS = 20e6;
const MOST_PROCESSES = 32;
const LEAST_PART = 0.01;
const MOST_HOLD_NS = 50e6;
/** What smaps takes, by page and by read. */
const NS_PER_PAGE = 25;
const NS_PER_READ = 150_000;

export class PeakReads {
  readonly #pageSize: number;
  #beganNs: number | undefined;
  /** The sum at the last read, and at the tick before. */
  #readAt = 0;
  #before = 0;
  #spentNs = 0;

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** Fills `out` with the slots to be read now, the largest first. Returns how many: mostly 0. */
  due(table: ProcessTable, rss: Float64Array, nowNs: number, out: Uint32Array): number {
    this.#beganNs ??= nowNs;
    const { live, count } = table;
    let sum = 0;
    for (let index = 0; index < count; index++) sum += rss[live[index]!] || 0;
    const before = this.#before;
    this.#before = sum;
    if (sum < this.#readAt * GROWTH + LEAST_GROWTH_BYTES) return 0;
    if (sum > before * LEVEL && sum < this.#readAt * STEEP) return 0;
    const large: number[] = [];
    for (let index = 0; index < count; index++) {
      const slot = live[index]!;
      if (rss[slot]! >= sum * LEAST_PART && this.#costOf(rss[slot]!) <= MOST_HOLD_NS) large.push(slot);
    }
    large.sort((a, b) => rss[b]! - rss[a]!);
    const chosen = large.slice(0, Math.min(MOST_PROCESSES, out.length));
    const cost = chosen.reduce((total, slot) => total + this.#costOf(rss[slot]!), 0);
    if (chosen.length === 0 || this.#spentNs + cost > FREE_NS + SHARE_OF_TIME * (nowNs - this.#beganNs)) return 0;
    this.#readAt = sum;
    out.set(chosen);
    return chosen.length;
  }

  /** Reads took so long. */
  spent(ns: number): void {
    this.#spentNs += ns;
  }

  #costOf(rss: number): number {
    return NS_PER_READ + (rss / this.#pageSize) * NS_PER_PAGE;
  }
}
