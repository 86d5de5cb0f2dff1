/**
 * The processes of a workload, or of one of its programs, added up at each frame.
 *
 * The trap: of a sum of PSS of different times one cannot tell that it was ever so; what is unsure counts for the least that
 * it can be.
 */
import type { MemoryEstimate } from './memory-estimates.js';
import { counted, type MetricReading, unknown } from './metric-reading.js';
import { type Measured, PeakTrack, type Sample } from './peak-track.js';

/** Counters that are added up. */
export const COUNTED = ['minorFaults', 'majorFaults', 'userTime', 'systemTime'] as const;

/** A sum of RSS is an upper bound; the other sums are what the kernel's shares add up to. */
export const SUMS = ['rss', 'pss', 'uss', 'swap'] as const;

/** Of the tree or of a program. Counters are nanoseconds and numbers, sums bytes. */
export interface GroupMeasures extends Record<(typeof SUMS)[number], Measured> {
  readonly processes: number;
  /** Most processes at one frame. */
  readonly mostAtOnce: number;
  /** The highest of its single processes, as sampled, and as the kernel kept it since the last exec. */
  readonly largest: { readonly sampled: MetricReading; readonly kernelPeak: MetricReading };
  readonly counters: Readonly<Record<(typeof COUNTED)[number], MetricReading>>;
  /** User and system time together, to the end of processes whose end the kernel told of. */
  readonly cpuTime: MetricReading;
}

const UNREAD = 'they ended before a tick read them';

/** Adds up the processes of a group in one frame, and follows the sums. */
export class Group {
  frame = 0;
  processes = 0;
  turnover = 0;
  /** File pages and shmem at this frame. */
  shareable = 0;
  highWater = Number.NaN;
  readonly counters = new Float64Array(COUNTED.length);
  /** Whether any tick read the counters. */
  hasCounters = false;
  /** CPU time that the kernel told of at the end of processes, beyond what ticks had read; NaN: it told of none. */
  restCpu = Number.NaN;
  #mostAtOnce = 0;
  #largest = Number.NaN;
  #count = 0;
  #rss = 0;
  #pss = [0, 0, 0] as [number, number, number];
  #uss = [0, 0, 0] as [number, number, number];
  #swap = 0;
  #swapUnknown = 0;
  #ageNs = 0;
  #isMeasured = true;
  #isPaced = false;
  #hasReads = false;
  #pending: { timeNs: bigint; sample: Sample; hasReads: boolean } | undefined;
  readonly #tracks = { rss: new PeakTrack(), pss: new PeakTrack(), uss: new PeakTrack(), swap: new PeakTrack() };

  constructor(readonly name: string) {
    this.highWater = Number.NEGATIVE_INFINITY;
  }

  begin(frame: number): void {
    this.frame = frame;
    this.shareable = 0;
    this.#count = this.#rss = this.#swap = this.#swapUnknown = this.#ageNs = 0;
    this.#pss.fill(0);
    this.#uss.fill(0);
    this.#isMeasured = true;
    this.#isPaced = this.#hasReads = false;
  }

  add(rss: number, estimate: MemoryEstimate, kernelPeak: number): void {
    this.#count++;
    this.#rss += rss;
    this.#largest = Math.max(rss, this.#largest || 0);
    if (kernelPeak > this.highWater) this.highWater = kernelPeak;
    this.#pss[0] += estimate.pss;
    this.#pss[1] += estimate.pssLow;
    this.#pss[2] += estimate.pssHigh;
    this.#uss[0] += estimate.uss;
    this.#uss[1] += estimate.ussLow;
    this.#uss[2] += estimate.ussHigh;
    if (Number.isNaN(estimate.swap)) this.#swapUnknown++;
    else this.#swap += estimate.swap;
    this.#ageNs = Math.max(this.#ageNs, estimate.ageNs);
    if (estimate.isMeasured) this.#hasReads = true;
    else this.#isMeasured = false;
    if (estimate.isPaced) this.#isPaced = true;
  }

  /** Returns whether the PSS may be the highest so far: `commit` tells. */
  end(frame: number, timeNs: bigint): boolean {
    const { rss, pss, uss, swap } = this.#tracks;
    if (this.frame !== frame || this.#count === 0) {
      for (const track of [rss, pss, uss, swap]) track.absent(timeNs);
      return false;
    }
    this.#mostAtOnce = Math.max(this.#mostAtOnce, this.#count);
    rss.take(timeNs, exact(this.#rss));
    if (this.#swapUnknown === 0) swap.take(timeNs, { ...exact(this.#swap), ageNs: this.#ageNs });
    uss.take(timeNs, this.#sample(this.#uss));
    this.#pending = { timeNs, sample: this.#sample(this.#pss), hasReads: this.#hasReads };
    return !(this.#pss[0] <= pss.peak);
  }

  /** Takes the PSS of the frame before, when it is known who ended in it. Returns whether it is the highest so far. */
  commit(isUnsure: boolean): boolean {
    const pending = this.#pending;
    this.#pending = undefined;
    if (!pending) return false;
    const { timeNs, sample, hasReads } = pending;
    const { value, high, ageNs } = sample;
    const least = { value: value / 2, low: value / 2, high, ageNs, method: undefined };
    return this.#tracks.pss.take(timeNs, isUnsure && hasReads ? least : sample);
  }

  get mostAtOnce(): number {
    return this.#mostAtOnce;
  }

  result(): GroupMeasures {
    const { rss, pss, uss, swap } = this.#tracks;
    const [minor, major, user, system] = this.counters as unknown as [number, number, number, number];
    const counter = (value: number) => (this.hasCounters ? counted(value) : unknown(UNREAD));
    const isTold = this.hasCounters || !Number.isNaN(this.restCpu);
    return {
      ...{ rss: rss.result(), pss: pss.result(), uss: uss.result() },
      swap: swap.result('no process lived long enough for a deep read'),
      processes: this.processes,
      mostAtOnce: this.#mostAtOnce,
      largest: {
        sampled: Number.isNaN(this.#largest) ? unknown('no frame was recorded') : counted(this.#largest),
        kernelPeak:
          this.highWater > 0 ? counted(this.highWater, 'kernel-peak') : unknown('nobody read VmHWM before it ended'),
      },
      counters: {
        minorFaults: counter(minor),
        majorFaults: counter(major),
        userTime: this.#part(user, user + system),
        systemTime: this.#part(system, user + system),
      },
      cpuTime: isTold ? counted(user + system + (this.restCpu || 0)) : unknown(UNREAD),
    };
  }

  /** Of what came behind the last tick of processes nobody tells which part was user time. */
  #part(value: number, both: number): MetricReading {
    if (!this.hasCounters) return unknown(UNREAD);
    if (!(this.restCpu > 0)) return counted(value);
    if (both === 0) return unknown('no tick told user and system time apart');
    const [low, high] = [value, value + this.restCpu];
    return { state: 'estimated', value: Math.round(value + this.restCpu * (value / both)), low, high, ageMs: 0 };
  }

  #sample([value, low, high]: readonly [number, number, number]): Sample {
    const method = this.#isMeasured ? (this.#isPaced ? 'paced' : 'whole') : undefined;
    return { value, low, high, ageNs: this.#ageNs, method };
  }
}

function exact(value: number): Sample {
  return { value, low: value, high: value, ageNs: 0, method: 'counter' };
}
