/**
 * The memory of a workload, frame by frame: all processes together, and those of each program.
 *
 * The traps: a sum of RSS counts shared pages once for each process, so it is an upper bound, and PSS is the sum that
 * adds up; a process becomes another program by exec, so a frame counts it for the one that it is then; and counters of a
 * process end with its last frame, while what the kernel gives to whoever waits is whole.
 */
import type { FrameWalk } from '../recording/frame-walk.js';
import { COUNTER_COLUMNS } from '../schema.js';
import { type MemoryEstimate, MemoryEstimates } from './memory-estimates.js';
import { counted, type MetricReading, unknown } from './metric-reading.js';
import { type Measured, PeakTrack, type Sample } from './peak-track.js';

const column = (name: string) => COUNTER_COLUMNS.indexOf(name);
const [RSS, HWM] = [column('rss'), column('hwm')];
const COUNTED = ['minorFaults', 'majorFaults', 'userTime', 'systemTime'] as const;
const COUNTED_COLUMNS = COUNTED.map(column);

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
}

export interface TreeMeasures {
  readonly tree: GroupMeasures;
  readonly programs: ReadonlyMap<string, GroupMeasures>;
  readonly frames: number;
  readonly lostFrames: number;
  /** Monotonic nanoseconds of the frame with the highest PSS, and who was there with how much of it. */
  readonly peakAtNs: bigint | undefined;
  readonly atPeak: readonly ProcessAtPeak[];
}

export interface ProcessAtPeak {
  readonly pid: number;
  readonly startTicks: number;
  readonly program: string;
  readonly rss: number;
  readonly pss: number;
}

/** A process of the frame before. */
interface Living {
  readonly pid: number;
  readonly startTicks: number;
  group: Group;
  rss: number;
  seenIn: number;
  /** Counters at the last frame that read them. */
  readonly counters: Float64Array;
}

export class TreeMeter {
  readonly #estimates: MemoryEstimates;
  readonly #fromNs: bigint | undefined;
  readonly #launcher: Uint8Array | undefined;
  readonly #tree = new Group('');
  readonly #programs = new Map<string, Group>();
  readonly #living = new Map<string, Living>();
  #frames = 0;
  #lost = 0;
  #atPeak: ProcessAtPeak[] = [];

  /** Frames before `fromNs` are left out, and processes called `launcher`: they are not the workload yet. */
  constructor(pageSize: number, fromNs?: bigint, launcher?: string) {
    this.#launcher = launcher === undefined ? undefined : Buffer.from(launcher);
    this.#estimates = new MemoryEstimates(pageSize);
    this.#fromNs = fromNs;
  }

