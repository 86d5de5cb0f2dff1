/**
 * The memory of the tasks of a benchmark harness: what its adapters share.
 *
 * The traps: a hook stands beside timed code, so it takes a time and begins or ends V8's own record of collections, and everything
 * else waits until all tasks are done; and all tasks share one process, so what one has freed the next one uses again: RSS and
 * PSS are left out, and each result says `shared-process`.
 */
import type { SpanMemory } from '../analyze/span-memory.js';
import { type MeasuringRecorder, startRecording } from './measuring-recorder.js';
import { collectGarbage, type HeapUse, heapUse, type V8Activity, V8Watch } from './v8-heap.js';

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
  readonly faults: SpanMemory['faults'];
  /** What recording cost meanwhile, in a process of its own. */
  readonly self: SpanMemory['self'];
  readonly v8: V8Activity;
  readonly caveats: readonly string[];
}

interface Stamp {
  readonly name: string;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly v8: V8Activity;
  readonly before: HeapUse;
  readonly after: HeapUse;
  readonly calls: number;
}

export class TaskMeter {
  readonly #stamps: Stamp[] = [];
  readonly #recorder: MeasuringRecorder;
  #running: { name: string; fromNs: bigint; watch: V8Watch; before: HeapUse } | undefined;

  private constructor(recorder: MeasuringRecorder) {
    this.#recorder = recorder;
  }

  /** Records this process, `hz` times per second, in a helper of its own. */
  static async start(hz: number): Promise<TaskMeter> {
    return new TaskMeter(await startRecording({ target: 'self', hz }));
  }

  /** A task is about to be timed. */
  begin(name: string): void {
    collectGarbage();
    const before = heapUse();
    this.#running = { name, before, watch: new V8Watch(), fromNs: process.hrtime.bigint() };
  }

  /** It has been timed, with so many calls. */
  end(calls: number): void {
    const toNs = process.hrtime.bigint();
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    const { name, fromNs, watch, before } = running;
    const v8 = watch.stop();
    collectGarbage();
    this.#stamps.push({ name, fromNs, toNs, v8, before, after: heapUse(), calls });
  }

  /** All tasks are done: what they took, in their order. */
  async finish(): Promise<TaskMemory[]> {
    const out: TaskMemory[] = [];
    for (const stamp of this.#stamps) {
      out.push(memoryOf(stamp, await this.#recorder.memoryBetween(stamp.fromNs, stamp.toNs)));
    }
    await this.#recorder[Symbol.asyncDispose]();
    return out;
  }
}

/** The columns that an adapter adds to its harness's table. */
export function memoryColumns(memory: TaskMemory): Record<string, string> {
  const { allocatedPerOp, retainedPerOp, peakAboveStart, faults, v8 } = memory;
  return {
    'alloc/op (B)': allocatedPerOp.toFixed(1),
    'retained/op (B)': retainedPerOp.toFixed(2),
    'peak above start (KiB)': peakAboveStart === undefined ? '-' : (peakAboveStart / 1024).toFixed(0),
    faults: String(faults.minor + faults.major),
    GCs: String(v8.collections),
    'GC pause (ms)': (v8.pauseNs / 1e6).toFixed(2),
  };
}

function memoryOf({ name, v8, before, after, calls }: Stamp, memory: SpanMemory): TaskMemory {
  const { rss, faults, self, caveats } = memory;
  const perCall = (bytes: number) => bytes / Math.max(1, calls);
  const isKnown = 'value' in rss.peak && 'value' in rss.before;
  return {
    ...{ name, calls, faults, self, v8 },
    allocatedPerOp: perCall(v8.allocatedBytes),
    retainedPerOp: perCall(after.heap - before.heap + after.external - before.external),
    peakAboveStart: isKnown
      ? Math.max(0, (rss.peak as { value: number }).value - (rss.before as { value: number }).value)
      : undefined,
    caveats: [...caveats, 'shared-process'],
  };
}
