/** `tidemark host` on captured trees, as a user runs it; test/stories has it on this host under load. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runTidemark } from './tidemark-process.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-host-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MEMINFO: Record<string, number> = {
  MemTotal: 8_000_000,
  MemFree: 3_000_000,
  Buffers: 100_000,
  Cached: 2_000_000,
  AnonPages: 1_500_000,
  Mapped: 400_000,
  Shmem: 300_000,
  SReclaimable: 200_000,
  SUnreclaim: 100_000,
  KernelStack: 20_000,
  PageTables: 30_000,
  VmallocUsed: 60_000,
};

/** A tree with these lines of meminfo, and processes with so much shmem, in kB. */
function treeOf(name: string, meminfo: Record<string, number>, shmem: readonly number[] = []): string {
  const tree = path.join(folder, name);
  mkdirSync(tree);
  const lines = Object.entries(meminfo).map(([key, kB]) => `${`${key}:`.padEnd(16)}${String(kB).padStart(8)} kB\n`);
  writeFileSync(path.join(tree, 'meminfo'), lines.join(''));
  shmem.forEach((kB, index) => {
    mkdirSync(path.join(tree, String(index + 1)));
    writeFileSync(path.join(tree, String(index + 1), 'status'), `Name:\tp\nRssShmem:\t${kB} kB\n`);
  });
  return tree;
}

interface Part {
  readonly name: string;
  readonly bytes: number | null;
  readonly low?: number;
  readonly high?: number;
}

it('adds up a captured tree, with the bounds of what no counter tells alone', async () => {
  const tree = treeOf('whole', MEMINFO, [50_000, 80_000, 20_000]);
  const { code, stdout } = await runTidemark(['host', '--procfs', tree, '--json']);
  expect(code).toBe(0);
  const { schema, total, parts, values } = JSON.parse(stdout);
  expect([schema, total]).toEqual([1, 8_000_000 * 1024]);
  const kB = Object.fromEntries(
    (parts as Part[]).map(({ name, bytes }) => [name, bytes === null ? null : bytes / 1024]),
  );
  // Of 400,000 mapped between 80,000 and 150,000 are shmem.
  expect(kB).toEqual({
    free: 3_000_000,
    processAnon: 1_500_000,
    processFile: 285_000,
    pageCache: 1_515_000,
    shmem: 300_000,
    swapCache: null,
    slabReclaimable: 200_000,
    slabUnreclaimable: 100_000,
    pageTables: 30_000,
    kernelStacks: 20_000,
    vmalloc: 40_000,
    perCpu: null,
    hugetlb: null,
    compressedSwap: null,
    otherKernel: null,
    unaccounted: 8_000_000 - 3_000_000 - 1_500_000 - 1_800_000 - 300_000 - 200_000 - 100_000 - 90_000,
  });
  const file = (parts as Part[]).find(({ name }) => name === 'processFile')!;
  expect([file.low! / 1024, file.high! / 1024]).toEqual([250_000, 320_000]);
  expect(values.hostMemoryFull).toBe(null);
});

it('shows it as a table that marks estimates and what was not measured', async () => {
  const { stdout } = await runTidemark(['host', '--procfs', treeOf('table', MEMINFO, [50_000, 40_000])]);
  const row = (label: string) =>
    stdout
      .split('\n')
      .find((line) => line.trim().startsWith(label))!
      .split(/\s{2,}/);
  expect(stdout).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d\n/);
  expect(row('process anonymous').slice(1, 4)).toEqual(['process anonymous', '1.43G', '18.8']);
  expect(row('process files')[2]).toMatch(/^~/);
  expect(row('hugetlb pool')[2]).toBe('-');
  expect(row('unaccounted').slice(1, 4)).toEqual(['unaccounted', '986M', '12.6']);
});

it('looks again and tells what changed', async () => {
  const tree = treeOf('again', MEMINFO);
  const looked = runTidemark(['host', '--procfs', tree, '--for', '1500ms', '--json']);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const later = { ...MEMINFO, MemFree: 2_900_000, AnonPages: 1_600_000 };
  const lines = Object.entries(later).map(([key, kB]) => `${key}: ${kB} kB\n`);
  writeFileSync(path.join(tree, 'meminfo'), lines.join(''));
  const { sinceSeconds, parts } = JSON.parse((await looked).stdout);
  expect(sinceSeconds).toBeGreaterThan(1.4);
  const changes = (parts as { name: string; change: number | null }[]).flatMap(({ name, change }) =>
    change === null || change === 0 ? [] : [[name, change / 1024]],
  );
  expect(changes).toEqual([
    ['free', -100_000],
    ['processAnon', 100_000],
  ]);
});

it.each([
  [['host', '12'], 2, 'expected no argument, got "12"'],
  [['host', '--for', 'soon'], 2, '--for: "soon" is not a duration'],
  [['host', '--procfs', '/nowhere'], 2, '--procfs: "/nowhere" is not a folder'],
])('refuses %j', async (words, code, sentence) => {
  const outcome = await runTidemark(words);
  expect(outcome).toMatchObject({ code, stdout: '' });
  expect(outcome.stderr).toContain(sentence);
});

it('says what a tree lacks', async () => {
  const empty = path.join(folder, 'empty');
  mkdirSync(empty);
  const none = await runTidemark(['host', '--procfs', empty]);
  expect(none).toMatchObject({ code: 1, stdout: '' });
  expect(none.stderr).toContain(`${empty}/meminfo: no such file`);
  const { MemFree: _, ...rest } = MEMINFO;
  const less = await runTidemark(['host', '--procfs', treeOf('less', rest)]);
  expect(less).toMatchObject({ code: 1, stdout: '' });
  expect(less.stderr).toContain('does not tell MemTotal and MemFree');
});
