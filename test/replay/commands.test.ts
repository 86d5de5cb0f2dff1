/** `ps`, `segments`, `pmap` and `maps` with `--in` and `--at`: what was there then, as the export and the kernel had it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileStorage } from '../../src/ring/file-storage.js';
import { formatTime } from '../../src/text/time.js';
import { Author, someone } from '../recorder/synthetic.js';
import { scratch } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { exportedAt, exportedRows, ticksOf } from './exported.js';

const folder = scratch();
const file = folder.file('night.tide');
const GROWING = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(2 ** 20, 1)), 50)';
let sleeper: ChildProcess;
let growing: ChildProcess;
/** The maps of the sleeper as the kernel had them while it was recorded. */
let maps = '';
let rows: Record<string, string>[];

beforeAll(async () => {
  sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
  growing = spawn(process.execPath, ['-e', GROWING], { stdio: 'ignore' });
  await pause(300);
  const pids = `${sleeper.pid},${growing.pid},${process.pid}`;
  const words = ['record', '--pid', pids, '--hz', '20', '--rollup', '4', '--mappings', '2', '--cmdline', 'full'];
  await runTidemark([...words, '--for', '3s', '-o', file]);
  maps = readFileSync(`/proc/${sleeper.pid}/maps`, 'latin1');
  rows = await exportedRows(file);
}, 60_000);

afterAll(() => {
  sleeper.kill('SIGKILL');
  growing.kill('SIGKILL');
  folder[Symbol.dispose]();
});

