/**
 * The last ten minutes of one quantity for many slots, small enough to be kept for every process of a host: seconds for
 * two minutes, and tens of seconds for the rest.
 *
 * The traps: a slot is given to another process, so it must be forgotten first; ticks are missed, so a bin without a value
 * is NaN and never the value before; and bins lie at absolute times, or a picture of them would shimmer as time goes on.
 */
const SECOND_NS = 1_000_000_000;
const FINE_BINS = 128;
const COARSE_SECONDS = 10;
const COARSE_BINS = 64;

/** The longest window that can be asked for, nanoseconds. */
export const LONGEST_WINDOW_NS = 600 * SECOND_NS;

/** Seconds that one point of a shape can stand for. */
const POINT_SECONDS = [1, 2, 5, 10, 20, 30, 60];

/** A change, and over how long it really is: less than was asked for where the slot is younger. */
export interface Change {
  readonly value: number;
  readonly overNs: number;
}

/** Bins of equal length for all slots; a column is a bin. */
class Bins {
  readonly #columns: Float64Array[];
  #last = -1;

  constructor(
    private readonly count: number,
    private slots: number,
  ) {
    this.#columns = Array.from({ length: count }, () => new Float64Array(slots).fill(Number.NaN));
  }

  /** Goes on to a bin: those that were skipped, and the one itself when it is new, hold nothing. */
  advance(bin: number): void {
    for (let next = Math.max(this.#last + 1, bin - this.count + 1); next <= bin; next++)
      this.#column(next).fill(Number.NaN);
    this.#last = Math.max(this.#last, bin);
  }

  get(bin: number, slot: number): number {
    return bin < 0 || bin > this.#last || bin <= this.#last - this.count ? Number.NaN : this.#column(bin)[slot]!;
  }

  set(bin: number, slot: number, value: number): void {
    this.#column(bin)[slot] = value;
  }

  forget(slot: number): void {
    for (const column of this.#columns) column[slot] = Number.NaN;
  }

  grow(slots: number): void {
    this.slots = slots;
    this.#columns.forEach((column, index) => {
      const larger = new Float64Array(this.slots).fill(Number.NaN);
      larger.set(column);
      this.#columns[index] = larger;
    });
  }

  #column(bin: number): Float64Array {
    return this.#columns[bin % this.count]!;
  }
}

export class MemoryHistory {
  #slots = 64;
  /** The last value of each second. */
  readonly #fine = new Bins(FINE_BINS, this.#slots);
  /** The first and the largest value of each ten seconds. */
  readonly #coarse = new Bins(COARSE_BINS, this.#slots);
  readonly #peaks = new Bins(COARSE_BINS, this.#slots);
  /** By slot: when it was first written, and with what. */
  #firstNs = new Float64Array(this.#slots).fill(Number.NaN);
  #firstValue = new Float64Array(this.#slots).fill(Number.NaN);
  #originNs: number | undefined;
  #second = 0;

  /** Goes on to a time, nanoseconds of any clock that does not go back. */
  advance(nowNs: number): void {
    this.#originNs ??= nowNs;
    this.#second = Math.max(this.#second, this.#secondOf(nowNs));
    this.#fine.advance(this.#second);
    this.#coarse.advance(this.#tens);
    this.#peaks.advance(this.#tens);
  }

