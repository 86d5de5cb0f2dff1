/** The adapters for benchmark harnesses: what they add, and that they leave the rest as it is. */
import Benchmark from 'benchmark';
import { measure, measureGrowth } from 'tidemark';
import { attach, memoryColumns } from 'tidemark/benchmark';
import { withMemory } from 'tidemark/tinybench';
import { Bench } from 'tinybench';
import { Bench as Bench6 } from 'tinybench-6';
import { expect, it } from 'vitest';

let kept: unknown;

const benches = [
  ['2.9', 'Task Name', (options: object) => withMemory(new Bench(options))],
  ['6', 'Task name', (options: object) => withMemory(new Bench6(options))],
] as const;

it.each(benches)('tinybench %s gets columns, and each task its memory', async (_version, title, make) => {
  const bench = make({ time: 200, iterations: 400, warmupTime: 0 });
  const held: unknown[] = [];
  bench.add('lean', () => {
    kept = (kept === 1) as unknown;
  });
  bench.add('allocates', () => {
    kept = new Array(20_000).fill(1.5);
  });
  bench.add('leaks', () => held.push(new Array(200).fill(1.5)));
  const tasks = await bench.run();
  expect(tasks.map(({ name }) => name)).toEqual(['lean', 'allocates', 'leaks']);
  const [lean, allocates, leaks] = bench.memory;
  expect(bench.memory.map(({ calls }) => calls)).toEqual(tasks.map(({ runs }) => runs));
  expect(allocates!.allocatedPerOp).toBeGreaterThan(140_000);
  expect(allocates!.retainedPerOp).toBeLessThan(10_000);
  // What tinybench keeps of each call.
  expect(lean!.allocatedPerOp).toBeLessThan(2000);
  expect(leaks!.retainedPerOp).toBeGreaterThan(1600);
  expect(allocates!.v8.collections).toBeGreaterThan(0);
  expect(leaks!.caveats).toContain('shared-process');
  const rows = bench.table();
  expect(rows[1]).toMatchObject({ [title]: 'allocates', 'alloc/op (B)': expect.stringMatching(/^\d+\.\d$/) });
  expect(Object.keys(rows[1]!)).toContain('retained/op (B)');
});

it.each(benches)('tinybench %s: what fails has no result of ours, and the rest has', async (_version, _title, make) => {
  const bench = make({ time: 20, warmupTime: 0 });
  bench.add('fails', () => {
    throw new Error('of the task');
  });
  bench.add('works', () => 1);
  await bench.run();
  expect(bench.memory.find(({ name }) => name === 'works')!.calls).toBeGreaterThan(1);
  expect(bench.memory.find(({ name }) => name === 'fails')?.calls ?? 0).toBe(0);
});

it.each(benches)('tinybench %s: tasks that run at the same time are refused', async (_version, _title, make) => {
  const bench = make({ time: 20, concurrency: 'bench' });
  Object.assign(bench, { concurrency: 'bench' });
  bench.add('task', () => 1);
  await expect(bench.run()).rejects.toThrow(/"concurrency" of a bench with memory to be null or "task", got "bench"/);
});

it('benchmark.js gets the memory of each benchmark', async () => {
  const suite = new Benchmark.Suite();
  const options = { maxTime: 0.05, minSamples: 1 };
  suite.add(
    'allocates',
    () => {
      kept = new Array(2000).fill(1.5);
    },
    options,
  );
  suite.add(
    'lean',
    () => {
      kept = (kept === 1) as unknown;
    },
    options,
  );
  const memory = await attach(suite);
  await new Promise((resolve) => suite.on('complete', resolve).run({ async: true }));
  const [allocates, lean] = await memory();
  expect(allocates!.name).toBe('allocates');
  expect(allocates!.calls).toBeGreaterThan(0);
  expect(allocates!.allocatedPerOp).toBeGreaterThan(14_000);
  expect(lean!.allocatedPerOp).toBeLessThan(1000);
  expect(Object.keys(memoryColumns(lean!))).toContain('GCs');
});

it('an option that there is none is refused', async () => {
  expect(() => withMemory(new Bench(), { isolated: true } as never)).toThrow(
    new TypeError('There is no "isolated" option; the options are hz, isolate'),
  );
  await expect(attach(new Benchmark.Suite(), { Hz: 5 } as never)).rejects.toThrow(/no "Hz" option.*hz, isolate/);
  await expect(measure(() => 1, { iteration: 5 } as never)).rejects.toThrow(
    /no "iteration" option.*iterations, warmup/,
  );
  await expect(measure(() => 1, { isolate: 'no' } as never)).rejects.toThrow(/"isolate" option to be true or false/);
  await expect(measureGrowth(() => 1, { round: 9 } as never)).rejects.toThrow(/no "round" option.*iterations, rounds/);
});
