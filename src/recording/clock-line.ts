/**
 * Monotonic times of frames to Unix time and back.
 *
 * The trap: the two clocks drift, the real one is stepped, and the monotonic one stands still while the machine sleeps.
 * So a time is placed by the last pair of readings at or before it, and a step shows where it happened.
 */
export interface ClockPair {
  readonly monotonicNs: bigint;
  readonly realNs: bigint;
}

export class ClockLine {
  readonly #pairs: ClockPair[];

  /** `pairs` in any order, at least one. */
  constructor(pairs: readonly ClockPair[]) {
    this.#pairs = [...pairs].sort((a, b) => (a.monotonicNs < b.monotonicNs ? -1 : 1));
  }

  /** Unix nanoseconds of a monotonic time. */
  toUnix(monotonicNs: bigint): bigint {
    const pairs = this.#pairs;
    let low = 0;
    let high = pairs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (pairs[middle]!.monotonicNs <= monotonicNs) low = middle;
      else high = middle - 1;
    }
    const { monotonicNs: at, realNs } = pairs[low]!;
    return monotonicNs - at + realNs;
  }

  /**
   * The monotonic time that has this Unix time: the earliest or the latest, where a step back made it occur twice. A time
   * that a step forward left out is the instant of the step.
   */
  toMonotonic(unixNs: bigint, which: 'earliest' | 'latest' = 'latest'): bigint {
    const pairs = this.#pairs;
    const placed = (index: number) => unixNs - pairs[index]!.realNs + pairs[index]!.monotonicNs;
    if (which === 'earliest') {
      for (let index = 0; index + 1 < pairs.length; index++) {
        const { monotonicNs } = pairs[index]!;
        const time = placed(index);
        if (time < pairs[index + 1]!.monotonicNs) return index === 0 || time > monotonicNs ? time : monotonicNs;
      }
      const last = pairs.length - 1;
      const time = placed(last);
      return last === 0 || time > pairs[last]!.monotonicNs ? time : pairs[last]!.monotonicNs;
    }
    for (let index = pairs.length - 1; index > 0; index--) {
      if (placed(index) >= pairs[index]!.monotonicNs) return this.#within(index, placed(index));
    }
    return this.#within(0, placed(0));
  }

  /** A time of one pair, cut off where the next one begins. */
  #within(index: number, timeNs: bigint): bigint {
    const next = this.#pairs[index + 1];
    return next && timeNs >= next.monotonicNs ? next.monotonicNs - 1n : timeNs;
  }
}
