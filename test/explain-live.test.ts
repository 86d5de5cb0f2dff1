/**
 * What `explain` says that other programs print, against what they do print of a stopped process: each formula is computed from
 * the kernel's fields that the schema names, and compared with the program's own number.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FOREIGN_NAMES } from '../src/schema/explain.js';
import { metricsIn } from '../src/schema/notes/foreign-name.js';
import { findMetric } from '../src/schema.js';
import { runTidemark } from './tidemark-process.js';

const PROGRAM = `
import mmap, os, tempfile
anonymous = bytearray(20 << 20)
shared = mmap.mmap(-1, 3 << 20)
shared.write(b'x' * (3 << 20))
file = tempfile.TemporaryFile()
file.write(b'y' * (2 << 20)); file.flush()
mapped = mmap.mmap(file.fileno(), 0)
total = sum(mapped[::4096])
print('up', flush=True)
input()
`;

const STATM = ['size', 'resident', 'shared', 'text', 'lib', 'data'];
const STAT = { ppid: 3, minflt: 9, majflt: 11, utime: 13, stime: 14, num_threads: 19 } as const;
const PAGE = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));
const TICK = 1e9 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

let child: ChildProcess;
beforeAll(async () => {
  child = spawn('/usr/bin/python3', ['-c', PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  child.kill('SIGSTOP');
});
afterAll(() => {
  child.kill('SIGKILL');
});

function lineIn(text: string, key: string): number {
  return Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)![1]) * 1024;
}

function lineOf(file: string, key: string): number {
  return lineIn(readFileSync(file, 'latin1'), key);
}

/** The value of a metric of the stopped process, from the field that its `source` names. */
function measured(name: string, rollup?: string): number {
  const { source } = findMetric(name)!;
  const proc = `/proc/${child.pid}`;
  const status = / as status (\w+)/.exec(source);
  if (status) return lineOf(`${proc}/status`, status[1]!);
  const [file, ...terms] = source.split(' ');
  if (file === 'meminfo') return lineOf('/proc/meminfo', terms[0]!);
  if (file === 'statm') {
    const fields = readFileSync(`${proc}/statm`, 'latin1').split(' ').map(Number);
    const [first, , second] = terms.map((term) => fields[STATM.indexOf(term)]!);
    return (first! - (second ?? 0)) * PAGE;
  }
  if (file === 'stat') {
    const text = readFileSync(`${proc}/stat`, 'latin1');
    // The fields behind the name begin with the state, which is the third: index 2.
    const value = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[STAT[terms[0] as keyof typeof STAT] - 2]);
    return /time/.test(terms[0]!) ? value * TICK : value;
  }
  expect(file).toBe('smaps_rollup');
  const text = rollup ?? readFileSync(`${proc}/smaps_rollup`, 'latin1');
  return terms.filter((term) => term !== '+').reduce((sum, key) => sum + lineIn(text, key), 0);
}

function compute(formula: string, rollup?: string): number {
  const names = metricsIn(formula);
  return new Function(...names, `return ${formula}`)(...names.map((name) => measured(name, rollup)));
}

const toldBy = (tool: string) => FOREIGN_NAMES.filter((one) => one.tool === tool && one.is !== undefined);
const formulaOf = (tool: string, name: string) => toldBy(tool).find(({ names }) => names.includes(name))!.is!;
/** Shares move with whoever else maps the same libraries, and so with the program that asks: 2 % of them. */
const isShare = (formula: string) => metricsIn(formula).some((name) => /^(?:pss|uss)/.test(name));
const SCALE: Record<string, number> = { KiB: 1024, kB: 1024, pages: PAGE };

