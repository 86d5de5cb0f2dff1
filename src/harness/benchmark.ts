/**
 * `tidemark/benchmark`: the memory of each benchmark of a benchmark.js suite.
 *
 *     const memory = await attach(suite);
 *     suite.run();
 *     console.table((await memory()).map(memoryColumns));
 *
 * The trap: a suite runs its benchmarks without waiting for anybody, so recording begins before it and the answer is asked for when
 * it has ended. A benchmark is cloned for its cycles; the events are those of the one that was added.
 */
import { type TaskMemory, TaskMeter } from './task-memory.js';

export { memoryColumns, type TaskMemory } from './task-memory.js';

interface Benchmark {
  readonly name?: string | undefined;
  /** Cycles, and calls in the last of them. */
  readonly cycles: number;
  readonly count: number;
  on(type: string, listener: () => void): unknown;
}

interface Suite {
  forEach(callback: (benchmark: Benchmark) => void): unknown;
}

/** Starts recording; the function that it resolves to ends that and tells, once the suite has ended. */
export async function attach(suite: Suite, { hz = 100 } = {}): Promise<() => Promise<TaskMemory[]>> {
  const meter = await TaskMeter.start(hz);
  suite.forEach((benchmark) => {
    let calls = 0;
    benchmark.on('start', () => {
      calls = 0;
      meter.begin(benchmark.name ?? '');
    });
    // Of a cycle `count` calls are timed.
    benchmark.on('cycle', () => {
      calls += benchmark.count;
    });
    benchmark.on('complete', () => meter.end(calls));
  });
  return () => meter.finish();
}
