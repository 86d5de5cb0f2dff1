import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Tokenizers, typescriptTokenizers as ts } from '../procfs/tokenizers.js';
import { MAX_LISTED, type VerifyOptions, verify } from './verify.js';

const host = { pageSize: 4096, clockTicksPerSecond: 100 };
const faulty: Tokenizers = {
  ...ts,
  statm: (bytes, length, out) => {
    const accepted = ts.statm(bytes, length, out);
    if (out.fields[0] === 666n) out.fields[5]++;
    return accepted;
  },
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tidemark-check-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function addProcess(pid: number, size: number): void {
  mkdirSync(path.join(root, String(pid)));
  writeFileSync(path.join(root, String(pid), 'statm'), `${size} 5 2 1 0 3 0\n`);
  writeFileSync(path.join(root, String(pid), 'stat'), `${pid} (x) S 1 1 1 0 -1 0 1 0 0 0 1 1 0 0 20 0 1 0 99 0 5\n`);
}

function optionsWith(changed: Partial<VerifyOptions> = {}): VerifyOptions {
  const engines = [
    { name: 'ts', tokenizers: ts },
    { name: 'faulty', tokenizers: faulty },
  ] as const;
  return { root, host, engines, ...changed };
}

describe('verify', () => {
  it('lists a mismatch with its process, file and field', async () => {
    addProcess(7, 100);
    addProcess(8, 666);
    const report = await verify(optionsWith());
    expect(report).toMatchObject({ engines: ['ts', 'faulty'], passes: 1, processes: 2, files: 4, mismatchCount: 1 });
    expect(report.mismatches).toEqual([{ pid: 8, file: 'statm', field: 'data', a: '3', b: '4' }]);
    expect(report.byStatus).toEqual({ unsupported: 2 });
  });

  it('counts all mismatches and lists the first', async () => {
    for (let pid = 1; pid <= MAX_LISTED + 5; pid++) addProcess(pid, 666);
    const report = await verify(optionsWith());
    expect(report.mismatchCount).toBe(MAX_LISTED + 5);
    expect(report.mismatches.length).toBe(MAX_LISTED);
  });

  it('judges nothing of a process whose files are not all there', async () => {
    addProcess(7, 100);
    const { invariants } = await verify(optionsWith());
    expect(invariants).toEqual({ judged: 0, moved: 0, violationCount: 0, violations: [] });
  });

  it('stops at once when it is told to', async () => {
    addProcess(7, 100);
    const stopped = new AbortController();
    stopped.abort();
    const report = await verify(optionsWith({ durationNs: 60_000_000_000n, signal: stopped.signal }));
    expect(report).toMatchObject({ passes: 0, processes: 0 });
  });

  it('stops after the process at hand', async () => {
    for (const pid of [7, 8, 9]) addProcess(pid, 100);
    const stopped = new AbortController();
    const interrupting: Tokenizers = {
      ...ts,
      statm: (...text) => {
        stopped.abort();
        return ts.statm(...text);
      },
    };
    const engines = [
      { name: 'ts', tokenizers: ts },
      { name: 'interrupting', tokenizers: interrupting },
    ] as const;
    expect(await verify(optionsWith({ engines, signal: stopped.signal }))).toMatchObject({ passes: 0, processes: 1 });
  });

  it('stops in the middle of a long run', async () => {
    addProcess(7, 100);
    const stopped = new AbortController();
    const report = await verify(
      optionsWith({
        durationNs: 60_000_000_000n,
        signal: stopped.signal,
        onProgress: ({ passes }) => passes === 3 && stopped.abort(),
      }),
    );
    expect(report.passes).toBe(3);
  });

  it('throws when the tree cannot be listed', async () => {
    await expect(verify(optionsWith({ root: path.join(root, 'none') }))).rejects.toThrow('ENOENT');
  });
});