  /** Takes what a walk has now. */
  follow(walk: FrameWalk): void {
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step === 'gap') this.#lost += walk.lost;
      else if (this.#fromNs === undefined || walk.startNs >= this.#fromNs) this.#take(walk);
    }
  }

  /** The kernel's high-water mark of a process of that program, when it had ended. */
  endedWith(program: string, bytes: number): void {
    for (const group of [this.#groupOf(program), this.#tree]) group.highWater = Math.max(group.highWater, bytes);
  }

  result(): TreeMeasures {
    for (const key of this.#living.keys()) this.#settle(key);
    const tree = this.#tree.result();
    const programs = new Map([...this.#programs].map(([name, group]) => [name, group.result()]));
    const { peakAtNs } = tree.pss;
    return { tree, programs, frames: this.#frames, lostFrames: this.#lost, peakAtNs, atPeak: this.#atPeak };
  }

  #take(walk: FrameWalk): void {
    const frame = ++this.#frames;
    const { slots, count } = walk.rows;
    this.#tree.begin(frame);
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const key = walk.key(slot);
      if (key === undefined) continue;
      // It has not become the command yet.
      if (this.#launcher !== undefined && isNamed(walk.identity(slot)!.comm, this.#launcher)) continue;
      const rss = walk.counter(RSS, slot);
      const living = this.#livingOf(walk, slot, key, frame);
      living.seenIn = frame;
      this.#count(walk, slot, living);
      if (Number.isNaN(rss)) continue;
      living.rss = rss;
      const { group } = living;
      if (group.frame !== frame) group.begin(frame);
      const estimate = this.#estimates.of(walk, slot);
      const kernelPeak = walk.counter(HWM, slot);
      group.add(rss, estimate, kernelPeak);
      this.#tree.add(rss, estimate, kernelPeak);
    }
    for (const [key, { seenIn }] of this.#living) if (seenIn !== frame) this.#settle(key);
    for (const group of this.#programs.values()) group.end(frame, walk.startNs);
    if (this.#tree.end(frame, walk.startNs)) this.#noteProcesses(walk);
  }

  #livingOf(walk: FrameWalk, slot: number, key: string, frame: number): Living {
    const { pid, startTicks, comm } = walk.identity(slot)!;
    const program = Buffer.from(comm).toString('latin1');
    const known = this.#living.get(key);
    if (known) {
      if (known.group.name !== program) {
        known.group = this.#groupOf(program);
        known.group.processes++;
      }
      return known;
    }
    const group = this.#groupOf(program);
    const counters = new Float64Array(COUNTED.length);
    const living = { pid, startTicks, group, rss: Number.NaN, seenIn: frame, counters };
    this.#living.set(key, living);
    group.processes++;
    this.#tree.processes++;
    return living;
  }

  /** Adds what the counters have gained since they were read last. */
  #count(walk: FrameWalk, slot: number, living: Living): void {
    for (let index = 0; index < COUNTED.length; index++) {
      const value = walk.counter(COUNTED_COLUMNS[index]!, slot);
      if (!(value > living.counters[index]!)) continue;
      const gained = value - living.counters[index]!;
      living.counters[index] = value;
      living.group.counters[index]! += gained;
      this.#tree.counters[index]! += gained;
    }
  }

  #settle(key: string): void {
    this.#living.delete(key);
    this.#estimates.forget(key);
  }

  #groupOf(program: string): Group {
    let group = this.#programs.get(program);
    if (!group) {
      group = new Group(program);
      this.#programs.set(program, group);
    }
    return group;
  }

  #noteProcesses(walk: FrameWalk): void {
    const { slots, count } = walk.rows;
    this.#atPeak = [];
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const rss = walk.counter(RSS, slot);
      const living = this.#living.get(walk.key(slot) ?? '');
      if (Number.isNaN(rss) || !living) continue;
      const { pid, startTicks, group } = living;
      this.#atPeak.push({ pid, startTicks, program: group.name, rss, pss: this.#estimates.of(walk, slot).pss });
    }
  }
}

/** Adds up the processes of a group in one frame, and follows the sums. */
class Group {
  frame = 0;
  processes = 0;
  highWater = Number.NaN;
  readonly counters = new Float64Array(COUNTED.length);
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
  readonly #tracks = { rss: new PeakTrack(), pss: new PeakTrack(), uss: new PeakTrack(), swap: new PeakTrack() };

  constructor(readonly name: string) {
    this.highWater = Number.NEGATIVE_INFINITY;
  }

  begin(frame: number): void {
    this.frame = frame;
    this.#count = this.#rss = this.#swap = this.#swapUnknown = this.#ageNs = 0;
    this.#pss.fill(0);
    this.#uss.fill(0);
    this.#isMeasured = true;
    this.#isPaced = false;
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
    if (!estimate.isMeasured) this.#isMeasured = false;
    if (estimate.isPaced) this.#isPaced = true;
  }

  /** Returns whether the PSS is the highest so far. */
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
    return pss.take(timeNs, this.#sample(this.#pss));
  }

  result(): GroupMeasures {
    const { rss, pss, uss, swap } = this.#tracks;
    const counter = (index: number) => counted(this.counters[index]!);
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
        minorFaults: counter(0),
        majorFaults: counter(1),
        userTime: counter(2),
        systemTime: counter(3),
      },
    };
  }

  #sample([value, low, high]: readonly [number, number, number]): Sample {
    const method = this.#isMeasured ? (this.#isPaced ? 'paced' : 'whole') : undefined;
    return { value, low, high, ageNs: this.#ageNs, method };
  }
}

function isNamed(comm: Uint8Array, name: Uint8Array): boolean {
  return comm.length === name.length && comm.every((byte, index) => byte === name[index]);
}

function exact(value: number): Sample {
  return { value, low: value, high: value, ageNs: 0, method: 'counter' };
}
