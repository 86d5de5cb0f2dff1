/**
 * How fast the resident memory of each process grows: the median of the slopes between all pairs of eleven samples, a second
 * apart or a tick where that is longer (Theil and Sen, as in `growth`).
 *
 * The traps: what was allocated at once just now is no growth, and the difference of two samples would call it that (in the
 * middle of the ten seconds it counts here too); and the median of 55 slopes for thousands of processes would be dear, so it
 * is taken only where the slope between the ends would make a rule true. Of the others that slope is told.
 */
import type { TierColumns } from '../engine/tier-columns.js';
import { COUNTER_COLUMNS, Status } from '../schema.js';
import type { ProcessTable } from './process-table.js';

const SAMPLES = 11;
const PAIRS = (SAMPLES * (SAMPLES - 1)) / 2;
const EVERY_NS = 1e9;
/** Ticks are not that exact. */
const SLACK = 0.98;
const RSS = COUNTER_COLUMNS.indexOf('rss');

export class RssGrowth {
  /** Bytes per second by slot; NaN until there are eleven samples. */
  slopes = new Float64Array(64).fill(Number.NaN);
  #samples = new Float64Array(64 * SAMPLES).fill(Number.NaN);
  /** Seconds. */
  readonly #times = new Float64Array(SAMPLES);
  readonly #pairs = new Float64Array(PAIRS);
  #count = 0;
  #nextNs = 0;

  /** `isWorth` tells of the slope between the ends and of the slot whether the median is wanted. */
  constructor(private readonly isWorth: (slope: number, slot: number) => boolean) {}

  arrived(slot: number): void {
    if (slot >= this.slopes.length) this.#grow(slot);
    this.slopes[slot] = Number.NaN;
    this.#samples.fill(Number.NaN, slot * SAMPLES, (slot + 1) * SAMPLES);
  }

  /** Takes a sample when its time has come. */
  look(nowNs: number, table: ProcessTable, counters: TierColumns): void {
    if (nowNs < this.#nextNs) return;
    this.#nextNs = nowNs + EVERY_NS * SLACK;
    const newest = this.#count % SAMPLES;
    const oldest = (this.#count + 1) % SAMPLES;
    this.#times[newest] = nowNs / 1e9;
    this.#count++;
    const seconds = this.#times[newest]! - this.#times[oldest]!;
    const rss = counters.columns[RSS]!;
    const { status } = counters;
    const { live, count } = table;
    const samples = this.#samples;
    for (let index = 0; index < count; index++) {
      const slot = live[index]!;
      const first = slot * SAMPLES;
      const value = status[slot] === Status.ok ? rss[slot]! : Number.NaN;
      samples[first + newest] = value;
      const slope = (value - samples[first + oldest]!) / seconds;
      this.slopes[slot] = this.isWorth(slope, slot) ? this.#median(first) : slope;
    }
  }

  #median(first: number): number {
    let pair = 0;
    for (let a = 0; a < SAMPLES; a++) {
      for (let b = a + 1; b < SAMPLES; b++) {
        const seconds = this.#times[b]! - this.#times[a]!;
        this.#pairs[pair++] = (this.#samples[first + b]! - this.#samples[first + a]!) / seconds;
      }
    }
    return this.#pairs.sort()[PAIRS >> 1]!;
  }

  #grow(slot: number): void {
    const rows = (slot + 1) * 2;
    const slopes = new Float64Array(rows).fill(Number.NaN);
    slopes.set(this.slopes);
    const samples = new Float64Array(rows * SAMPLES).fill(Number.NaN);
    samples.set(this.#samples);
    [this.slopes, this.#samples] = [slopes, samples];
  }
}
