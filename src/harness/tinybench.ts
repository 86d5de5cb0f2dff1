/**
 * `tidemark/tinybench`: the memory of each task of a tinybench (2.9 and later).
 *
 *     const bench = withMemory(new Bench());
 *     bench.add(..);
 *     await bench.run();
 *     console.table(bench.table());
 *
 * The trap: tinybench is the caller's, in one version or another, so nothing of it is imported, and only what all of them have
 * is used: the events `start` and `complete` of a task, and its number of runs.
 */
import { memoryColumns, type TaskMemory, TaskMeter } from './task-memory.js';

interface Task {
  readonly name: string;
  readonly runs: number;
  addEventListener(type: 'start' | 'complete', listener: () => void): void;
  removeEventListener(type: 'start' | 'complete', listener: () => void): void;
}

interface Bench {
  readonly tasks: readonly Task[];
  run(): Promise<readonly Task[]>;
  table(...convert: never[]): (Record<string, unknown> | null)[];
}

export interface TinybenchOptions {
  /** Ticks per second of the recording beside it; default 100. */
  readonly hz?: number;
}

/** The same bench, whose `run` measures memory, whose `table` has columns for it, and which has it by task in `memory`. */
export function withMemory<B extends Bench>(
  bench: B,
  { hz = 100 }: TinybenchOptions = {},
): B & { memory: TaskMemory[] } {
  const { run, table } = bench;
  const measured = Object.assign(bench, { memory: [] as TaskMemory[] });
  measured.run = async () => {
    const meter = await TaskMeter.start(hz);
    const listeners = bench.tasks.map((task) => {
      const begin = () => meter.begin(task.name);
      const end = () => meter.end(task.runs);
      task.addEventListener('start', begin);
      task.addEventListener('complete', end);
      return () => {
        task.removeEventListener('start', begin);
        task.removeEventListener('complete', end);
      };
    });
    try {
      return await run.call(bench);
    } finally {
      for (const remove of listeners) remove();
      measured.memory = await meter.finish();
    }
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
