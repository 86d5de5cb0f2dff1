import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN, runTidemark } from './tidemark-process.js';

describe('tidemark top', () => {
  it('prints one object for one frame, in bytes and nanoseconds', async () => {
    const { code, stdout } = await runTidemark(['top', '--json', '-n', '1', '-c', '-p', String(process.pid)]);
    expect(code).toBe(0);
    const frame = JSON.parse(stdout);
    expect(frame).toMatchObject({ schema: 1, frame: 1, tasks: { total: 1 }, processes: [{ pid: process.pid }] });
    expect(frame.uptime).toBeGreaterThan(1e9);
    expect(frame.interval).toBeGreaterThan(1e8);
    expect(frame.memory.total).toBeGreaterThan(2 ** 27);
    const percent = Object.values<number>(frame.cpu.percent).reduce((sum, share) => sum + share, 0);
    // Guests count twice, so the shares may be less than all.
    expect(percent).toBeLessThan(100.1);
    const [self] = frame.processes;
    // A Node with a test runner in it: tens of MiB, neither pages nor KiB.
    expect(self.rss).toBeGreaterThan(20 * 2 ** 20);
    expect(self.vsize).toBeGreaterThan(self.rss);
    expect(self.cpuTime % 1e7).toBe(0);
    expect(self.arguments[0]).toContain('node');
  });

  it('prints a line for each of several frames', async () => {
    const { code, stdout } = await runTidemark(['top', '--json', '-n', '3', '-d', '0.05', '-p', '1']);
    expect(code).toBe(0);
    const frames = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(frames.map(({ frame }) => frame)).toEqual([1, 2, 3]);
    expect(frames.map(({ processes }) => processes[0].pid)).toEqual([1, 1, 1]);
  });

  it('has no processes when the pids are not there', async () => {
    const { stdout } = await runTidemark(['top', '--json', '-n', '1', '-p', '4000000']);
    expect(JSON.parse(stdout)).toMatchObject({ tasks: { total: 0 }, processes: [] });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends well and with a whole frame on %s', async (signal) => {
    const child = spawn(process.execPath, [MAIN, 'top', '-b', '-d', '100', '-p', '1'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (/\n +1 .*$/.test(text) && !child.killed) child.kill(signal);
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    expect(text).toMatch(/^top - [\s\S]*\n +1 .*\n$/);
  });

  it('goes on when its terminal goes', async () => {
    const child = spawn(process.execPath, [MAIN, 'top', '-b', '-n', '3', '-d', '0.3', '-p', '1'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      if (text === '') child.kill('SIGHUP');
      text += chunk;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    expect(text.match(/^top - /gm)).toHaveLength(3);
  });

  it('says that the screen needs a terminal, with the code that procps has for it', async () => {
    const { code, stdout, stderr } = await runTidemark(['top']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^tidemark top: the screen needs a terminal; -b prints/);
  });

  it.each([
    [['-b', '-p', 'x'], 1, /-p: "x" is not a list of pids/],
    [['-b', '--nonsense'], 2, /unknown option '--nonsense'/],
    [['-b', '--procfs', '/nowhere'], 2, /--procfs: "\/nowhere" is not a folder/],
    [['-b', '--engine', 'magic'], 2, /--engine: "magic"/],
  ])('%j ends with %i', async (words, expected, sentence) => {
    const { code, stdout, stderr } = await runTidemark(['top', ...words]);
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toMatch(sentence);
  });

  it('refuses a tree without processes, as procps does', async () => {
    const empty = mkdtempSync(path.join(tmpdir(), 'top-empty-'));
    const words = ['top', '-b', '-n', '1', '--procfs', empty, '--page-size', '4096', '--clock-ticks', '100'];
    const { code, stdout, stderr } = await runTidemark(words);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/no process can be read/);
    rmdirSync(empty);
  });

  it('has a help', async () => {
    const { code, stdout } = await runTidemark(['top', '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/-n, --iterations <number>[\s\S]*Fields to sort by with -b: PID PPID/);
  });
});
