/**
 * `tidemark/tinybench`: the memory of each task of a tinybench, 2.9 to 6.
 *
 *     const bench = withMemory(new Bench());
 *     bench.add(..);
 *     await bench.run();
 *     console.table(bench.table());
 *
 * The traps: tinybench is the caller's, in one version or another, so nothing of it is imported, and only what all of them have
 * is used: the events `start` and `complete` of a task, its number of runs, and its warm-up, which is a method of the bench in 2.9
 * and a flag in 6; and of tasks that run at the same time nobody could tell whose memory it is.
 */
import { checkNames } from '../text/option-checks.js';
import { isOfTask, isolatedScript, runFresh } from './fresh-process.js';
import { freshTask, runFreshTask, TaskError } from './fresh-task.js';
import { memoryColumns, type TaskMemory, TaskMeter, taskMemory } from './task-memory.js';
import type { TaskStamp } from './task-stamp.js';

export { IsolationError } from './isolation-error.js';
export type { TaskMemory } from './task-memory.js';

/** A task of any version. */
export interface TinybenchTask {
  readonly name: string;
  readonly runs: number;
  readonly result?: unknown;
  run(): Promise<unknown>;
  warmup(): Promise<unknown>;
  addEventListener(type: 'start' | 'complete', listener: () => void): void;
  removeEventListener(type: 'start' | 'complete', listener: () => void): void;
}

interface Bench {
  readonly tasks: readonly TinybenchTask[];
  readonly concurrency?: unknown;
  warmup: unknown;
  run(): Promise<readonly TinybenchTask[]>;
  table(...convert: never[]): (Record<string, unknown> | null)[];
}

export interface TinybenchOptions {
  /** Ticks per second of the recording beside it; default 100. */
  readonly hz?: number;
  /**
   * Runs each task once more, alone in a fresh process, whose memory is told instead: that of the script that runs now (`true`)
   * or of the module of that URL. It is run up to this bench.
   */
  readonly isolate?: boolean | string | URL;
}

const OPTION_NAMES: readonly (keyof TinybenchOptions)[] = ['hz', 'isolate'];

/** Benches of this script that have been run, each with tasks to be isolated. */
let runs = 0;

/**
 * The same bench, whose `run` measures memory, whose `table` has columns for it, and which has it by task in `memory`. A
 * task that throws has its error where tinybench puts it, and no memory. `run` rejects with an IsolationError when a task cannot be
 * run in a fresh process; where it throws there only, once the others are measured. Throws a TypeError for a wrong option.
 */
export function withMemory<B extends Bench>(bench: B, options: TinybenchOptions = {}): B & { memory: TaskMemory[] } {
  checkNames(options, OPTION_NAMES);
  const { hz = 100, isolate = false } = options;
  const isFresh = isolate !== false && freshTask !== undefined;
  const script = isolate === false || isFresh ? undefined : isolatedScript(isolate);
  const { run, table } = bench;
  const measured = Object.assign(bench, { memory: [] as TaskMemory[] });
  if (isFresh) {
    const warmup = deferWarmup(bench);
    measured.run = async () => await runOneOf(bench, runs++, warmup);
    return measured;
  }
  measured.run = async () => {
    if (bench.concurrency === 'bench') {
      throw new TypeError('Expected the "concurrency" of a bench with memory to be null or "task", got "bench"');
    }
    if (script === undefined) {
      const meter = await TaskMeter.start(hz);
      const remove = bench.tasks.map((task) => listenTo(task, meter));
      try {
        return await run.call(bench);
      } finally {
        for (const forget of remove) forget();
        measured.memory = await meter.finish();
      }
    }
    const [ordinal, tasks] = [runs++, await run.call(bench)];
    measured.memory = [];
    const failures: unknown[] = [];
    for (const task of tasks) {
      // Its error is in its result, and it would throw there again.
      if (errorOf(task) !== undefined) continue;
      try {
        const fresh = { harness: 'tinybench', name: task.name, run: ordinal } as const;
        const { stamp, memory } = await runFresh(fresh, { script, hz });
        measured.memory.push(taskMemory(stamp, memory, true));
      } catch (error) {
        if (!isOfTask(error)) throw error;
        failures.push(error);
      }
    }
    // One that throws there alone has times and no memory, which nobody would know; the others have both.
    if (failures.length > 0) throw failures[0];
    return tasks;
  };
  measured.table = (...convert) => {
    const rows = table.apply(bench, convert);
    return rows.map((row, index) => {
      const memory = measured.memory.find(({ name }) => name === bench.tasks[index]?.name);
      return row && memory ? { ...row, ...memoryColumns(memory) } : row;
    });
  };
  return measured;
}

/** Tells a meter when a task begins and ends. Returns what ends that. */
export function listenTo(task: TinybenchTask, meter: Pick<TaskMeter, 'begin' | 'end'>): () => void {
  const begin = () => meter.begin(task.name);
  const end = () => meter.end(task.runs);
  task.addEventListener('start', begin);
  task.addEventListener('complete', end);
  return () => {
    task.removeEventListener('start', begin);
    task.removeEventListener('complete', end);
  };
}

/** In a fresh process no other task is warmed up. Tells whether the script asked for it. */
function deferWarmup(bench: Bench): () => boolean {
  if (typeof bench.warmup !== 'function') return () => bench.warmup === true;
  let isAsked = false;
  bench.warmup = async () => {
    isAsked = true;
  };
  return () => isAsked;
}

/** In a fresh process: the one task that it was started for, and of another bench none. */
async function runOneOf(bench: Bench, ordinal: number, warmup: () => boolean): Promise<readonly TinybenchTask[]> {
  const { harness, name, run } = freshTask!;
  if (harness !== 'tinybench' || run !== ordinal) return bench.tasks;
  return await runFreshTask(async (stamper) => {
    const task = bench.tasks.find((one) => one.name === name);
    if (!task)
      throw new Error(`the bench has no such task there; it has ${bench.tasks.map((one) => one.name).join(', ')}`);
    let stamp: TaskStamp | undefined;
    const end = (calls: number) => {
      stamp = stamper.end(calls);
    };
    try {
      if (warmup()) await task.warmup();
      const forget = listenTo(task, { begin: (of) => stamper.begin(of), end });
      await task.run();
      forget();
    } catch (error) {
      throw new TaskError(error);
    }
    const error = errorOf(task);
    if (error !== undefined) throw new TaskError(error);
    return stamp;
  });
}

/** What the function of a task threw; undefined when it did not, or has not run. */
function errorOf({ result }: TinybenchTask): unknown {
  return ((result ?? {}) as { readonly error?: unknown }).error;
}
