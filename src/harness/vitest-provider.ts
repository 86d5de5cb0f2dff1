/**
 * `tidemark/vitest/provider`: the benchmark provider that measures the memory of each benchmark of `vitest bench` (5).
 *
 *     export default defineConfig({
 *       test: { benchmark: { provider: 'tidemark/vitest/provider' }, reporters: ['default', 'tidemark/vitest/reporter'] },
 *     });
 *
 * The traps: vitest takes over of a result what it knows and drops the rest, so memory goes to reporters in the meta of the test; and
 * only the first benchmark of a process that runs by itself had that process to itself.
 */
import { isMainThread } from 'node:worker_threads';
import { inject } from 'vitest';
import { type TaskMemory, TaskMeter } from './task-memory.js';
import { listenTo, type TinybenchTask } from './tinybench.js';
import { importTinybench } from './vitest-tinybench.js';

/** Of vitest 5, by what is used of it: the types that are installed may be of another version. */
export interface BenchmarkGroup {
  readonly test: {
    readonly fullTestName?: string;
    readonly context: { readonly signal?: AbortSignal };
    readonly meta: { tidemark?: TaskMemory[] };
  };
  readonly config: { readonly retainSamples?: boolean };
  readonly registrations: readonly { readonly name: string; readonly fn: () => unknown; readonly fnOpts?: object }[];
  readonly options?: object;
}

export interface MeasuredResult {
  readonly name: string;
  readonly memory?: TaskMemory;
}

let isUsed = false;

const provider = {
  async run({ test, config, registrations, options }: BenchmarkGroup): Promise<MeasuredResult[]> {
    const isAlone = isMainThread && !isUsed && registrations.length === 1;
    isUsed = true;
    const { Bench } = await importTinybench();
    const { signal } = test.context;
    const bench = new Bench({
      ...{ ...(signal ? { signal } : {}), retainSamples: config.retainSamples === true, ...options },
    });
    for (const { name, fn, fnOpts } of registrations) bench.add(name, fn, fnOpts);
    const { hz = 100 } = (inject('tidemark' as never) as { hz?: number } | undefined) ?? {};
    const meter = await TaskMeter.start(hz, isAlone);
    const forget = bench.tasks.map((task) => listenTo(task, meter));
    let memory: TaskMemory[] = [];
    try {
      await bench.run();
    } finally {
      for (const one of forget) one();
      memory = await meter.finish();
    }
    const results = bench.tasks.map((task) => resultOf(task, memory));
    test.meta.tidemark = [...(test.meta.tidemark ?? []), ...memory];
    return results;
  },
};

export default provider;

function resultOf(task: TinybenchTask, memory: readonly TaskMemory[]): MeasuredResult {
  const { name } = task;
  const result = (task.result ?? {}) as { readonly state?: string; readonly error?: unknown };
  if (result.error !== undefined) throw result.error;
  const { state = task.result ? 'completed' : 'not run' } = result;
  if (state !== 'completed') throw new Error(`The benchmark "${name}" did not complete: ${state}`);
  const measured = memory.find((one) => one.name === name);
  return { ...result, name, ...(measured ? { memory: measured } : {}) };
}
