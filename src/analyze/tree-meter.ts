/**
 * The memory of a workload, frame by frame: all processes together, and those of each program.
 *
 * The traps: a sum of RSS counts shared pages once for each process, so it is an upper bound, and PSS is the sum that
 * adds up; a process becomes another program by exec, so a frame counts it for the one that it is then; and counters of a
 * process end with its last frame, while what the kernel gives to whoever waits is whole, and what it tells at an exit is of
 * processes too that were in no frame.
 */
import { identityKey, type ProcessIdentity } from '../engine/identity.js';
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
/** Of the counted ones, from which on they are times. */
const FIRST_TIME = COUNTED.indexOf('userTime');

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

/** What was told of a process that ended, or became another program. */
export interface ProcessEnd {
  readonly pid: number;
  readonly startTicks: number;
  readonly source?: number;
  /** What it ran, as characters of one byte each. */
  readonly program: string;
  /** Most resident bytes that it had as that program. */
  readonly peak?: number;
  /** Of its whole life, where it ended. */
  readonly cpuNs?: number;
}

/** A process that was in a frame, or was told of. */
interface Known {
  /** User and system time that was added up. */
  cpuNs: number;
  readonly groups: Set<Group>;
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
  readonly #known = new Map<string, Known>();
  readonly #ends: ProcessEnd[] = [];
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

  /** Takes what was told of a process; it counts when all frames are taken, since it may come before the last ones. */
  ended(end: ProcessEnd): void {
    this.#ends.push(end);
  }

  result(): TreeMeasures {
    for (const end of this.#ends.splice(0)) this.#takeEnd(end);
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
      this.#count(walk, slot, key, living);
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

  #takeEnd(end: ProcessEnd): void {
    const { program, peak = Number.NaN, cpuNs } = end;
    const group = this.#groupOf(program);
    const known = this.#note(identityKey(end), group);
    for (const one of [group, this.#tree]) if (peak > one.highWater) one.highWater = peak;
    if (cpuNs === undefined) return;
    // What it ran before an exec is not told apart.
    const rest = Math.max(0, cpuNs - known.cpuNs);
    known.cpuNs += rest;
    for (const one of [group, this.#tree]) one.restCpu = (one.restCpu || 0) + rest;
  }

  /** Counts a process once in all, and once for each program that it was. */
  #note(key: string, group: Group): Known {
    let known = this.#known.get(key);
    if (!known) {
      known = { cpuNs: 0, groups: new Set() };
      this.#known.set(key, known);
      this.#tree.processes++;
    }
    if (!known.groups.has(group)) {
      known.groups.add(group);
      group.processes++;
    }
    return known;
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
        this.#note(key, known.group);
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
    this.#note(key, group);
    group.turnover++;
    return living;
  }

  #processOf(pid: number): Living | undefined {
    for (const living of this.#living.values()) if (living.pid === pid) return living;
    return undefined;
  }

  /** Adds what the counters have gained since they were read last. */
  #count(walk: FrameWalk, slot: number, key: string, living: Living): void {
    for (let index = 0; index < COUNTED.length; index++) {
      const value = walk.counter(COUNTED_COLUMNS[index]!, slot);
      if (Number.isNaN(value)) continue;
      living.group.hasCounters = this.#tree.hasCounters = true;
      if (!(value > living.counters[index]!)) continue;
      const gained = value - living.counters[index]!;
      living.counters[index] = value;
      living.group.counters[index]! += gained;
      this.#tree.counters[index]! += gained;
      if (index >= FIRST_TIME) this.#known.get(key)!.cpuNs += gained;
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
