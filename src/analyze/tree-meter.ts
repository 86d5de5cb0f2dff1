/**
 * The memory of a workload, frame by frame: all processes together, and those of each program.
 *
 * The traps: a sum of RSS counts shared pages once for each process, so it is an upper bound, and PSS is the sum that
 * adds up; a process becomes another program by exec, so a frame counts it for the one that it is then; and counters of a
 * process end with its last frame, while what the kernel gives to whoever waits is whole.
 */
import type { ProcessIdentity } from '../engine/identity.js';
import type { FrameWalk } from '../recording/frame-walk.js';
import { COUNTER_COLUMNS } from '../schema.js';
import { COUNTED, Group, type GroupMeasures } from './group-meter.js';
import { MemoryEstimates } from './memory-estimates.js';

const column = (name: string) => COUNTER_COLUMNS.indexOf(name);
const [RSS, RSS_ANON, HWM] = [column('rss'), column('rssAnon'), column('hwm')];
/** By how much of all resident memory, and by how many bytes, what is shared may move while it is read. */
const MOVED = 0.01;
const MOVED_BYTES = 2 ** 20;
const COUNTED_COLUMNS = COUNTED.map(column);

export interface TreeMeasures {
  readonly tree: GroupMeasures;
  readonly programs: ReadonlyMap<string, GroupMeasures>;
  readonly frames: number;
  readonly lostFrames: number;
  /** Monotonic nanoseconds of the first and the last frame. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
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
  /** Another one when it has another name. */
  identity: ProcessIdentity;
  rss: number;
  anonymous: number;
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
  #firstNs = 0n;
  #lastNs = 0n;
  #atPeak: ProcessAtPeak[] = [];
  /** Of the last frame, if its PSS may be the peak. */
  #candidates: ProcessAtPeak[] = [];

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
    for (const group of this.#programs.values()) group.commit(false);
    if (this.#tree.commit(false)) this.#atPeak = this.#candidates;
    const tree = this.#tree.result();
    const programs = new Map([...this.#programs].map(([name, group]) => [name, group.result()]));
    const { peakAtNs } = tree.pss;
    return {
      tree,
      programs,
      frames: this.#frames,
      lostFrames: this.#lost,
      fromNs: this.#firstNs,
      toNs: this.#lastNs,
      peakAtNs,
      atPeak: this.#atPeak,
    };
  }

  #take(walk: FrameWalk): void {
    const frame = ++this.#frames;
    if (frame === 1) this.#firstNs = walk.startNs;
    this.#lastNs = walk.startNs;
    const { slots, count } = walk.rows;
    this.#tree.begin(frame);
    let isUnsure = this.#meet(walk, frame);
    // A read that was made in the last tick may have come after those who were swept in it had ended.
    for (const [key, { seenIn, group }] of this.#living) {
      if (seenIn === frame) continue;
      isUnsure ||= group.mostAtOnce > 1;
      this.#settle(key);
    }
    for (const group of this.#programs.values()) group.commit(isUnsure);
    if (this.#tree.commit(isUnsure)) this.#atPeak = this.#candidates;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const key = walk.key(slot);
      if (key === undefined || this.#isLauncher(walk, slot)) continue;
      const rss = walk.counter(RSS, slot);
      const { group } = this.#living.get(key)!;
      if (Number.isNaN(rss)) continue;
      const estimate = this.#estimates.of(walk, slot, group);
      const kernelPeak = walk.counter(HWM, slot);
      group.add(rss, estimate, kernelPeak);
      this.#tree.add(rss, estimate, kernelPeak);
    }
    for (const group of this.#programs.values()) group.end(frame, walk.startNs);
    if (this.#tree.end(frame, walk.startNs)) this.#noteProcesses(walk);
  }

  /**
   * Who is there, before anything is added up: what relatives share is known only then. Returns whether one of several
   * relatives has lost its memory, or what they may share has moved since the frame before: reads that were made in between
   * are of different instants, and the same page may count in them for more than one page or for less.
   */
  #meet(walk: FrameWalk, frame: number): boolean {
    let isUnsure = false;
    let [total, moved] = [0, 0];
    const { slots, count } = walk.rows;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const key = walk.key(slot);
      if (key === undefined || this.#isLauncher(walk, slot)) continue;
      const living = this.#livingOf(walk, slot, key, frame);
      living.seenIn = frame;
      this.#count(walk, slot, living);
      const rss = walk.counter(RSS, slot);
      // One that has ended and was not waited for yet has given back its memory.
      if (Number.isNaN(rss) && !Number.isNaN(living.rss)) {
        living.group.turnover++;
        isUnsure ||= living.group.mostAtOnce > 1;
      }
      const shared = living.rss - living.anonymous || 0;
      living.rss = rss;
      if (Number.isNaN(rss)) continue;
      living.anonymous = walk.counter(RSS_ANON, slot) || 0;
      if (living.group.frame !== frame) living.group.begin(frame);
      living.group.shareable += rss - living.anonymous;
      total += rss;
      if (living.group.mostAtOnce > 1) moved += Math.abs(rss - living.anonymous - shared);
    }
    return isUnsure || moved > Math.max(MOVED_BYTES, total * MOVED);
  }

  /** It has not become the command yet. */
  #isLauncher(walk: FrameWalk, slot: number): boolean {
    return this.#launcher !== undefined && isNamed(walk.identity(slot)!.comm, this.#launcher);
  }

  #livingOf(walk: FrameWalk, slot: number, key: string, frame: number): Living {
    const identity = walk.identity(slot)!;
    const known = this.#living.get(key);
    if (known?.identity === identity) return known;
    const { pid, startTicks, comm } = identity;
    const program = Buffer.from(comm).toString('latin1');
    if (known) {
      known.identity = identity;
      if (known.group.name !== program) {
        known.group.turnover++;
        known.group = this.#groupOf(program);
        known.group.processes++;
        known.group.turnover++;
        this.#estimates.became(key);
      }
      return known;
    }
    const parent = this.#processOf(walk.identity(slot)!.parentPid);
    // What runs the same was forked and has not become another program.
    if (parent?.group.name === program) this.#estimates.inherits(key, parent.anonymous);
    const group = this.#groupOf(program);
    const counters = new Float64Array(COUNTED.length);
    const living = { pid, startTicks, group, identity, rss: Number.NaN, anonymous: 0, seenIn: frame, counters };
    this.#living.set(key, living);
    group.processes++;
    group.turnover++;
    this.#tree.processes++;
    return living;
  }

  #processOf(pid: number): Living | undefined {
    for (const living of this.#living.values()) if (living.pid === pid) return living;
    return undefined;
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
    const living = this.#living.get(key);
    if (living) living.group.turnover++;
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
    this.#candidates = [];
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const rss = walk.counter(RSS, slot);
      const living = this.#living.get(walk.key(slot) ?? '');
      if (Number.isNaN(rss) || !living) continue;
      const { pid, startTicks, group } = living;
      this.#candidates.push({
        pid,
        startTicks,
        program: group.name,
        rss,
        pss: this.#estimates.of(walk, slot, group).pss,
      });
    }
  }
}

function isNamed(comm: Uint8Array, name: Uint8Array): boolean {
  return comm.length === name.length && comm.every((byte, index) => byte === name[index]);
}
