import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { frameLines, type TopHost, type TopView } from './top-frame.js';
import { type TopSample, TopSampler } from './top-sample.js';
import { cpuShares } from './top-summary.js';

const UNITS = { pageSize: 16_384, clockTicksPerSecond: 100 };

let root = '';
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'top-sample-'));
  put(
    'stat',
    'cpu  100 0 0 900 0 0 0 0 0 0\ncpu0 50 0 0 450 0 0 0 0 0 0\ncpu1 50 0 0 450 0 0 0 0 0 0\nbtime 1700000000\n',
  );
  put('meminfo', 'MemTotal: 1000 kB\nMemFree: 400 kB\nMemAvailable: 600 kB\nCached: 100 kB\n');
  put('uptime', '100.00 50.00\n');
  put('loadavg', '0.10 0.20 0.30 1/2 30\n');
});
afterEach(() => rmSync(root, { recursive: true }));

function put(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
}

function process(pid: number, ticks: number, { start = 500, threads = 1, statm = '10 5 2 1 0 3 0' } = {}): void {
  put(`${pid}/stat`, `${pid} (work) S 1 1 1 0 -1 0 1 0 2 0 ${ticks} 0 0 0 20 0 ${threads} 0 ${start} 1 1 1\n`);
  put(`${pid}/statm`, `${statm}\n`);
  put(`${pid}/status`, 'Name:\twork\nUid:\t1\t2\t3\t4\n');
}

const sampler = (pids?: number[]) =>
  new TopSampler({ root, engine: 'ts', units: UNITS, cmdline: false, ...(pids ? { pids } : {}) });

const VIEW: TopView = {
  sortBy: '%CPU',
  descending: true,
  cmdline: false,
  busyOnly: false,
  cumulative: false,
  eachCpu: false,
  summaryScale: 0,
  taskScale: 0,
  screenColumns: 80,
};
const HOST: TopHost = {
  pidDigits: 5,
  clockTicksPerSecond: 100,
  userName: (uid) => `user${uid}`,
  locale: { utf8: true, terminal: false },
};
const rows = (sample: TopSample, view: Partial<TopView> = {}) =>
  frameLines(sample, { ...VIEW, ...view }, HOST, {}).slice(7);
const cpuColumn = (row: string) => row.trim().split(/\s+/)[8];

describe('TopSampler', () => {
  it('lists by pid and counts the CPU time since the last sample, of who is new all', () => {
    process(10, 5);
    process(9, 7);
    const top = sampler();
    expect(top.sample().tasks.map(({ pid, deltaTicks }) => [pid, deltaTicks])).toEqual([
      [9, 7],
      [10, 5],
    ]);
    process(10, 65);
    process(100, 30);
    expect(top.sample().tasks.map(({ pid, deltaTicks }) => [pid, deltaTicks])).toEqual([
      [9, 0],
      [10, 60],
      [100, 30],
    ]);
  });

  it('takes a pid with another start time for another process', () => {
    process(10, 1000);
    const top = sampler();
    top.sample();
    process(10, 3, { start: 501 });
    expect(top.sample().tasks[0]!.deltaTicks).toBe(3);
  });

  it('never goes back', () => {
    process(10, 1000);
    const top = sampler();
    top.sample();
    process(10, 999);
    expect(top.sample().tasks[0]!.deltaTicks).toBe(0);
  });

  it('leaves out who has ended, and reads nobody else than was asked for', () => {
    process(10, 1);
    process(11, 1);
    const top = sampler([11, 12, 10]);
    expect(top.sample().tasks.map(({ pid }) => pid)).toEqual([11, 10]);
    rmSync(path.join(root, '11'), { recursive: true });
    expect(top.sample().tasks.map(({ pid }) => pid)).toEqual([10]);
  });

  it("has sizes in bytes, with the tree's own page size", () => {
    process(10, 1);
    const [task] = sampler().sample().tasks;
    expect(task!.memory).toEqual({ size: 163_840, resident: 81_920, shared: 32_768, text: 16_384, data: 49_152 });
    expect(task!.uids).toEqual([1, 2, 3, 4]);
  });

  it('throws when there is no tree', () => {
    expect(() => new TopSampler({ root: '/nowhere', engine: 'ts', units: UNITS, cmdline: false }).sample()).toThrow(
      /ENOENT/,
    );
  });
});

describe('a frame', () => {
  it('shares the time between two samples out, at most what the threads can use', () => {
    process(10, 0);
    process(11, 0);
    process(12, 0, { threads: 4 });
    const top = sampler();
    top.sample();
    process(10, 50);
    process(11, 300);
    process(12, 300, { threads: 4 });
    put('uptime', '102.00 51.00\n');
    const shown = rows(top.sample());
    expect(shown.map((row) => [row.slice(0, 5).trim(), cpuColumn(row)])).toEqual([
      // 150 %, which one thread cannot use.
      ['11', '100.0'],
      ['12', '150.0'],
      ['10', '25.0'],
    ]);
  });

  it('shows what was not measured as ? and never as 0', () => {
    process(10, 0, { statm: 'torn' });
    rmSync(path.join(root, '10/status'));
    rmSync(path.join(root, 'uptime'));
    expect(rows(sampler().sample())).toEqual([
      '   10 ?         20   0       ?      ?      ? S     ?     ?   0:00.00 work',
    ]);
  });

  it('shows the tasks alone where nothing is known of the host', () => {
    process(10, 0);
    rmSync(path.join(root, 'meminfo'));
    const lines = frameLines(sampler().sample(), VIEW, HOST, {});
    expect(lines[0]).toBe('Tasks:   1 total,   0 running,   1 sleeping,   0 stopped,   0 zombie');
    expect(lines.at(-1)).toBe('   10 user2     20   0     160     80     32 S     ?     ?   0:00.00 work');
  });

  it('chooses by user, with every id or with the effective one, and the others', () => {
    process(10, 0);
    const sample = sampler().sample();
    const shown = (uid: number, anyId: boolean, inverted: boolean) =>
      rows(sample, { user: { uid, anyId, inverted } }).length;
    expect([shown(2, false, false), shown(3, false, false), shown(4, true, false), shown(2, false, true)]).toEqual([
      1, 0, 1, 0,
    ]);
  });
});

describe('cpuShares', () => {
  const times = (user: number, idle: number) => ({
    ...{ user: user * 1e7, idle: idle * 1e7, nice: 0, system: 0, iowait: 0 },
    ...{ irq: 0, softirq: 0, steal: 0, guest: 0, guestNice: 0 },
  });

  it('are of the time between the two', () => {
    const shares = cpuShares(times(125, 175), times(100, 100), 100);
    expect([shares.get('user'), shares.get('idle')]).toEqual([25, 75]);
  });

  it('are all idle when no time has passed, or it went back', () => {
    expect(cpuShares(times(1, 1), times(1, 1), 100).get('idle')).toBe(100);
    expect(cpuShares(times(1, 1), times(2, 0), 100).get('user')).toBe(0);
  });

  it('count guests twice, as procps does', () => {
    const now = { ...times(150, 100), guest: 50e7 };
    expect(cpuShares(now, times(100, 100), 100).get('user')).toBe(50);
  });
});
