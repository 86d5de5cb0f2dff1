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
import { checkNames } from '../text/option-checks.js';
import { isolatedScript, runFresh } from './fresh-process.js';
import { freshTask, runFreshTask } from './fresh-task.js';
import { type TaskMemory, TaskMeter, taskMemory } from './task-memory.js';
import type { TaskStamp } from './task-stamp.js';

export { IsolationError } from './isolation-error.js';
export { memoryColumns, type TaskMemory } from './task-memory.js';

interface Benchmark {
  readonly name?: string | undefined;
  /** Cycles, and calls in the last of them. */
  readonly cycles: number;
  readonly count: number;
  readonly error?: unknown;
  on(type: string, listener: () => void): unknown;
  run(options: { async: boolean }): unknown;
}

interface Suite {
  forEach(callback: (benchmark: Benchmark) => void): unknown;
}

export interface BenchmarkOptions {
  /** Ticks per second of the recording beside it; default 100. */
  readonly hz?: number;
  /**
   * Runs each benchmark once more, alone in a fresh process, whose memory is told instead: that of the script that runs now
   * (`true`) or of the module of that URL. It is run up to this `attach`.
   */
  readonly isolate?: boolean | string | URL;
}

const OPTION_NAMES: readonly (keyof BenchmarkOptions)[] = ['hz', 'isolate'];

/** Suites of this script that were attached, each with benchmarks to be isolated. */
let suites = 0;

/**
 * Starts recording; the function that it resolves to ends that and tells, once the suite has ended. That one rejects with an
 * IsolationError when a benchmark cannot be run in a fresh process. Rejects with a TypeError for a wrong option.
 */
export async function attach(suite: Suite, options: BenchmarkOptions = {}): Promise<() => Promise<TaskMemory[]>> {
  checkNames(options, OPTION_NAMES);
  const { hz = 100, isolate = false } = options;
  const benchmarks: Benchmark[] = [];
  suite.forEach((benchmark) => {
    benchmarks.push(benchmark);
  });
  if (isolate === false) {
    const meter = await TaskMeter.start(hz);
    for (const benchmark of benchmarks) listen(benchmark, meter);
    return () => meter.finish();
  }
  const ordinal = suites++;
  if (freshTask) return await runOneOf(benchmarks, ordinal);
  const script = isolatedScript(isolate);
  return async () => {
    const out: TaskMemory[] = [];
    for (const { name = '', error } of benchmarks) {
      // It would throw there again.
      if (error !== undefined) continue;
      const { stamp, memory } = await runFresh({ harness: 'benchmark', name, run: ordinal }, { script, hz });
      out.push(taskMemory(stamp, memory, true));
    }
    return out;
  };
}

function listen(benchmark: Benchmark, meter: Pick<TaskMeter, 'begin' | 'end'>): void {
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
}

/** In a fresh process: the one benchmark that it was started for, and of another suite none. */
async function runOneOf(benchmarks: readonly Benchmark[], ordinal: number): Promise<() => Promise<TaskMemory[]>> {
  const { harness, name, run } = freshTask!;
  if (harness !== 'benchmark' || run !== ordinal) return async () => [];
  return await runFreshTask(async (stamper) => {
    const benchmark = benchmarks.find((one) => (one.name ?? '') === name);
    if (!benchmark) throw new Error('the suite has no such benchmark there');
    let stamp: TaskStamp | undefined;
    const end = (calls: number) => {
      stamp = stamper.end(calls);
    };
    listen(benchmark, { begin: (of) => stamper.begin(of), end });
    await new Promise<void>((resolve) => {
      benchmark.on('complete', () => resolve());
      benchmark.run({ async: true });
    });
    if (benchmark.error !== undefined) throw benchmark.error;
    return stamp;
  });
}
