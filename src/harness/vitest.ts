/**
 * `tidemark/vitest`: the runner that measures the memory of each benchmark of `vitest bench` (4).
 *
 *     export default defineConfig({
 *       test: { runner: 'tidemark/vitest', benchmark: { reporters: ['tidemark/vitest/reporter'] } },
 *     });
 *
 * The traps: the runner of a configuration is asked for tests as well; and vitest 5 has no runner of benchmarks, but a provider, so
 * what extends that of vitest 4 cannot even be loaded there.
 */
import * as vitest from 'vitest';
import type { TaskMemory } from './task-memory.js';

export type { TaskMemory } from './task-memory.js';

/** A result of vitest as this runner gives it to reporters and to `--outputJson`. */
export type MeasuredResult = vitest.BenchmarkResult & { readonly memory?: TaskMemory };

type Config = ConstructorParameters<typeof vitest.TestRunner>[0];

if (!('BenchmarkRunner' in vitest)) {
  throw new Error(
    "tidemark/vitest is the runner for vitest 4, and this is a later version: leave the runner out and set benchmark.provider to 'tidemark/vitest/provider'",
  );
}
const { MemoryBenchmarkRunner } = await import('./vitest-runner.js');

/** What `new` gives: the runner of `vitest bench`, or that of tests as it was. */
export default function runnerFor(config: Config): vitest.BenchmarkRunner | vitest.TestRunner {
  const isBenchmark = (config as { mode?: string }).mode === 'benchmark';
  return isBenchmark ? new MemoryBenchmarkRunner(config) : new vitest.TestRunner(config);
}
