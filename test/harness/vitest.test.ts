/** The adapter for vitest, as `vitest bench` uses it: a run of its own, in a process of its own. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import type { MeasuredResult } from 'tidemark/vitest';
import { afterAll, expect, it } from 'vitest';

const MIB = 2 ** 20;
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-vitest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const root = fileURLToPath(new URL('./vitest-fixture', import.meta.url));
const program = path.join(path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

async function vitest(...args: string[]): Promise<string> {
  // It must not take itself for a worker of the run that this test is part of.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:VITEST|TINYPOOL|NODE_ENV)/.test(name)),
  );
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args, '--root', root], { env });
  return stripVTControlCharacters(stdout);
}

async function bench(...args: string[]): Promise<{ stdout: string; results: Map<string, MeasuredResult> }> {
  const file = path.join(folder, `${args.join('')}.json`);
  const stdout = await vitest('bench', '--run', '--outputJson', file, ...args);
  const { files } = JSON.parse(readFileSync(file, 'utf8')) as {
    files: { groups: { benchmarks: MeasuredResult[] }[] }[];
  };
  const all = files.flatMap(({ groups }) => groups).flatMap(({ benchmarks }) => benchmarks);
  return { stdout, results: new Map(all.map((result) => [result.name, result])) };
}

it('gives each benchmark its memory, and one alone in its file RSS and PSS', async () => {
  const { stdout, results } = await bench();
  const [allocates, lean, holds] = ['allocates', 'lean', 'holds'].map((name) => results.get(name)!);
  // What vitest itself tells stays.
  for (const { hz, sampleCount, memory } of [allocates!, lean!, holds!]) {
    expect(hz).toBeGreaterThan(0);
    expect(memory!.calls).toBe(sampleCount);
  }
  expect(allocates!.memory!.allocatedPerOp).toBeGreaterThan(155_000);
  expect(allocates!.memory!.allocatedPerOp).toBeLessThan(200_000);
  expect(lean!.memory!.allocatedPerOp).toBeLessThan(2000);
  expect(allocates!.memory!.v8.collections).toBeGreaterThan(0);
  expect(allocates!.memory!.caveats).toEqual(['shared-process']);
  expect(allocates!.memory!.rssDelta).toBeUndefined();

  // 32 calls, and the one by which tinybench finds out whether a function is asynchronous.
  const memory = holds!.memory!;
  expect(memory.caveats).not.toContain('shared-process');
  expect((memory.retainedPerOp * 32) / MIB).toBeGreaterThan(127.9);
  expect((memory.retainedPerOp * 32) / MIB).toBeLessThan(134);
  // A process's pages are more than what it keeps: V8 may give some MiB of its own young space back meanwhile.
  for (const bytes of [memory.rssDelta, memory.pssDelta, memory.peakAboveStart]) {
    expect(bytes! / MIB).toBeGreaterThan(115);
    expect(bytes! / MIB).toBeLessThan(140);
  }
  expect(memory.faults.minor).toBeGreaterThan(100);

  expect(stdout).toMatch(
    /memory +alloc\/op \(B\) +retained\/op \(B\) +peak above start \(KiB\) +faults +GCs +GC pause \(ms\)\n/,
  );
  expect(stdout).toMatch(/\n +allocates +\d+\.\d +-?\d+\.\d\d +\d+ +\d+ +\d+ +\d+\.\d\d\n/);
  expect(stdout).toMatch(/\n +holds +\d+\.\d +\d+\.\d\d +1[1-4]\d{4} +1[1-4]\d{4} +1[1-4]\d{4} +/);
  expect(stdout).toContain('(shared-process)');
});

it('works in threads, which share a process', async () => {
  const { results } = await bench('--pool=threads', 'alone');
  const { memory } = results.get('holds')!;
  expect(memory!.caveats).toContain('shared-process');
  expect(memory!.rssDelta).toBeUndefined();
  expect(memory!.retainedPerOp).toBeGreaterThan(MIB);
});

it('leaves the tests of the same configuration alone', async () => {
  expect(await vitest('run')).toMatch(/Tests +1 passed/);
});
