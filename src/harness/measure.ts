/**
 * `measure(fn)`: what memory a function takes, called again and again in this process.
 *
 * The trap: in a process that did other things before, RSS says little: what an earlier task has freed is used again, and
 * four runs of one function can differ by tens of MiB. What can be said honestly is what was allocated and what is still
 * held after a collection; the rest has the caveat `shared-process`.
 */
import type { SpanMemory } from '../analyze/span-memory.js';
import { startRecording } from './measuring-recorder.js';
import { collectGarbage, heapUse, type V8Activity, V8Watch } from './v8-heap.js';

export interface MeasureOptions {
  /** Calls that are measured; default 100. */
  readonly iterations?: number;
  /** Calls before them, so that code is compiled and caches are filled; default 10. */
  readonly warmup?: number;
  /** Ticks per second of the recording beside it; default 100. */
  readonly hz?: number;
}

export interface Measurement extends Omit<SpanMemory, 'v8'> {
  readonly iterations: number;
  /** Bytes of the V8 heap that a call allocated. */
  readonly allocatedPerOp: number;
  /** Bytes that a call left behind after a collection: V8 heap and external memory. */
  readonly retainedPerOp: number;
  readonly v8: V8Activity;
}

const ITERATIONS = 100;
const WARMUP = 10;
const HZ = 100;
const MOST = 1e9;

/** Calls `fn` and measures. Rejects with what it throws; throws a TypeError for a wrong option. */
export async function measure(fn: () => unknown, options: MeasureOptions = {}): Promise<Measurement> {
  if (typeof fn !== 'function') throw new TypeError(`Expected a function to measure, got ${typeof fn}`);
  const iterations = countOption('iterations', options.iterations ?? ITERATIONS, 1);
  const warmup = countOption('warmup', options.warmup ?? WARMUP, 0);
  await repeat(fn, warmup);
  await using recorder = await startRecording({ target: 'self', hz: options.hz ?? HZ });
  collectGarbage();
  const before = heapUse();
  const watch = new V8Watch();
  const fromNs = process.hrtime.bigint();
  await repeat(fn, iterations);
  const toNs = process.hrtime.bigint();
  const v8 = watch.stop();
  collectGarbage();
  const after = heapUse();
  const memory = await recorder.memoryBetween(fromNs, toNs);
  return {
    ...memory,
    iterations,
    allocatedPerOp: v8.allocatedBytes / iterations,
    retainedPerOp: (after.heap - before.heap + after.external - before.external) / iterations,
    v8,
    caveats: [...memory.caveats, 'shared-process'],
  };
}

/** Waits only for what is a promise: `await` of a plain value would allocate as well. */
export async function repeat(fn: () => unknown, times: number): Promise<void> {
  for (let call = 0; call < times; call++) {
    const result = fn();
    if (result instanceof Promise) await result;
  }
}

export function countOption(name: string, value: unknown, least: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= MOST) return value as number;
  throw new TypeError(`Expected the "${name}" option to be an integer from ${least} to ${MOST}, got ${String(value)}`);
}
