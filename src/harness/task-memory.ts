/**
 * The memory of the tasks of a benchmark harness: what its adapters share.
 *
 * The trap: tasks that share a process use again what others have freed, so their RSS and PSS say little: they are told only of a
 * task that had a fresh process for itself, and all others say `shared-process`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { SpanMemory } from '../analyze/span-memory.js';
import { type MeasuringRecorder, startRecording } from './measuring-recorder.js';
import type { Faults } from './own-faults.js';
import { type TaskStamp, TaskStamper } from './task-stamp.js';
import type { V8Activity } from './v8-heap.js';

/** In its first 200 ms the helper takes three times what it takes later, next to the first of the tasks. */
const SETTLE_MS = 200;

export interface TaskMemory {
  readonly name: string;
  /** Calls of the function. */
  readonly calls: number;
  /** Bytes of the V8 heap that a call allocated. */
  readonly allocatedPerOp: number;
  /** Bytes that a call left behind after a collection, V8 heap and external memory. */
  readonly retainedPerOp: number;
  /** Resident bytes above those at the start; undefined when the task was shorter than two ticks. */
  readonly peakAboveStart: number | undefined;
  /** Resident bytes that it left behind after a collection. Of a task in a fresh process only. */
  readonly rssDelta?: number;
  /** The same of PSS, without pages of files, whose share changes with whoever else maps them. */
  readonly pssDelta?: number;
  readonly faults: Faults;
  /** What recording cost meanwhile, in a process of its own. */
  readonly self: SpanMemory['self'];
  readonly v8: V8Activity;
  readonly caveats: readonly string[];
}

/** Measures the tasks that this process runs. */
export class TaskMeter {
  readonly #stamps: TaskStamp[] = [];
  readonly #recorder: MeasuringRecorder;
  readonly #stamper: TaskStamper;

  private constructor(recorder: MeasuringRecorder, isAlone: boolean) {
    this.#recorder = recorder;
    this.#stamper = new TaskStamper(isAlone);
  }

  /** Records this process, `hz` times per second, in a helper of its own. `isAlone`: it runs one task and nothing else. */
  static async start(hz: number, isAlone = false): Promise<TaskMeter> {
    const recorder = await startRecording({ target: 'self', hz, hostTier: 'off', cgroupTier: 'off' });
    await pause(SETTLE_MS);
    return new TaskMeter(recorder, isAlone);
  }

  /** A task is about to be timed. */
  begin(name: string): void {
    this.#stamper.begin(name);
  }

  /** It has been timed, with so many calls. */
  end(calls: number): void {
    const stamp = this.#stamper.end(calls);
    if (stamp) this.#stamps.push(stamp);
  }

  /** What the task that ended last took; undefined when none did. */
  async latest(): Promise<TaskMemory | undefined> {
    const stamp = this.#stamps.at(-1);
    return stamp && (await this.#memoryOf(stamp));
  }

  /** All tasks are done: what they took, in their order. */
  async finish(): Promise<TaskMemory[]> {
    const out: TaskMemory[] = [];
    for (const stamp of this.#stamps) out.push(await this.#memoryOf(stamp));
    await this.stop();
    return out;
  }

  /** Nothing more is asked. */
  async stop(): Promise<void> {
    await this.#recorder[Symbol.asyncDispose]();
  }

  async #memoryOf(stamp: TaskStamp): Promise<TaskMemory> {
    const memory = await this.#recorder.memoryBetween(stamp.fromNs, stamp.toNs, stamp.faults);
    return taskMemory(stamp, memory, this.#stamper.isAlone);
  }
}

/** The columns that an adapter adds to its harness's table. */
export function memoryColumns(memory: TaskMemory): Record<string, string> {
  const { allocatedPerOp, retainedPerOp, peakAboveStart, rssDelta, pssDelta, faults, v8 } = memory;
  const kib = (bytes: number | undefined) => (bytes === undefined ? '-' : (bytes / 1024).toFixed(0));
  return {
    'alloc/op (B)': allocatedPerOp.toFixed(1),
    'retained/op (B)': retainedPerOp.toFixed(2),
    'peak above start (KiB)': kib(peakAboveStart),
    ...(rssDelta === undefined ? {} : { 'RSS left (KiB)': kib(rssDelta) }),
    ...(pssDelta === undefined ? {} : { 'PSS left (KiB)': kib(pssDelta) }),
    faults: String(faults.minor + faults.major),
    GCs: String(v8.collections),
    'GC pause (ms)': (v8.pauseNs / 1e6).toFixed(2),
  };
}

/** Of a stamp, and of what was recorded between its ends. */
export function taskMemory(stamp: TaskStamp, memory: SpanMemory, isAlone: boolean): TaskMemory {
  const { name, v8, before, after, calls, peak, faults } = stamp;
  const { rss, self, caveats } = memory;
  const sampled = 'value' in rss.peak && 'value' in rss.before ? rss.peak.value - rss.before.value : undefined;
  const exact = peak !== undefined && before.rss !== undefined ? peak - before.rss : undefined;
  const above = exact ?? sampled;
  return {
    ...{ name, calls, faults, self, v8 },
    ...perCall(stamp),
    peakAboveStart: above === undefined ? undefined : Math.max(0, above),
    ...(isAlone ? deltas(before, after) : {}),
    // What the kernel marked is exact however short the task was, and nothing else of it was sampled.
    caveats: isAlone ? (exact === undefined ? caveats : []) : [...caveats, 'shared-process'],
  };
}

/** Bytes that a call allocated, and that it left behind. */
export function perCall({ v8, before, after, calls }: TaskStamp): { allocatedPerOp: number; retainedPerOp: number } {
  const each = (bytes: number) => bytes / Math.max(1, calls);
  return {
    allocatedPerOp: each(v8.allocatedBytes),
    retainedPerOp: each(after.heap - before.heap + after.external - before.external),
  };
}

/** What stayed, where the kernel tells. */
export function deltas(before: TaskStamp['before'], after: TaskStamp['after']) {
  const gained = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined ? undefined : to - from;
  const [rssDelta, pssDelta] = [gained(before.rss, after.rss), gained(before.pss, after.pss)];
  return {
    ...(rssDelta === undefined ? {} : { rssDelta }),
    ...(pssDelta === undefined ? {} : { pssDelta }),
  };
}
