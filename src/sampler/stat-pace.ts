/**
 * For how many slots a tick reads `stat`.
 *
 * The trap: `statm` answers in about a microsecond, `stat` in two to four, more with many threads; at thousands of
 * processes and a hundred ticks a second both together do not fit into a tick, and every tick would be missed. Memory is
 * what a tick is for. So when sweeps take too long, `stat` (faults, CPU time, threads, parent) is read for every second,
 * fourth, eighth ... slot in turn, and the rows that were left out say so.
 */

/** A sweep may take this share of the period, the rest is for storing, for deep reads and for others on this processor. */
const MOST = 0.5;
/** Below this share twice as many can be read and it is still within `MOST`. */
const LEAST = 0.2;
const TICKS_BEFORE_LESS = 2;
const TICKS_BEFORE_MORE = 200;
const MOST_EVERY = 64;

export class StatPace {
  /** `stat` is read for the slots with slot mod `every` = tick mod `every`. */
  every = 1;
  readonly #periodNs: number;
  #over = 0;
  #under = 0;

  constructor(periodNs: number) {
    this.#periodNs = periodNs;
  }

  /** A sweep took so long. */
  swept(durationNs: number): void {
    const share = durationNs / this.#periodNs;
    this.#over = share > MOST ? this.#over + 1 : 0;
    this.#under = share < LEAST ? this.#under + 1 : 0;
    if (this.#over >= TICKS_BEFORE_LESS && this.every < MOST_EVERY) this.#set(this.every * 2);
    else if (this.#under >= TICKS_BEFORE_MORE && this.every > 1) this.#set(this.every / 2);
  }

  #set(every: number): void {
    this.every = every;
    this.#over = 0;
    this.#under = 0;
  }
}
