/**
 * Monotonic times of frames to Unix time and back.
 *
 * The trap: the two clocks drift, the real one is stepped, and the monotonic one stands still while the machine sleeps.
 * So a time is placed by the last pair of readings at or before it, and a step shows where it happened. Where the real one was
 * set back, one Unix time is that of two instants: what has to be one takes the latest that there are frames of.
 */
export interface ClockPair {
  readonly monotonicNs: bigint;
  readonly realNs: bigint;
}

/** Monotonic nanoseconds, both ends included. */
export interface MonotonicSpan {
  readonly fromNs: bigint;
  readonly untilNs: bigint;
}

/** A step back of the real clock below this is the usual correction and no second occurrence of a time. */
const SET_BACK_NS = 1_000_000_000n;

export class ClockLine {
  readonly #pairs: ClockPair[];
  #stretches: readonly ClockLine[] | undefined;

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

  /** The parts between which the real clock was set back, the latest first; each ends where the one behind it begins. */
  get stretches(): readonly ClockLine[] {
    if (this.#stretches) return this.#stretches;
    const parts: ClockPair[][] = [];
    for (const [index, pair] of this.#pairs.entries()) {
      const before = this.#pairs[index - 1];
      const isSetBack = before && pair.realNs - before.realNs <= pair.monotonicNs - before.monotonicNs - SET_BACK_NS;
      if (!before || isSetBack) parts.unshift([]);
      parts[0]!.push(pair);
    }
    this.#stretches = parts.length === 1 ? [this] : parts.map((pairs) => new ClockLine(pairs));
    return this.#stretches;
  }

  /**
   * The monotonic times of a span that have this Unix time, the latest first: several where the clock was set back, none where it
   * never was. One that a step forward left out is the instant of that step.
   */
  instants(unixNs: bigint, { fromNs, untilNs }: MonotonicSpan): bigint[] {
    const found: bigint[] = [];
    let endNs = untilNs;
    for (const stretch of this.stretches) {
      const timeNs = stretch.toMonotonic(unixNs);
      const beginNs = stretch === this.stretches.at(-1) ? fromNs : stretch.#beginNs;
      if (timeNs >= beginNs && timeNs >= fromNs && timeNs <= endNs) found.push(timeNs);
      if (stretch.#beginNs <= endNs) endNs = stretch.#beginNs - 1n;
    }
    return found;
  }

  /** The latest instant of a span that has this Unix time; as `toMonotonic` where none has. */
  instant(unixNs: bigint, span: () => MonotonicSpan | undefined): bigint {
    const reached = this.stretches.length === 1 ? undefined : span();
    return (reached && this.instants(unixNs, reached)[0]) ?? this.toMonotonic(unixNs);
  }

  /** So long before a monotonic time as the real clock had it, what it was set back by left out. */
  before(monotonicNs: bigint, durationNs: bigint): bigint {
    if (durationNs === 0n) return monotonicNs;
    let [endNs, restNs] = [monotonicNs, durationNs];
    for (const stretch of this.stretches) {
      const isFirst = stretch === this.stretches.at(-1);
      if (stretch.#beginNs > endNs && !isFirst) continue;
      const endUnixNs = stretch.toUnix(endNs);
      const lengthNs = endUnixNs - stretch.#pairs[0]!.realNs;
      if (isFirst || restNs <= lengthNs) return stretch.toMonotonic(endUnixNs - restNs);
      restNs -= lengthNs;
      endNs = stretch.#beginNs;
    }
    return endNs;
  }

  /** Unix nanoseconds at the begin and the end of each stretch within a span, the latest first. */
  unixStretches({ fromNs, untilNs }: MonotonicSpan): { readonly firstNs: bigint; readonly lastNs: bigint }[] {
    const found: { firstNs: bigint; lastNs: bigint }[] = [];
    let endNs = untilNs;
    for (const stretch of this.stretches) {
      const isFirst = stretch === this.stretches.at(-1);
      const beginNs = isFirst || stretch.#beginNs < fromNs ? fromNs : stretch.#beginNs;
      if (beginNs > endNs) continue;
      found.push({ firstNs: stretch.toUnix(beginNs), lastNs: stretch.toUnix(endNs) });
      endNs = beginNs - 1n;
      if (endNs < fromNs) break;
    }
    return found;
  }

  get #beginNs(): bigint {
    return this.#pairs[0]!.monotonicNs;
  }

  /** A time of one pair, cut off where the next one begins. */
  #within(index: number, timeNs: bigint): bigint {
    const next = this.#pairs[index + 1];
    return next && timeNs >= next.monotonicNs ? next.monotonicNs - 1n : timeNs;
  }
}
