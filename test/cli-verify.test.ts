/** `tidemark verify` as a child process: on this host, on captured trees, and without the addon. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VerifyReport } from '../src/check/verify.js';
import { runTidemark } from './tidemark-process.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-verify-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A procfs tree of one process with 5 resident pages and two mappings. */
function treeWith(name: string, changed: Record<string, string> = {}): string {
  const record = (start: string, rss: number, pss: number) =>
    `${start} r--p 00000000 00:00 0 /x\nRss: ${rss} kB\nPss: ${pss} kB\nVmFlags: rd\n`;
  const head = (start: string) => `${start}000-${start}fff`;
  const files = {
    statm: '100 5 2 1 0 3 0\n',
    stat: `42 (x) S 1 42 42 0 -1 0 1 0 0 0 1 1 0 0 20 0 1 0 99 409600 5 18446744073709551615\n`,
    status: 'Name:\tx\nPid:\t42\nVmSize:\t400 kB\nVmRSS:\t20 kB\n',
    maps: `${head('1')} r--p 00000000 00:00 0 /x\n`,
    smaps: record(head('1'), 8, 4) + record(head('2'), 12, 6),
    smaps_rollup: record(head('1'), 20, 11),
    ...changed,
  };
  const tree = path.join(folder, name);
  mkdirSync(path.join(tree, '42'), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(tree, '42', file), text);
  return tree;
}

async function verifyJson(...words: string[]): Promise<VerifyReport & { code: number | null }> {
  const { code, stdout } = await runTidemark(['verify', '--json', ...words]);
  return { ...JSON.parse(stdout), code };
}

describe('on this host', () => {
  it('finds no difference, and accounts for every process', async () => {
    const report = await verifyJson();
    expect(report).toMatchObject({ code: 0, schema: 1, engines: ['ts', 'native'], passes: 1, mismatches: [] });
    expect(report.mismatchCount).toBe(0);
    expect(report.files).toBeGreaterThanOrEqual(6);
    expect(report.bytes).toBeGreaterThan(1000);
    const sum = Object.values(report.byStatus).reduce((total, count) => total + count, 0);
    expect(sum).toBe(report.processes);
    expect(report.invariants.judged + report.invariants.moved).toBe(report.byStatus.ok);
  });

  it('looks only at the processes asked for', async () => {
    const report = await verifyJson('--pid', String(process.pid));
    expect(report).toMatchObject({ code: 0, processes: 1, files: 6, byStatus: { ok: 1 } });
  });

  it('goes on for as long as asked', async () => {
    const started = performance.now();
    const report = await verifyJson('--for', '300ms', '--pid', String(process.pid));
    expect(performance.now() - started).toBeGreaterThan(300);
    expect(report.passes).toBeGreaterThan(1);
    expect(report.processes).toBe(report.files / 6);
  });

  it('says in words what it found', async () => {
    const { code, stdout, stderr } = await runTidemark(['verify', '--pid', String(process.pid)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^6 files, [\d.]+ KiB: ts and native agree\nprocesses: 1: 1 ok\nkernel: /);
  });

  it('does not know a process that is not there', async () => {
    const outcome = await runTidemark(['verify', '--pid', '2147483647']);
    expect(outcome).toEqual({ code: 4, stdout: '', stderr: 'tidemark verify: no process 2147483647\n' });
  });
});

describe('the invariants of the kernel', () => {
  it('hold in a tree that is right', async () => {
    const report = await verifyJson('--strict', '--procfs', treeWith('right'));
    expect(report).toMatchObject({ code: 0, files: 6, invariants: { judged: 1, moved: 0, violationCount: 0 } });
  });

  it.each([
    [
      'vmrss-is-resident',
      { status: 'Name:\tx\nVmSize:\t400 kB\nVmRSS:\t24 kB\n' },
      { vmRSS: 24_576, resident: 20_480 },
    ],
    ['rollup-rss-is-sum', { statm: '100 5 2 1 0 3 0\n', smaps_rollup: rollup(24, 11) }, { rollupRss: 24_576 }],
    ['rollup-pss-near-sum', { smaps_rollup: rollup(20, 12) }, { rollupPss: 12_288, smapsPss: 10_240, mappings: 2 }],
    ['rollup-pss-near-sum', { smaps_rollup: rollup(20, 9) }, { rollupPss: 9216, smapsPss: 10_240 }],
  ])('report a broken %s with its numbers', async (invariant, changed, numbers) => {
    const tree = treeWith(`${invariant}-${JSON.stringify(numbers).length}`, changed);
    const report = await verifyJson('--procfs', tree);
    expect(report.code).toBe(0);
    expect(report.invariants).toMatchObject({ judged: 1, violationCount: 1, violations: [{ pid: 42, invariant }] });
    expect(report.invariants.violations[0].numbers).toMatchObject(numbers);
    expect((await verifyJson('--strict', '--procfs', tree)).code).toBe(3);
  });

  function rollup(rss: number, pss: number): string {
    return `1000-2fff ---p 00000000 00:00 0 [rollup]\nRss: ${rss} kB\nPss: ${pss} kB\n`;
  }
});

describe('when there is nothing to verify', () => {
  it('fails in a tree without a readable file', async () => {
    const tree = path.join(folder, 'empty');
    mkdirSync(path.join(tree, '7'), { recursive: true });
    const report = await verifyJson('--procfs', tree, '--page-size', '4096', '--clock-ticks', '100');
    expect(report).toMatchObject({ code: 1, processes: 1, files: 0, byStatus: { unsupported: 1 } });
  });

  it('asks for the units of a tree that does not tell them', async () => {
    const tree = path.join(folder, 'no-units');
    mkdirSync(tree);
    const { code, stderr } = await runTidemark(['verify', '--procfs', tree]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `tidemark verify: --procfs: nothing in "${tree}" tells its page size; give --page-size and --clock-ticks\n`,
    );
  });

  it('fails without the addon, and says so', async () => {
    const copy = path.join(folder, 'package');
    cpSync(path.join(ROOT, 'dist'), path.join(copy, 'dist'), { recursive: true });
    cpSync(path.join(ROOT, 'package.json'), path.join(copy, 'package.json'));
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
    const main = path.join(copy, 'dist/cli/main.js');
    const { code, stdout, stderr } = await runTidemark(['verify'], { main });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^tidemark verify: nothing to compare with: the addon is not there: not built for linux-/);

    const parse = await runTidemark(['parse', 'statm', '-', '--engine', 'native'], { main });
    expect(parse.code).toBe(1);
    expect(parse.stderr).toMatch(/^tidemark parse: The native engine cannot be used: not built for linux-.*\n$/);
  });
});
