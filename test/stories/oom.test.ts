/**
 * A kill for want of memory that nobody prepared for, looked at from the recording alone: in a few keys who grew, by which
 * mapping, against which limit.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { startRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCgroup } from '../recorder/memory-cgroup.js';
import { scratch } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { Tmux } from '../tmux.js';

const MiB = 2 ** 20;
const LIMIT = 160 * MiB;
const TIMEOUT_MS = 120_000;

/** Waits to be put into its group, and then takes 16 MiB a second, or holds 24 MiB. */
const HOG = `
import ctypes, sys, time
ctypes.CDLL(None).prctl(15, b'hog')
sys.stdin.readline()
kept = []
while True:
    kept.append(bytearray(b'x' * (4 << 20)))
    time.sleep(0.25)`;
const BYSTANDER = `
import ctypes, sys
ctypes.CDLL(None).prctl(15, b'bystander')
kept = bytearray(b'x' * (24 << 20))
sys.stdin.readline()
sys.stdin.readline()`;

const folder = scratch();
const file = folder.file('night.tide');
let hog: ChildProcess;

beforeAll(async () => {
  const group = makeCgroup(`tidemark-oom-${process.pid}`, LIMIT);
  if (typeof group === 'string') throw new Error(group);
  await using _ = group;
  hog = spawn('python3', ['-c', HOG], { stdio: ['pipe', 'ignore', 'inherit'] });
  const bystander = spawn('python3', ['-c', BYSTANDER], { stdio: ['pipe', 'ignore', 'inherit'] });
  const recorder = await startRecording({ file, target: 'host', hz: 10, mappings: 'auto', sizeBytes: 64 * MiB });
  try {
    for (const { pid } of [hog, bystander]) group.add(pid!);
    bystander.stdin!.write('\n');
    await pause(1500);
    const ended = once(hog, 'exit');
    hog.stdin!.write('\n');
    expect(await ended).toEqual([null, 'SIGKILL']);
    await pause(1500);
  } finally {
    const gone = bystander.exitCode ?? bystander.signalCode ?? once(bystander, 'exit');
    bystander.kill('SIGKILL');
    await gone;
    await recorder.stop();
    await recorder[Symbol.asyncDispose]();
  }
}, TIMEOUT_MS);
afterAll(() => folder[Symbol.dispose]());

/** Bytes of the largest change with a plus in a line of the screen: PSS may have been read last before it grew. */
function changeIn(line: string): number {
  const found = line.matchAll(/\+(\d+(?:\.\d+)?)([KMG]?)/g);
  return Math.max(0, ...[...found].map(([, number, unit]) => Number(number) * 1024 ** ' KMG'.indexOf(unit || ' ')));
}

describe('the minute before', () => {
  it(
    'is a few keys away: who grew',
    async () => {
      using terminal = new Tmux(150, 30);
      const { ended } = terminal.top(`--in ${file}`);
      await terminal.until((lines) => lines.some((line) => line.includes('REPLAY')), 'the end of the recording');
      // The kill; the minute before it, which is the begin here; from there on; and the kill again.
      terminal.keys('N', '[', 'd', 'n');
      const lines = await terminal.until((now) => {
        const row = now.find((line) => /\bhog\s*$/.test(line));
        return row !== undefined && changeIn(row) > 80 * MiB;
      }, 'the program that grew');
      const rows = lines.slice(lines.findIndex((line) => /\bPID\b.*\bCOMMAND\b/.test(line)) + 1);
      // Among the first: others on the host may have grown by more meanwhile.
      expect(rows.slice(0, 4).join('\n')).toMatch(new RegExp(`^ *${hog.pid} .*hog$`, 'm'));
      terminal.type('/hog');
      terminal.keys('Enter', 'Enter');
      const opened = await terminal.until((now) => now.some((line) => /anon|heap/.test(line)), 'its mappings');
      expect(opened.join('\n')).toMatch(/anon|heap/);
      terminal.keys('q', 'q');
      expect(await ended()).toBe('0');
    },
    TIMEOUT_MS,
  );

  it('is explained: by which mapping, against which limit', async () => {
    const words = ['why', String(hog.pid), '--in', file, '--at', 'oom', '--json'];
    const { code, stdout, stderr } = await runTidemark(words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const told = JSON.parse(stdout);
    const text = (await runTidemark(words.slice(0, -1))).stdout;
    expect(text).toMatch(/hog/);
    expect(text).toMatch(/160\.0 MiB/);
    expect(text).toMatch(new RegExp(`tidemark-oom-${process.pid}`));
    expect(told.schema).toBe(1);
  });

  it('is told by info and by the control group that it happened in', async () => {
    const { stdout } = await runTidemark(['info', file]);
    expect(stdout).toMatch(new RegExp(`^killed +hog \\(${hog.pid}\\) for want of memory at 20`, 'm'));
    const { stdout: json } = await runTidemark(['info', file, '--json']);
    expect(JSON.parse(json).killed).toMatchObject([{ pid: hog.pid, comm: 'hog' }]);
  });
});
