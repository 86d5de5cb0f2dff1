/**
 * Peak and mean of one quantity over frames. The mean is over time: each value holds until the next frame.
 *
 * The trap: the highest of many estimates is the one that errs most. So the peak is the highest value that is known within
 * 5 %, unless another one is higher for certain.
 */
import type { MetricReading } from './metric-reading.js';

/** A value at one instant, with what is known of its bounds. */
export interface Sample {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly ageNs: number;
  /** Undefined: estimated. */
  readonly method: 'counter' | 'whole' | 'paced' | undefined;
}

export interface Measured {
  /** Highest value. */
  readonly peak: MetricReading;
  /** When: monotonic nanoseconds; undefined when nothing was measured. */
  readonly peakAtNs: bigint | undefined;
  readonly mean: MetricReading;
}

const TIGHT = 0.05;

export class PeakTrack {
  #peak: Sample | undefined;
  #peakAtNs: bigint | undefined;
  #isTight = false;
  #last: Sample | undefined;
  #lastAtNs = 0n;
  #time = 0;
  #area = 0;
  #lowArea = 0;
  #highArea = 0;
  #isEstimated = false;

  /** Returns whether it is the highest so far. */
  take(timeNs: bigint, sample: Sample): boolean {
    this.#passTo(timeNs);
    this.#last = { ...sample };
    this.#lastAtNs = timeNs;
    if (sample.method === undefined) this.#isEstimated = true;
    const isTight = sample.high - sample.low <= sample.value * TIGHT;
    if (this.#peak && !this.#isHigher(sample, isTight)) return false;
    this.#isTight = isTight;
    this.#peak = this.#last;
    this.#peakAtNs = timeNs;
    return true;
  }

  /** There is no value from here on: nobody is left. */
  absent(timeNs: bigint): void {
    this.#passTo(timeNs);
    this.#last = undefined;
  }

  get peak(): number {
    return this.#peak?.value ?? Number.NaN;
  }

  result(reason = 'no frame was recorded'): Measured {
    const peak = this.#peak;
    if (!peak) {
      const none: MetricReading = { state: 'unsupported', reason };
      return { peak: none, peakAtNs: undefined, mean: none };
    }
    // One frame alone has no duration.
    const mean = (area: number, single: number) => (this.#time > 0 ? area / this.#time : single);
    const value = mean(this.#area, peak.value);
    return {
      peak: readingOf(peak),
      peakAtNs: this.#peakAtNs,
      mean: this.#isEstimated
        ? {
            state: 'estimated',
            value,
            low: mean(this.#lowArea, peak.low),
            high: mean(this.#highArea, peak.high),
            ageMs: 0,
          }
        : { state: 'measured', value, ageMs: 0, method: peak.method ?? 'counter' },
    };
  }

  #isHigher({ value, low }: Sample, isTight: boolean): boolean {
    const peak = this.#peak!;
    if (isTight === this.#isTight) return value > peak.value;
    return isTight ? value >= peak.low : low > peak.value;
  }

  #passTo(timeNs: bigint): void {
    if (!this.#last) return;
    const passed = Number(timeNs - this.#lastAtNs);
    this.#time += passed;
    this.#area += this.#last.value * passed;
    this.#lowArea += this.#last.low * passed;
    this.#highArea += this.#last.high * passed;
  }
}

/** What is known of a sample. */
export function readingOf({ value, low, high, ageNs, method }: Sample): MetricReading {
  const ageMs = ageNs / 1e6;
  return method === undefined
    ? { state: 'estimated', value, low, high, ageMs }
    : { state: 'measured', value, ageMs, method };
}
