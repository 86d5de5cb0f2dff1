/** Every command answers beside a process that never does, and says what it could not read. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTidemark } from '../tidemark-process.js';
import { StuckProcesses } from './stuck-processes.js';

let stuck: StuckProcesses;
let folder: string;
beforeAll(async () => {
  stuck = await StuckProcesses.start(2);
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-stuck-commands-'));
});
afterAll(async () => {
  await stuck[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const NO_ANSWER = /no answer in time: somebody keeps the memory map of the process locked/;

describe('beside a stuck process', () => {
  it('ps shows it by its name', async () => {
    const { code, stdout } = await runTidemark(['ps', '-o', 'pid,args', '-p', String(stuck.pids[0])]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^ *${stuck.pids[0]} \\[stuck\\]$`, 'm'));
  });

  it('ps says which value is missing', async () => {
    const { stdout } = await runTidemark(['ps', '-o', 'pid,pss', '-p', String(stuck.pids[0]), '--json']);
    expect(JSON.parse(stdout).processes).toEqual([
      expect.objectContaining({ pid: stuck.pids[0], missing: { pss: 'timeout' } }),
    ]);
  });

  it('ps of everything and top end', async () => {
    for (const words of [
      ['ps', 'aux'],
      ['top', '-b', '-n', '1', '-c'],
    ]) {
      const { code, stdout } = await runTidemark(words);
      expect(code).toBe(0);
      for (const pid of stuck.pids) expect(stdout).toMatch(new RegExp(`\\b${pid}\\b`));
    }
  });

  it.each([['pmap', '-X'], ['segments'], ['wss', '--for', '1s']])('%s ends with the reason', async (...words) => {
    const { code, stderr } = await runTidemark([...words, String(stuck.pids[0])]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(NO_ANSWER);
  });

  it('pmap --json says which process did not answer', async () => {
    const { code, stdout } = await runTidemark(['pmap', '-X', '--json', String(stuck.pids[0])]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).processes).toEqual([expect.objectContaining({ pid: stuck.pids[0], status: 'timeout' })]);
  });

  it('maps and pmap end', async () => {
    // From Linux 6.17 on they answer, before they do not.
    for (const command of ['maps', 'pmap']) {
      const { stdout, stderr } = await runTidemark([command, String(stuck.pids[0])]);
      if (stdout === '' || command === 'pmap') continue;
      expect({ command, stderr, stdout }).toMatchObject({ stderr: '', stdout: expect.stringContaining('[stack]') });
    }
  });

  it('doctor ends', async () => {
    expect((await runTidemark(['doctor'])).code).toBe(0);
  });

  it('verify counts it', async () => {
    const { code, stdout } = await runTidemark(['verify', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ mismatches: [] });
    expect(stdout).toContain('timeout');
  });

  it('record keeps its ticks, and counts the reads that did not come back', async () => {
    const file = path.join(folder, 'stuck.tide');
    const pids = [...stuck.pids, process.pid].join(',');
    const words = ['record', '-o', file, '--pid', pids, '--hz', '20', '--rollup', '20', '--for', '2s', '--json'];
    const { code, stdout, stderr } = await runTidemark(words);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { coverage, ticks } = JSON.parse(stdout);
    expect(coverage.dropped.timeout).toBeGreaterThanOrEqual(2);
    expect(ticks.recorded).toBeGreaterThan(20);
    expect(coverage.stored).toBeGreaterThan(3 * ticks.recorded);
  });

  it('record tells the arguments of the others beside more stuck ones than Node has threads', async () => {
    const many = await StuckProcesses.start(6);
    const other = spawn('sleep', ['1234'], { stdio: 'ignore' });
    try {
      const file = path.join(folder, 'arguments.tide');
      const pids = [...many.pids, other.pid].join(',');
      const { code } = await runTidemark(['record', '-o', file, '--pid', pids, '--hz', '20', '--for', '2s']);
      expect(code).toBe(0);
      const { stdout } = await runTidemark(['export', file, '--format', 'jsonl', '--with', 'args']);
      const last = new Map(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
          .map(({ pid, args }) => [pid, args]),
      );
      expect(last.get(other.pid)).toEqual(['sleep', '1234']);
      for (const pid of many.pids) expect(last.get(pid)).toBeNull();
    } finally {
      other.kill();
      await many[Symbol.asyncDispose]();
    }
  });

  it('record by command line passes it by', async () => {
    const file = path.join(folder, 'match.tide');
    const words = ['record', '-o', file, '--match', 'cmdline:vitest', '--for', '1s', '--json'];
    const { code } = await runTidemark(words);
    expect(code).toBe(0);
  });
});
