/**
 * For how many slots a tick reads `stat`.
 *
 * The trap: `statm` answers in about a microsecond, `stat` in two to four, more with many threads; at thousands of
 * processes and a hundred ticks a second both together do not fit into a tick, and every tick would be missed. Memory is
 * what a tick is for. So when sweeps take too long, `stat` (faults, CPU time, threads, parent) is read for every second,
 * fourth, eighth ... slot in turn, and the rows that were left out say so.
 */

import type { EngineName } from '../engine/engine.js';

/** A sweep may take this share of the period, the rest is for storing, for deep reads and for others on this processor. */
const MOST = 0.5;
/** Below this share twice as many can be read and it is still within `MOST`. */
const LEAST = 0.2;
const TICKS_BEFORE_LESS = 2;
const TICKS_BEFORE_MORE = 200;
/** After a change the next sweeps tell what it brought. */
const TICKS_TO_SETTLE = 8;
/** When reading stat of all that are left costs less than this share, leaving out more would bring nothing. */
const WORTHWHILE = 0.08;
const MOST_EVERY = 64;
const SMOOTHING = 0.25;
const TIMES_PERIOD_NS = 100_000_000;
const MANY = 256;
const OF_MANY = 4;

export class StatPace {
  /** `stat` is read for the slots with slot mod `every` = tick mod `every`. */
  every = 1;
  #periodNs: number;
  #over = 0;
  #under = 0;
  /** Smoothed share of the period that a sweep takes, now and before the last change. */
  #share = 0;
  #shareBefore = Number.POSITIVE_INFINITY;
  #ticks = 0;

  constructor(periodNs: number) {
    this.#periodNs = periodNs;
  }

  /** The ticks are at another rate from now on. */
  setPeriod(periodNs: number): void {
    this.#periodNs = periodNs;
    this.#ticks = 0;
    this.#over = 0;
    this.#under = 0;
  }

  /**
   * The engine in the kernel spends nothing on reading, and the times of a process by its threads: ten times a second. Where
   * the rate is left to the budget, memory of many processes is read twice as often for it when stat is not always.
   */
  everyOf(engine: EngineName, isRateChosen: boolean, processes: number): number {
    if (engine !== 'bpf') return isRateChosen && processes > MANY ? Math.max(this.every, OF_MANY) : this.every;
    return 2 ** Math.max(0, Math.ceil(Math.log2(TIMES_PERIOD_NS / this.#periodNs)));
  }

  /** A sweep took so long. */
  swept(durationNs: number): void {
    const share = durationNs / this.#periodNs;
    this.#share = this.#ticks++ === 0 ? share : this.#share + SMOOTHING * (share - this.#share);
    this.#over = share > MOST ? this.#over + 1 : 0;
    this.#under = share < LEAST ? this.#under + 1 : 0;
    const isSettled = this.every === 1 || this.#ticks >= TICKS_TO_SETTLE;
    if (this.#over >= TICKS_BEFORE_LESS && isSettled && this.every < MOST_EVERY && this.#isWorthwhile()) {
      this.#set(this.every * 2);
    } else if (this.#under >= TICKS_BEFORE_MORE && this.every > 1) {
      this.#set(this.every / 2);
    }
  }

  /** The last halving took as much off as what is left of stat costs now. */
  #isWorthwhile(): boolean {
    return this.every === 1 || this.#shareBefore - this.#share > WORTHWHILE;
  }

  #set(every: number): void {
    this.#shareBefore = every > this.every ? this.#share : Number.POSITIVE_INFINITY;
    this.every = every;
    this.#over = 0;
    this.#under = 0;
    this.#ticks = 0;
  }
}
