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

  /** The latest monotonic time that has this Unix time, or the one it would have by the nearest pair. */
  toMonotonic(unixNs: bigint): bigint {
    let best = this.#pairs[0]!;
    for (const pair of this.#pairs) if (pair.realNs <= unixNs) best = pair;
    return unixNs - best.realNs + best.monotonicNs;
  }
}
