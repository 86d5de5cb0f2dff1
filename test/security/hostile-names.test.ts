/**
 * A process that carries what moves a terminal in its name and its arguments (the lesson of CVE-2024-58251): no command that
 * shows processes lets any of it through to a terminal. `maps` and `pmap` do in a pipe, where both give the bytes that the
 * kernel and procps give.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCommand } from '../recorder/command.js';
import { scratch } from '../recorder/workload.js';
import { MAIN, runTidemark } from '../tidemark-process.js';

const ON_TERMINAL = fileURLToPath(new URL('../procps/on-terminal.py', import.meta.url));

// Clears the screen, sets its title, asks it for an answer, starts a string that never ends, in 7 and in 8 bits.
const HOSTILE = '\x1b[2J\x1b]0;title\x07\x1b[c\x1bP\x9b31m\x90\r\b\x7f';
// Neither a line's end nor a tab, which are of ours too.
const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f]/;
const PROGRAM = `
import ctypes, time
ctypes.CDLL(None).prctl(15, b'\\x1b[2J\\x1b]0;x\\x07\\x9b\\r')
kept = bytearray(4 << 20)
print('there', flush=True)
time.sleep(1000)`;

let child: ChildProcess;
let pid: string;
let folder: ReturnType<typeof scratch>;
let recording: string;
beforeAll(async () => {
  folder = scratch();
  recording = folder.file('a.tide');
  child = spawn('python3', ['-c', PROGRAM, HOSTILE], { argv0: HOSTILE, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  pid = String(child.pid);
  const words = [
    '--rollup',
    '5',
    '--mappings',
    '5',
    '--hz',
    '20',
    '--for',
    '500ms',
    '--size',
    '4M',
    '--cmdline',
    'full',
  ];
  const made = await runTidemark(['record', '--pid', pid, ...words, '-o', recording]);
  expect(made.code).toBe(0);
  expect(made.stdout + made.stderr).not.toMatch(CONTROL);
});
afterAll(() => {
  child.kill('SIGKILL');
  folder[Symbol.dispose]();
});

it('the kernel gives what was planted', () => {
  for (const file of ['cmdline', 'comm']) expect(readFileSync(`/proc/${pid}/${file}`, 'latin1')).toMatch(CONTROL);
});

describe('nothing of it reaches a terminal by', () => {
  it.concurrent.each([
    [['ps', 'uww', '-p', 'PID']],
    [['ps', 'e', '-f', '-p', 'PID']],
    [['ps', '-o', 'comm,args,exe,cgroup', '-p', 'PID']],
    [['ps', '--by', 'comm', '-p', 'PID']],
    [['ps', '--json', '-o', 'pid,comm,args', '-p', 'PID']],
    [['top', '-b', '-n', '1', '-p', 'PID']],
    [['top', '-b', '-c', '-n', '1', '-p', 'PID']],
    [['segments', 'PID']],
    [['segments', '--owners', 'PID']],
    [['why', 'PID', '--for', '300ms']],
    [['info', 'FILE']],
    [['growth', 'FILE']],
    [['export', 'FILE', '--format', 'csv']],
    [['export', 'FILE', '--format', 'jsonl']],
    [['export', 'FILE', '--format', 'openmetrics']],
    [['ps', '--in', 'FILE', 'aux']],
    [['why', 'PID', '--in', 'FILE']],
  ])('%j', async (pattern) => {
    const words = pattern.map((word) => ({ PID: pid, FILE: recording })[word] ?? word);
    const { code, stdout, stderr } = await runTidemark(words, { env: { LANG: 'C.UTF-8' } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(CONTROL) });
    expect(stdout.length).toBeGreaterThan(10);
    expect(stdout).not.toMatch(CONTROL);
  });

  it.concurrent.each([[['pmap', 'PID']], [['pmap', '-x', 'PID']], [['pmap', '-X', 'PID']], [['maps', 'PID']]])(
    '%j on one',
    async (pattern) => {
      const words = pattern.map((word) => (word === 'PID' ? pid : word));
      const { stdout } = await startCommand('python3', [ON_TERMINAL, '200', process.execPath, MAIN, ...words], '/')
        .ended;
      expect(stdout).toContain('python3');
      // The terminal itself turns each line's end into two bytes.
      expect(stdout.replaceAll('\r\n', '\n')).not.toMatch(CONTROL);
    },
  );
});