describe('the formulas', () => {
  it('give what ps prints', () => {
    for (const { names, is, unit } of toldBy('ps')) {
      const name = names.find((one) => /^[a-z_]+$/.test(one))!;
      const printed = execFileSync('ps', ['-o', `${name}=`, '-p', String(child.pid)], { encoding: 'utf8' }).trim();
      const value = compute(is!);
      const difference = Math.abs(Number(printed) * 1024 - value);
      if (isShare(is!)) expect(difference, name).toBeLessThan(value * 0.02);
      else if (unit === '%') expect(printed, name).toBe((Math.floor(value * 10) / 10).toFixed(1));
      else if (unit === 'h:m:s') expect(printed, name).toBe(new Date(value / 1e6).toISOString().slice(11, 19));
      else expect(Number(printed), name).toBe(value / (SCALE[unit] ?? 1));
    }
  });

  it('give what top prints', () => {
    const words = ['-b', '-n', '1', '-e', 'k', '-p', String(child.pid)];
    const lines = execFileSync('top', words, { encoding: 'utf8', env: { ...process.env, HOME: '/nowhere' } }).split(
      '\n',
    );
    const at = lines.findIndex((line) => /^ +PID /.test(line));
    const [header, row] = lines.slice(at, at + 2).map((line) => line.trim().split(/\s+/));
    for (const name of ['VIRT', 'RES', 'SHR']) {
      expect(Number(row![header!.indexOf(name)]), name).toBe(compute(formulaOf('top', name)) / 1024);
    }
  });

  it('give what psutil tells', () => {
    const asked = toldBy('psutil').filter(({ names, unit }) => unit !== '%' && !names[0]!.startsWith('virtual_memory'));
    expect(asked.length).toBeGreaterThan(8);
    const script = `import json,sys,psutil
p = psutil.Process(int(sys.argv[1]))
told = [eval('p.' + name) for name in sys.argv[2:]]
print(json.dumps([told, open('/proc/%s/smaps_rollup' % sys.argv[1]).read()]))`;
    const words = ['-c', script, String(child.pid), ...asked.map(({ names }) => names[0]!)];
    const [told, rollup] = JSON.parse(execFileSync('/usr/bin/python3', words, { encoding: 'utf8' }));
    for (const [index, { names, is }] of asked.entries()) {
      // Its python shares libraries with the target's for as long as it runs, so that moment's own text counts.
      const value = compute(is!, rollup);
      expect(told[index], names[0]).toBeCloseTo(value, 6);
    }
  });

  it('give what status tells, swap and stack among it', () => {
    for (const { names, is } of toldBy('status')) {
      const key = names[0]!;
      const factor = key === 'Threads' ? 1024 : 1;
      expect(lineOf(`/proc/${child.pid}/status`, key) / factor, key).toBe(compute(is!));
    }
  });

  it('give what pmap -XX sums up, with what its notes say', () => {
    const lines = execFileSync('pmap', ['-XX', String(child.pid)], { encoding: 'utf8' })
      .trimEnd()
      .split('\n');
    const keys = lines[1]!
      .trim()
      .split(/\s+/)
      .filter((key) => !/^(?:Address|Perm|Offset|Device|Inode|VmFlags|Mapping)$/.test(key));
    const totals = lines.at(-1)!.trim().split(/\s+/).map(Number);
    const total = (key: string) => totals[keys.indexOf(key)]! * 1024;
    const mappings = lines.length - 4;
    const vsyscall = lines.some((line) => line.includes('[vsyscall]')) ? 4096 : 0;
    expect(total('Size')).toBe(compute(formulaOf('pmap', 'Size')) + vsyscall);
    for (const key of ['Referenced', 'Swap', 'AnonHugePages']) {
      expect(total(key), key).toBe(compute(formulaOf('pmap', key)));
    }
    for (const key of ['Pss', 'SwapPss', 'Locked']) {
      const more = compute(formulaOf('pmap', key)) - total(key);
      const moved = key === 'Pss' ? 0.02 * total(key) : 0;
      expect(more, key).toBeGreaterThanOrEqual(-moved);
      expect(more, key).toBeLessThanOrEqual(mappings * 1024 + moved);
    }
  });

  it('give what Node tells of the host', () => {
    const { totalmem } = process.getBuiltinModule('node:os');
    expect(formulaOf('Node', 'os.totalmem()')).toBe('hostMemTotal');
    expect(totalmem()).toBe(lineOf('/proc/meminfo', 'MemTotal'));
  });
});

describe('tidemark explain', () => {
  it('lists every metric without a name', async () => {
    const { code, stdout } = await runTidemark(['explain']);
    expect(code).toBe(0);
    for (const name of ['rss', 'hostMemAvailable', 'cgroupCurrent'])
      expect(stdout).toMatch(new RegExp(`^${name} `, 'm'));
    const all = JSON.parse((await runTidemark(['explain', '--json'])).stdout);
    expect([all.schema, all.metrics.length]).toEqual([1, stdout.trimEnd().split('\n').length - 1]);
  });

  it('explains in lines of 80 columns, names of several words too', async () => {
    for (const words of [['pss'], ['docker', 'stats'], ['docker stats'], ['rss', 'uss']]) {
      const { code, stdout, stderr } = await runTidemark(['explain', ...words]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    }
    const { stdout } = await runTidemark(['explain', 'pss']);
    expect(stdout).toMatch(/^lock it takes +the memory map of the target/m);
    expect(stdout).toMatch(/^Prometheus +process_pss_bytes$/m);
    expect(stdout).toMatch(/^ {2}smem PSS = pss /m);
  });

  it('gives the same as JSON', async () => {
    const { stdout } = await runTidemark(['explain', 'top', 'SHR', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      metrics: [],
      foreign: [{ tool: 'top', names: ['SHR'], is: 'rss - rssAnon', metrics: ['rss', 'rssAnon'] }],
    });
    const { metrics } = JSON.parse((await runTidemark(['explain', 'pss', '--json'])).stdout);
    expect(metrics).toMatchObject([{ name: 'pss', source: 'smaps_rollup Pss', quantum: 'kibibyte' }]);
    expect(metrics[0].lock).toContain('mmap lock');
  });

  it('refuses what it does not know, with names that look alike', async () => {
    const { code, stdout, stderr } = await runTidemark(['explain', 'psss\u001b[']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^tidemark explain: nothing is known by the name "psss\\x1B\["; did you mean (?:.*, )?pss, /,
    );
    const far = await runTidemark(['explain', 'zzzzzzzz']);
    expect([far.code, far.stderr]).toEqual([2, expect.stringContaining('tidemark explain lists all metrics')]);
  });
});
