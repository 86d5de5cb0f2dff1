/** The screen of `top` that steps back while it records, and processes that are opened in the past. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatShortSize } from '../../src/text/short-size.js';
import { scratch } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { Tmux } from '../tmux.js';

const TIMEOUT_MS = 120_000;
const folder = scratch();
afterAll(() => folder[Symbol.dispose]());

describe('stepping back while it records', () => {
  let growing: ChildProcess;
  beforeAll(() => {
    growing = spawn(process.execPath, [
      '-e',
      'const kept = []; setInterval(() => kept.push(Buffer.alloc(2 ** 19, 1)), 50)',
    ]);
  });
  afterAll(() => growing.kill('SIGKILL'));

  it(
    'shows the past on the same screen, and comes back to now',
    async () => {
      using terminal = new Tmux(140, 30);
      const { ended } = terminal.top(`-p ${growing.pid} -d 0.3`);
      await terminal.until((lines) => lines.some((line) => /\+\d.*node/.test(line)), 'a process that grows');
      await pause(2000);
      terminal.keys('Left');
      const [first] = await terminal.until((lines) => /^REPLAY .* tick \d+/.test(lines[0]!), 'the past');
      const timeOf = (line: string) => Date.parse(/REPLAY (\S+)/.exec(line)![1]!);
      terminal.keys('Left', 'Left', 'Left');
      await terminal.until(
        (lines) => /^REPLAY/.test(lines[0]!) && timeOf(first!) - timeOf(lines[0]!) > 250,
        'three ticks of 100 ms before',
      );
      // It goes on recording, and the screen stays where it is.
      const there = terminal.screen()[0];
      await pause(1000);
      expect(terminal.screen()[0]!.slice(0, 40)).toBe(there!.slice(0, 40));
      const out = folder.file('live.tide');
      terminal.type('w');
      await terminal.until((lines) => /^save .* as: /.test(lines.at(-1)!), 'a place for a name');
      terminal.type(out);
      terminal.keys('Enter');
      await terminal.until((lines) => /^saved/.test(lines.at(-1)!), 'that it was saved');
      expect(existsSync(out)).toBe(true);
      expect((await runTidemark(['info', out])).code).toBe(0);
      terminal.keys('Enter');
      await terminal.until(
        (lines) => /no mappings were recorded/.test(lines.join('\n')),
        'the view of the process then',
      );
      terminal.type('f');
      await terminal.until(
        (lines) => !/REPLAY/.test(lines[0]!) && /FASTEST GROWING/.test(lines.join('\n')),
        'its mappings now',
      );
      terminal.keys('Escape');
      await terminal.until((lines) => /PID .*COMMAND/.test(lines.join('\n')), 'the list');
      terminal.keys('q');
      expect(await ended()).toBe('0');
    },
    TIMEOUT_MS,
  );

  it(
    'opens a process with the mappings that it had then',
    async () => {
      const mapped = folder.file('mapped.tide');
      const words = ['record', '--pid', `${growing.pid}`, '--hz', '20', '--mappings', '4', '--for', '3s', '-o', mapped];
      expect((await runTidemark(words)).code).toBe(0);
      const segments = await runTidemark(['segments', '--in', mapped, '--at', '-1s', '--json', `${growing.pid}`]);
      const { total } = JSON.parse(segments.stdout);
      using terminal = new Tmux(140, 40);
      const { ended } = terminal.top(`--in ${mapped} --at -1s`);
      await terminal.until((lines) => lines[0]!.startsWith('REPLAY'), 'the first screen');
      terminal.keys('Enter');
      const lines = await terminal.until((now) => now.some((line) => /^total /.test(line)), 'the classes');
      const shown = lines
        .find((line) => /^total /.test(line))!
        .trim()
        .split(/ +/);
      expect(shown.slice(1, 4)).toEqual(
        [total.size, total.rss, total.pss].map((bytes) => formatShortSize(bytes).trim()),
      );
      terminal.type('[');
      await terminal.until(
        (now) => /not read until then|total/.test(now.join('\n')) && / 0 %/.test(now[0]!),
        'the begin',
      );
      terminal.keys('q');
      expect(await ended()).toBe('0');
    },
    TIMEOUT_MS,
  );
});
