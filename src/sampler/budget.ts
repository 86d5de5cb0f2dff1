/**
 * What recording may cost: a share of one core for all that it does, counted in CPU time and not in time that passes.
 *
 * The traps: deep reads get what the rest leaves, and at a rate that was asked for the rest may leave nothing; then they
 * get a small part all the same, since a process that is never read has no PSS at all. And what was not spent must not
 * become a burst minutes later; only the begin, when nobody has been read yet, is paid ahead.
 */

/** The part of the budget that deep reads get when everything else already takes more than all of it. */
const LEAST_PART = 0.2;
/** Credit is kept for so many seconds of the budget, and at least for a few reads. */
const BURST_SECONDS = 5;
const LEAST_BURST_NS = 2e6;
/** Of the begin: enough to read some thousand processes once. */
const FIRST_SECONDS = 30;
/** Without a rate: the part of the budget that the counters may take. */
export const COUNTERS_PART = 0.5;
/** The part that the host may take, and as much again its control groups, where their rates are left to us. */
export const HOST_PART = 0.11;
/** The rates that are chosen from, ticks per second: such as people read. */
export const RATES: readonly number[] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
/** What a tick costs beside its sweep: waiting, storing, the turn of the event loop. */
export const TICK_NS = 60_000;

export class Budget {
  readonly #share: number;
  readonly #burstNs: number;
  #creditNs: number;
  #atNs: number | undefined;
  #cpuNs = 0;
  #deepNs = 0;
  #otherShare = 0;

  /** `share` of one core, above 0. */
  constructor(share: number) {
    this.#share = share;
    this.#burstNs = Math.max(LEAST_BURST_NS, BURST_SECONDS * 1e9 * share);
    this.#creditNs = Math.max(LEAST_BURST_NS, FIRST_SECONDS * 1e9 * share);
  }

  /** CPU nanoseconds that deep reads may take now. */
  get creditNs(): number {
    return Math.max(0, this.#creditNs);
  }

  /** The share that is asked for. */
  get share(): number {
    return this.#share;
  }

  /** What everything but deep reads took of late, of one core. */
  get otherShare(): number {
    return this.#otherShare;
  }

  /** A tick is over: `cpuNs` and `deepNs` are all CPU time so far, and that of deep reads alone. */
  spent(nowNs: number, cpuNs: number, deepNs: number): void {
    if (this.#atNs !== undefined && nowNs > this.#atNs) {
      const passed = nowNs - this.#atNs;
      const deep = deepNs - this.#deepNs;
      const other = Math.max(0, cpuNs - this.#cpuNs - deep);
      const smoothing = Math.min(1, passed / 5e9);
      this.#otherShare += smoothing * (other / passed - this.#otherShare);
      const earned = Math.max(this.#share * passed - other, LEAST_PART * this.#share * passed);
      const most = Math.max(this.#burstNs, this.#creditNs);
      this.#creditNs = Math.min(most, this.#creditNs + earned) - deep;
    }
    this.#atNs = nowNs;
    this.#cpuNs = cpuNs;
    this.#deepNs = deepNs;
  }
}

/** The largest of `RATES` at which sweeps of `sweepNs` each take half of the budget. */
export function rateFor(share: number, sweepNs: number): number {
  const hz = (share * COUNTERS_PART * 1e9) / (sweepNs + TICK_NS);
  return RATES.findLast((rate) => rate <= hz) ?? RATES[0]!;
}
