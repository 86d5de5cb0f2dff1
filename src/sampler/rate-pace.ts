/**
 * How many ticks a second the budget pays for, while recording: what a tick costs changes with the processes that come and
 * go, and with what else the host does.
 *
 * The trap: a rate that follows every tick would never rest, and each change costs the reader a thought. So a rate is left
 * only when it is clearly wrong, downwards at once and upwards after a while; the first tick, which opens every file,
 * tells nothing of those that follow; and waking up, storing and whoever reads what is stored take their part too, which no tick
 * sees.
 */
import { COUNTERS_PART, RATES, rateFor, TICK_NS } from './budget.js';

const SMOOTHING = 0.3;
/** A rate goes down when its ticks take this much more than their part, and up when the next one takes this much less. */
const TOO_MUCH = 1.25;
const LITTLE = 0.8;
const TICKS_TO_SETTLE = 3;
const LEAST_NS = 2e9;
const LEAST_BEFORE_MORE_NS = 10e9;
/** What everything took is known after so long; a rate at which it was too much is tried again after so long, or when ticks cost less. */
const SETTLED_NS = 15e9;
const TRY_AGAIN_NS = 600e9;
/** At this rate and below it is not the ticks that cost: what is done once a second whatever the rate would drive it down for ever. */
const LEAST_SPOILT_HZ = 1;

export class RatePace {
  /** Ticks per second. */
  hz: number;
  readonly #share: number;
  readonly #leastHz: number;
  #tickNs = 0;
  #ticks = 0;
  #isFirst = true;
  #changedNs = Number.NEGATIVE_INFINITY;
  /** The rate at which everything took too much, and what a tick cost then. */
  #spoiltHz = Number.POSITIVE_INFINITY;
  #spoiltTickNs = 0;
  #spoiltAtNs = 0;

  /** Begins with a rate that was found for a share of one core; it never falls below `leastHz`. */
  constructor(share: number, hz: number, leastHz: number) {
    this.#share = share;
    this.hz = hz;
    this.#leastHz = leastHz;
  }

  /** What a rate is chosen by, for people. */
  why(otherShare: number): string {
    const all = `everything but deep reads ${(otherShare * 100).toFixed(2)} % of a core`;
    return `a tick takes ${(this.#tickNs / 1e6).toFixed(2)} ms of CPU, ${all}`;
  }

  /**
   * A tick took so much CPU time, deep reads not counted; `otherShare`: of a core, what everything but deep reads took of late.
   * Returns whether the rate is another from now on.
   */
  ticked(nowNs: number, cpuNs: number, otherShare = 0): boolean {
    if (this.#isFirst) {
      this.#isFirst = false;
      this.#changedNs = nowNs;
      return false;
    }
    this.#tickNs = this.#tickNs === 0 ? cpuNs : this.#tickNs + SMOOTHING * (cpuNs - this.#tickNs);
    const passed = nowNs - this.#changedNs;
    if (++this.#ticks < TICKS_TO_SETTLE || passed < LEAST_NS) return false;
    const part = this.#share * COUNTERS_PART;
    const shareOf = (hz: number) => (hz * (this.#tickNs + TICK_NS)) / 1e9;
    if (shareOf(this.hz) > part * TOO_MUCH) return this.#set(rateFor(this.#share, this.#tickNs), nowNs);
    if (otherShare > this.#share && passed >= SETTLED_NS && this.hz > LEAST_SPOILT_HZ)
      return this.#spoil(otherShare, nowNs);
    const next = RATES[RATES.indexOf(this.hz) + 1];
    if (next === undefined || passed < LEAST_BEFORE_MORE_NS || shareOf(next) > part * LITTLE) return false;
    if (otherShare + shareOf(next) - shareOf(this.hz) > this.#share) return false;
    const wanted = rateFor(this.#share * LITTLE, this.#tickNs);
    const isSpoilt = nowNs - this.#spoiltAtNs < TRY_AGAIN_NS && this.#tickNs > this.#spoiltTickNs * LITTLE;
    if (isSpoilt && wanted >= this.#spoiltHz) return false;
    return this.#set(wanted, nowNs);
  }

  /** The rate of the counters is all that can give way: it goes down as far as everything is above the budget. */
  #spoil(otherShare: number, nowNs: number): boolean {
    this.#spoiltHz = this.hz;
    this.#spoiltTickNs = this.#tickNs;
    this.#spoiltAtNs = nowNs;
    const most = (this.hz * this.#share) / otherShare;
    return this.#set(Math.max(LEAST_SPOILT_HZ, RATES.findLast((rate) => rate <= most) ?? RATES[0]!), nowNs);
  }

  #set(hz: number, nowNs: number): boolean {
    const wanted = Math.max(this.#leastHz, hz);
    this.#ticks = 0;
    this.#changedNs = nowNs;
    if (wanted === this.hz) return false;
    this.hz = wanted;
    return true;
  }
}
