/** Tasks in fresh processes: what is told of them, that it is the same each time, and what cannot be taken there. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Benchmark from 'benchmark';
import { measure } from 'tidemark';
import { attach, type TaskMemory } from 'tidemark/benchmark';
import { withMemory } from 'tidemark/tinybench';
import { Bench } from 'tinybench';
import { describe, expect, it } from 'vitest';

const MIB = 2 ** 20;
const work = new URL('./fresh/work.js', import.meta.url);

async function script(name: string, ...args: string[]): Promise<string> {
  const file = fileURLToPath(new URL(`./fresh/${name}`, import.meta.url));
  // As from a shell: this process is a worker of vitest.
  const { VITEST: _, ...env } = process.env;
  return (await promisify(execFile)(process.execPath, [file, ...args], { env })).stdout;
}

/** What is apart, as a share of the least. */
function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / Math.min(...values);
}

describe('measure(url)', () => {
  it('tells RSS and PSS of what the function took', async () => {
    const measured = await measure(work, { iterations: 32, warmup: 0 });
    const { rss, rssDelta, pssDelta, retainedPerOp, faults, caveats } = measured;
    expect(rss.peak).toMatchObject({ state: 'measured', method: 'kernel-peak' });
    const above = 'value' in rss.peak && 'value' in rss.before ? rss.peak.value - rss.before.value : Number.NaN;
    for (const bytes of [above, rssDelta!, pssDelta!, retainedPerOp * 32]) {
      expect(bytes / MIB).toBeGreaterThan(31.9);
      expect(bytes / MIB).toBeLessThan(34);
    }
    expect(faults.minor).toBeGreaterThan(8000);
    expect(caveats).not.toContain('shared-process');
  });

  // When V8 collects depends on its threads, which others may hold up.
  it('agrees within 2 % on four runs of what V8 collects in between', { retry: 2, timeout: 60_000 }, async () => {
    const peaks: number[] = [];
    const allocated: number[] = [];
    for (let run = 0; run < 4; run++) {
      const { rss, allocatedPerOp } = await measure(work, { export: 'json', iterations: 60 });
      if ('value' in rss.peak && 'value' in rss.before) peaks.push(rss.peak.value - rss.before.value);
      allocated.push(allocatedPerOp);
    }
    expect(peaks.length).toBe(4);
    expect(Math.min(...peaks)).toBeGreaterThan(20 * MIB);
    expect(spread(peaks)).toBeLessThan(0.02);
    expect(spread(allocated)).toBeLessThan(0.02);
  });

  it.each([
    [
      () => measure(work, { export: 'fails' }),
      /"fails" of .*work\.js cannot be run in a fresh process: the task failed there: RangeError: of the function/,
    ],
    [
      () => measure(work, { export: 'number' }),
      /the module exports no function "number", but default, fails, json, number/,
    ],
    [() => measure(new URL('./gone.js', work)), /gone\.js, which does not exist/],
    [() => measure(new URL('https://a.example/work.js')), /to be true or the file: URL of a module, got https:/],
    [() => measure(() => 1, { isolate: true }), /A function cannot be taken to a fresh process: give the URL/],
    [() => measure(work, { isolate: false }), /"isolate" option to be true with a URL/],
  ])('refuses what cannot be taken there (%#)', async (call, sentence) => {
    await expect(call()).rejects.toThrow(sentence);
  });
});

describe('isolate: true', () => {
  it.each(['tinybench', 'tinybench-6'])('of %s runs each task alone', async (version) => {
    const { first, memory, columns } = JSON.parse(await script('tinybench.js', version)) as {
      first: TaskMemory[];
      memory: TaskMemory[];
      columns: string[];
    };
    expect(first.map(({ name }) => name)).toEqual(['other']);
    expect(memory.map(({ name }) => name)).toEqual(['hold', 'lean', 'hold again']);
    const [hold, lean, again] = memory as [TaskMemory, TaskMemory, TaskMemory];
    for (const { rssDelta, pssDelta, peakAboveStart, calls, caveats } of [hold, again]) {
      expect(calls).toBe(32);
      expect(caveats).toEqual([]);
      // 2.9 calls it once more, to find out whether it is asynchronous.
      for (const bytes of [rssDelta, pssDelta, peakAboveStart]) {
        expect(bytes! / MIB).toBeGreaterThan(31.9);
        expect(bytes! / MIB).toBeLessThan(34.5);
      }
    }
    expect(spread([hold.rssDelta!, again.rssDelta!])).toBeLessThan(0.02);
    expect(lean.peakAboveStart!).toBeLessThan(MIB);
    expect(columns).toContain('RSS left (KiB)');
  });

  it.each(['tinybench', 'tinybench-6'])(
    'of %s leaves the error on a task that throws, and measures the others',
    async (version) => {
      const { rejected, memory, errors } = JSON.parse(await script('failing.js', version));
      expect(rejected).toBeUndefined();
      expect(errors).toEqual(['of the task', null]);
      expect(memory.map(({ name }: TaskMemory) => name)).toEqual(['hold']);
      expect(memory[0].rssDelta / MIB).toBeGreaterThan(31.9);
    },
  );

  it.each(['tinybench', 'tinybench-6'])(
    'of %s tells of a task that throws there only, once the others are measured',
    async (version) => {
      const { rejected, memory, errors } = JSON.parse(await script('failing.js', version, 'fresh'));
      expect(rejected.name).toBe('IsolationError');
      expect(rejected.message).toMatch(
        /The task "throws" of .*failing\.js cannot be run .*failed there: Error: of the task/,
      );
      expect(rejected.cause).toMatch(/^Error: of the task/);
      expect(errors).toEqual([null, null]);
      expect(memory.map(({ name }: TaskMemory) => name)).toEqual(['hold']);
    },
  );

  it('of benchmark.js does so as well', async () => {
    const [hold, lean] = JSON.parse(await script('benchmark.js')) as [TaskMemory, TaskMemory];
    expect(hold.rssDelta! / (hold.calls * 2 ** 18)).toBeGreaterThan(0.99);
    expect(hold.rssDelta! / (hold.calls * 2 ** 18)).toBeLessThan(1.2);
    expect(hold.caveats).toEqual([]);
    expect(lean.rssDelta!).toBeLessThan(16 * MIB);
  });

  it('says when the script does not come to the task', async () => {
    const { name, code, message } = JSON.parse(await script('never.js', './empty.js')) as Record<string, string>;
    expect({ name, code }).toEqual({ name: 'IsolationError', code: 'not-isolated' });
    expect(message).toMatch(
      /The task "task" of .*empty\.js cannot be run in a fresh process: it ended with code 0 before/,
    );
    expect(message).toContain('nothing to run here');
  });

  it.each([
    [() => withMemory(new Bench(), { isolate: true }), /not started with a script of its own/],
    [
      () => withMemory(new Bench(), { isolate: 'work.js' }),
      /"isolate" option to be true or the file: URL of a module, got work\.js/,
    ],
    [() => attach(new Benchmark.Suite(), { isolate: new URL('./gone.js', work) }), /gone\.js, which does not exist/],
  ])('refuses what is no script (%#)', async (call, sentence) => {
    await expect((async () => await call())()).rejects.toThrow(sentence);
  });
});
