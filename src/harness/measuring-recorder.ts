/**
 * A recorder that tells what memory a span took.
 *
 * The trap: what follows the end of a span is known only with the next frame, so the answer waits for it: after the timed
 * part, which has stamped its own begin and end.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { GCProfiler } from 'node:v8';
import { type SpanMemory, spanMemory } from '../analyze/span-memory.js';
import type { RecordOptions } from '../sampler/record-options.js';
import { Recorder } from '../sampler/recorder.js';
import { type Faults, faultsSince, ownFaults } from './own-faults.js';

export class MeasuringRecorder extends Recorder {
  /** Runs the function inside a span of that name. Rejects with what it throws. */
  async span<T>(name: string, run: () => T | Promise<T>): Promise<{ value: Awaited<T>; memory: SpanMemory }> {
    const span = this.begin(name);
    const { v8 } = this;
    v8?.beginSpan();
    const profiler = v8 && new GCProfiler();
    profiler?.start();
    const faultsBefore = this.isOwn ? ownFaults() : undefined;
    const fromNs = process.hrtime.bigint();
    v8?.mark(fromNs);
    let value: Awaited<T>;
    try {
      value = await run();
    } catch (error) {
      profiler?.stop();
      v8?.abandonSpan();
      throw error;
    } finally {
      span.end();
    }
    const toNs = process.hrtime.bigint();
    const faults = faultsBefore && faultsSince(faultsBefore);
    if (v8 && profiler) {
      v8.mark(toNs);
      await v8.endSpan(fromNs, toNs, profiler.stop());
    }
    return { value, memory: await this.memoryBetween(fromNs, toNs, faults) };
  }

  /**
   * The memory of the target between two times of `process.hrtime.bigint()`, once the frame behind the second is there.
   * `faults`: as they were counted at these times.
   */
  async memoryBetween(fromNs: bigint, toNs: bigint, faults?: Faults): Promise<SpanMemory> {
    const periodMs = 1000 / this.hz;
    // What the heap was behind it, which the next second would tell.
    this.v8?.tell();
    const untilNs = process.hrtime.bigint() + BigInt(Math.ceil(periodMs * 3e6)) + PATIENCE_NS;
    for (;;) {
      const memory = spanMemory(this.recording(), fromNs, toNs, faults);
      const isWhole = 'value' in memory.rss.after && (memory.v8 === undefined || memory.v8.after !== undefined);
      if (isWhole || this.isOver || process.hrtime.bigint() > untilNs) return memory;
      await pause(Math.min(MOST_PAUSE_MS, periodMs / 2));
    }
  }
}

/** The frame may be late on a busy machine. */
const PATIENCE_NS = 2_000_000_000n;
const MOST_PAUSE_MS = 100;

/**
 * Starts recording and resolves after the first frame is committed. Throws a TypeError or RangeError for a wrong option,
 * and rejects with an error that has a `code` (`target-not-found`, `exists`, `no-space`, `engine-unavailable` ...) when it
 * cannot be done.
 */
export async function startRecording(options: RecordOptions = {}): Promise<MeasuringRecorder> {
  return (await MeasuringRecorder.start(options)) as MeasuringRecorder;
}