/** The column of `ps`, its name in JSON, and the metrics of the export that it is the sum of. */
const COLUMNS: readonly (readonly [column: string, json: string, ...metrics: string[]])[] = [
  ['rss', 'rss', 'rss'],
  ['vsz', 'vsize', 'vsize'],
  ['anon', 'rssAnon', 'rssAnon'],
  ['nlwp', 'threads', 'threads'],
  ['minflt', 'minorFaults', 'minorFaults'],
  ['majflt', 'majorFaults', 'majorFaults'],
  ['time', 'cpuTime', 'userTime', 'systemTime'],
  ['ppid', 'parentPid', 'parentPid'],
  ...['pss', 'uss', 'swap', 'referenced', 'locked'].map((name) => [name, name, name] as const),
  ...['pssAnon', 'pssFile', 'pssShmem', 'pssDirty', 'swapPss'].map(
    (name) => [name.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`), name, name] as const,
  ),
  ['thp', 'anonHugePages', 'anonHugePages'],
];

describe('ps', () => {
  it('shows every figure of the export, at any instant', async () => {
    const ticks = ticksOf(rows);
    const columns = ['pid', 'pss_age', ...COLUMNS.map(([column]) => column)].join(',');
    let compared = 0;
    for (const share of [0.05, 0.3, 0.55, 0.99]) {
      const at = ticks[Math.floor(share * ticks.length)]! + 1n;
      const { stdout, stderr } = await runTidemark(['ps', '-o', columns, '--in', file, '--at', `${at}ns`, '--json']);
      const wanted = exportedAt(rows, at);
      const { processes, timeNs } = JSON.parse(stdout) as { processes: Record<string, number>[]; timeNs: string };
      expect(BigInt(timeNs)).toBe(at - 1n);
      expect(stderr).toContain(` at ${formatTime(at - 1n)}\n`);
      expect(processes.map(({ pid }) => pid)).toEqual([...wanted.keys()].sort((a, b) => a - b));
      for (const process of processes) {
        const { values, ageNs } = wanted.get(process.pid!)!;
        expect(process.pssAge ?? Number.NaN).toBe(ageNs);
        for (const [, json, ...metrics] of COLUMNS) {
          const sum = metrics.reduce((total, name) => total + values.get(name)!, 0);
          expect([json, process[json] ?? Number.NaN]).toEqual([json, sum]);
          if (!Number.isNaN(sum)) compared++;
        }
      }
    }
    expect(compared).toBeGreaterThan(4 * 3 * 12);
  });

  it('takes the options of procps, and `-` for what was not recorded', async () => {
    const all = await runTidemark(['ps', 'aux', '--in', file, '--sort', '-rss']);
    const lines = all.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^USER +PID %CPU %MEM +VSZ +RSS TTY +STAT START +TIME COMMAND$/);
    expect(lines).toHaveLength(4);
    expect(
      lines.slice(1).every((line) => /^- +\d+ +[\d.]+ +[\d.]+ +\d+ +\d+ - +- +\d\d:\d\d +\d+:\d\d \S/.test(line)),
    ).toBe(true);
    const sizes = lines.slice(1).map((line) => Number(line.split(/ +/)[5]));
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    const one = await runTidemark(['ps', '-p', `${sleeper.pid}`, '-o', 'pid=,user=,args=', '--in', file]);
    expect(one.stdout.trim()).toMatch(new RegExp(`^${sleeper.pid} - +sleep 1000$`));
    const named = await runTidemark(['ps', '-C', 'sleep', '-o', 'pid=', '--in', file]);
    expect(named.stdout.trim()).toBe(`${sleeper.pid}`);
    const none = await runTidemark(['ps', '-p', '999999', '--in', file]);
    expect(none.code).toBe(1);
  });

  it.each([
    [['-u', 'root'], /a recording can choose by -p, --ppid and -C/],
    [['--sort', 'tty'], /--sort: "tty" is not in a recording/],
    [['--by', 'comm'], /--by: not of a recording/],
    [['--at', 'noon'], /--at: "noon" is not a time; .*or the name of a mark/],
    [['--at', '2020-01-01T00:00:00Z'], /--at: 2020-.* is outside the recording, which is from 20.* to 20/],
    [['--at', '-1h'], /outside the recording/],
  ])('refuses %j', async (words, sentence) => {
    const { code, stdout, stderr } = await runTidemark(['ps', ...words, '--in', file]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('maps, pmap and segments', () => {
  it('are of the read before the instant, in the text of the kernel', async () => {
    const { stdout, stderr } = await runTidemark(['maps', '--in', file, '--at', '-1s', `${sleeper.pid}`]);
    expect(stdout).toBe(maps);
    expect(stderr).toMatch(
      /^tidemark maps: process \d+ at 20\S+[+-]\d\d:\d\d, read \S+ before, at 20\S+[+-]\d\d:\d\d\n$/,
    );
    const plain = await runTidemark(['pmap', '--in', file, `${sleeper.pid}`]);
    const live = await runTidemark(['pmap', `${sleeper.pid}`]);
    expect(plain.stdout).toBe(live.stdout);
    for (const form of ['-x', '-X', '-XX', '-d']) {
      const recorded = await runTidemark(['pmap', form, '--in', file, `${sleeper.pid}`]);
      const now = await runTidemark(['pmap', form, `${sleeper.pid}`]);
      expect(recorded.code).toBe(0);
      const shape = (text: string) => text.split('\n').map((line) => line.split(/ +/).length);
      expect(shape(recorded.stdout)).toEqual(shape(now.stdout));
    }
  });

  it('have the sums of the deep read of the same instant', async () => {
    const segments = async (at: string) => {
      const words = ['segments', '--in', file, '--at', at, `${growing.pid}`, '--json'];
      return JSON.parse((await runTidemark(words)).stdout) as {
        total: { rss: number };
        timeNs: string;
        mappingsTimeNs: string;
      };
    };
    const [early, late] = [await segments('-2500ms'), await segments('-0s')];
    expect(late.total.rss - early.total.rss).toBeGreaterThan(10 * 2 ** 20);
    expect(BigInt(late.mappingsTimeNs)).toBeLessThanOrEqual(BigInt(late.timeNs));
    const near = exportedAt(rows, BigInt(late.mappingsTimeNs)).get(growing.pid!)!;
    expect(Math.abs(late.total.rss - near.values.get('rss')!)).toBeLessThan(4 * 2 ** 20);
    const json = JSON.parse((await runTidemark(['pmap', '--json', '-x', '--in', file, `${growing.pid}`])).stdout);
    expect(json.processes[0].totals.rss).toBe(late.total.rss);
  });

  it('say when a process was there, and what was not recorded', async () => {
    const gone = await runTidemark(['segments', '--in', file, '999999']);
    expect(gone).toMatchObject({ code: 4, stdout: '' });
    expect(gone.stderr).toMatch(/there was no process 999999 at 20\S+; it is not in the recording\n$/);
    expect((await runTidemark(['pmap', '--in', file, '999999'])).code).toBe(42);
    const without = folder.file('without.tide');
    const author = new Author({ storage: FileStorage.create(without, 2 ** 22) });
    author.arrive(0, someone(10));
    author.arrive(1, someone(11));
    for (let tick = 0; tick < 100; tick++) {
      author.set(0, { rss: 4096 });
      author.sweep();
      if (tick === 50) author.depart(1);
    }
    author.close(true);
    const none = await runTidemark(['maps', '--in', without, '10']);
    expect(none).toMatchObject({
      code: 1,
      stderr: 'tidemark maps: no mappings were recorded; record --mappings auto does so\n',
    });
    const later = await runTidemark(['maps', '--in', without, '11']);
    expect(later).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/no process 11 at .*; it was there from .*:20\.000\S+ to .*:25\.000/),
    });
    expect((await runTidemark(['maps', '--in', without, '--at', '-9s', '11'])).code).toBe(1);
  });

  it('refuse what is no recording, a merged one, and take what is left of a cut file', async () => {
    const text = folder.file('text');
    writeFileSync(text, maps);
    expect((await runTidemark(['maps', '--in', text, '12'])).stderr).toMatch(/no recording\n$/);
    expect((await runTidemark(['maps', '--in', file])).stderr).toMatch(/is a recording: give the pid/);
    expect((await runTidemark(['maps', '--at', '-1s', '12'])).stderr).toMatch(/--at: needs --in/);
    const merged = folder.file('merged.tide');
    await runTidemark(['merge', file, folder.file('without.tide'), '-o', merged]);
    const refused = await runTidemark(['ps', '--in', merged]);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/merged\.tide: it was merged from several recordings/),
    });
    const cut = folder.file('cut.tide');
    await runTidemark(['cut', file, '--last', '1s', '-o', cut]);
    const minute = await runTidemark(['ps', '--in', cut, '--at', '-2s']);
    expect(minute).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/outside the recording.*; it was cut from a longer one\n$/),
    });
    using recording = openRecording(file);
    truncateSync(file, recording.usedBytes - 40_000);
    expect((await runTidemark(['ps', '--in', file])).code).toBe(0);
  });
});
