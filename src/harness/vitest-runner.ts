/**
 * The runner of `vitest bench` (4) that measures the memory of each benchmark.
 *
 * The traps: vitest takes the result of a task at its event `complete` and sends it to the process that reports, so that event is
 * held back until the memory is in the result; and a process of its own has only a file, in the pool `forks` with `isolate`.
 */
import { inject, BenchmarkRunner as Runner } from 'vitest';
import { TaskMeter } from './task-memory.js';

type Tinybench = Awaited<ReturnType<Runner['importTinybench']>>;
type Suite = Parameters<Runner['runSuite']>[0];

export class MemoryBenchmarkRunner extends Runner {
  #meter: TaskMeter | undefined;

  /** Of a file; vitest itself walks the suites in it. */
  override async runSuite(suite: Suite): Promise<void> {
    const { pool, isolate } = this.config as { pool?: string; isolate?: boolean };
    const isAlone = pool === 'forks' && isolate === true && countBenchmarks(suite) === 1;
    const { hz = 100 } = (inject('tidemark' as never) as { hz?: number } | undefined) ?? {};
    this.#meter = await TaskMeter.start(hz, isAlone);
    try {
      await super.runSuite(suite);
    } finally {
      await this.#meter.stop();
    }
  }

  override async importTinybench(): Promise<Tinybench> {
    const tinybench = await super.importTinybench();
    const meterOf = () => this.#meter;
    class MeasuredTask extends tinybench.Task {
      #completed: Event | undefined;

      override dispatchEvent(event: Event): boolean {
        if (event.type === 'start') meterOf()?.begin(this.name);
        if (event.type !== 'complete') return super.dispatchEvent(event);
        meterOf()?.end(this.runs);
        this.#completed = event;
        return true;
      }

      override async run(): Promise<this> {
        await super.run();
        const event = this.#completed;
        this.#completed = undefined;
        if (!event) return this;
        if (this.result && !this.result.error) this.setResult({ memory: await meterOf()?.latest() } as never);
        super.dispatchEvent(event);
        return this;
      }
    }
    return { ...tinybench, Task: MeasuredTask };
  }
}

function countBenchmarks(suite: Suite): number {
  let count = 0;
  for (const task of suite.tasks) {
    if (task.mode !== 'run' && task.mode !== 'queued') continue;
    if (task.type === 'suite') count += countBenchmarks(task);
    else if ('benchmark' in task.meta) count++;
  }
  return count;
}