  /** The value of a slot at the time that was advanced to; NaN is not stored. */
  put(slot: number, value: number, nowNs: number): void {
    if (Number.isNaN(value)) return;
    if (slot >= this.#slots) this.#grow(slot);
    if (Number.isNaN(this.#firstNs[slot]!)) {
      this.#firstNs[slot] = nowNs;
      this.#firstValue[slot] = value;
    }
    const tens = this.#tens;
    this.#fine.set(this.#second, slot, value);
    if (Number.isNaN(this.#coarse.get(tens, slot))) this.#coarse.set(tens, slot, value);
    const peak = this.#peaks.get(tens, slot);
    if (!(peak >= value)) this.#peaks.set(tens, slot, value);
  }

  /** The slot belongs to somebody else from now on. */
  forget(slot: number): void {
    if (slot >= this.#slots) return;
    for (const bins of [this.#fine, this.#coarse, this.#peaks]) bins.forget(slot);
    this.#firstNs[slot] = Number.NaN;
    this.#firstValue[slot] = Number.NaN;
  }

  /** From `windowNs` ago, or from the slot's first value, to `value` now; NaN for a slot without a value. */
  change(slot: number, value: number, windowNs: number, nowNs: number): Change {
    const ageNs = nowNs - (this.#firstNs[slot] ?? Number.NaN);
    if (!(ageNs >= 0)) return { value: Number.NaN, overNs: 0 };
    const before = ageNs <= windowNs ? Number.NaN : this.#at(slot, nowNs - windowNs);
    if (!Number.isNaN(before)) return { value: value - before, overNs: windowNs };
    return { value: value - this.#firstValue[slot]!, overNs: Math.min(ageNs, windowNs) };
  }

  /**
   * `points` values up to now, oldest first, each the largest of its stretch, and the seconds that one stands for: as few
   * as it takes to show what there is, up to ten minutes. NaN where there is nothing.
   */
  shape(slot: number, points: number): { readonly values: number[]; readonly secondsPerPoint: number } {
    const elapsed = Math.min(this.#second + 1, LONGEST_WINDOW_NS / SECOND_NS);
    const secondsPerPoint = POINT_SECONDS.find((each) => this.#canShow(each, points, elapsed)) ?? POINT_SECONDS.at(-1)!;
    const isFine = secondsPerPoint < COARSE_SECONDS;
    const bins = isFine ? this.#fine : this.#peaks;
    const perPoint = isFine ? secondsPerPoint : secondsPerPoint / COARSE_SECONDS;
    const newest = Math.floor((isFine ? this.#second : this.#tens) / perPoint);
    const values = Array.from({ length: points }, (_, index) => {
      let most = Number.NaN;
      const first = (newest - points + 1 + index) * perPoint;
      for (let bin = first; bin < first + perPoint; bin++) {
        const value = slot < this.#slots ? bins.get(bin, slot) : Number.NaN;
        if (!Number.isNaN(value) && !(most >= value)) most = value;
      }
      return most;
    });
    return { values, secondsPerPoint };
  }

  #canShow(secondsPerPoint: number, points: number, elapsed: number): boolean {
    if (secondsPerPoint < COARSE_SECONDS && secondsPerPoint * points > FINE_BINS) return false;
    return secondsPerPoint * points >= elapsed;
  }

  /** The value that a slot had at a time, as near as it is known. */
  #at(slot: number, timeNs: number): number {
    const second = this.#secondOf(timeNs);
    if (second > this.#second - FINE_BINS) {
      // A tick may have been missed: the nearest second that has a value, at most as far away as the bins are coarse.
      for (let off = 0; off < COARSE_SECONDS; off++) {
        for (const near of [second - off, second + off]) {
          const value = this.#fine.get(near, slot);
          if (!Number.isNaN(value)) return value;
        }
      }
      return Number.NaN;
    }
    const tens = Math.round(second / COARSE_SECONDS);
    const value = this.#coarse.get(tens, slot);
    return Number.isNaN(value) ? this.#coarse.get(tens + 1, slot) : value;
  }

  get #tens(): number {
    return Math.floor(this.#second / COARSE_SECONDS);
  }

  #secondOf(timeNs: number): number {
    return Math.floor((timeNs - this.#originNs!) / SECOND_NS);
  }

  #grow(slot: number): void {
    this.#slots = Math.max(slot + 1, this.#slots * 2);
    for (const bins of [this.#fine, this.#coarse, this.#peaks]) bins.grow(this.#slots);
    const grown = (column: Float64Array) => {
      const larger = new Float64Array(this.#slots).fill(Number.NaN);
      larger.set(column);
      return larger;
    };
    this.#firstNs = grown(this.#firstNs);
    this.#firstValue = grown(this.#firstValue);
  }
}
