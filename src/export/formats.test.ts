/** CSV and JSON lines of a recording whose content is known, each judged by a parser that nobody here wrote. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Author, SECOND, someone, unixOf } from '../../test/recorder/synthetic.js';
import { METRICS, Status } from '../schema.js';
import { exportCsv } from './csv.js';
import { exportJsonl } from './jsonl.js';
import type { ExportOptions } from './rows.js';

const HEADER =
  'time_unix_ns,pid,start_ticks,comm,' +
  'rss,rssAnon,vsize,dataSize,minorFaults,majorFaults,userTime,systemTime,threads,parentPid,' +
  'pss,pssAnon,pssFile,pssShmem,pssDirty,uss,ussHugetlb,swap,swapPss,referenced,anonHugePages,locked,rollupHold,rollupHeld,rollupDuration,rollupPaced,sharedPartPpm,sharedPartErrorPpm,oomScore,oomScoreAdj,' +
  'counters_status,rollup_status,rollup_age_ns';

/** Names as a hostile program would choose them. */
const HOSTILE = [
  'a,b',
  'say "x"',
  'two\nlines',
  'cr\rlf\r\n',
  '=cmd|calc',
  '+1',
  '-1',
  '@x',
  "'quoted",
  '\x1b[31mred\x07',
  'tab\there',
  ' spaced ',
  String.raw`back\x41slash\n`,
  '\u2028\u202e',
  '',
  'ä€😀',
  ...[
    [0xff, 0xfe],
    [0x61, 0xc3],
    [0xed, 0xa0, 0x80],
    [0x3d, 0xff],
  ].map((bytes) => Uint8Array.from(bytes)),
];

type Line = Record<string, string | number | null>;

const author = new Author();
const KERNEL = 0;
author.arrive(KERNEL, { ...someone(2, 'kthreadd'), kernelThread: true });
author.arrive(1, someone(100, 'plain'));
for (const [index, name] of HOSTILE.entries()) author.arrive(index + 2, someone(200 + index, name));
for (let tick = 0; tick < 30; tick++) {
  author.set(KERNEL, { userTime: 1e7, threads: 1 }, Status.noMm);
  const gone = tick === 29;
  author.set(
    1,
    gone ? {} : { rss: tick * 4096, minorFaults: 2 ** 53 + 2 * tick, vsize: 2 ** 76, threads: 0 },
    gone ? Status.gone : Status.ok,
  );
  for (const index of HOSTILE.keys()) author.set(index + 2, { rss: index * 4096 });
  author.sweep();
  if (tick === 3) author.deep([KERNEL], {}, Status.noMm);
  if (tick % 10 === 4) author.deep([1, 2], { pss: 0, uss: tick * 1024, rollupHold: 5 });
}
author.close();
const recording = author.open();

const csvOf = (options: ExportOptions = {}) => [...exportCsv(recording, options)].join('');
const jsonOf = (options: ExportOptions = {}): Line[] =>
  [...exportJsonl(recording, options)]
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Rows of a CSV by the header, as Python reads them. */
function parsedByPython(csv: string): Record<string, string>[] {
  const program = 'import csv, json, sys; print(json.dumps(list(csv.DictReader(sys.stdin, strict=True))))';
  return JSON.parse(
    execFileSync('python3', ['-X', 'utf8', '-c', program], { input: csv, maxBuffer: 2 ** 28 }).toString(),
  );
}

/** The bytes behind an escaped field. */
function unescaped(field: string): Buffer {
  const text = field.startsWith("'") ? field.slice(1) : field;
  const parts = text.split(/(\\x[0-9A-F]{2})/);
  return Buffer.concat(
    parts.map((part, index) => (index % 2 === 1 ? Buffer.from(part.slice(2), 'hex') : Buffer.from(part))),
  );
}

describe('csv', () => {
  const lines = csvOf().split('\n');

  it('has the header that scripts rely on, with every metric in the order of the schema', () => {
    expect(lines[0]).toBe(HEADER);
    expect(HEADER).toContain(
      `,comm,${METRICS.filter(({ engines }) => engines === 'all')
        .map(({ name }) => name)
        .join(',')},counters_status,`,
    );
  });

  it('has one line per process and tick, whatever the names are', () => {
    expect(lines).toHaveLength(1 + 30 * (2 + HOSTILE.length) + 1);
    expect(lines.at(-1)).toBe('');
    const text = csvOf();
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
  });

  it('runs no formula in a spreadsheet', () => {
    for (const row of parsedByPython(csvOf({ to: unixOf(0) }))) expect(row.comm).not.toMatch(/^[=+\-@\t\r]/);
  });

  it('is the same as the JSON lines, field by field', () => {
    const rows = parsedByPython(csvOf());
    const objects = jsonOf();
    expect(rows).toHaveLength(objects.length);
    rows.forEach((row, index) => {
      const { comm, commHex, ...rest } = objects[index]!;
      const { comm: escaped, ...fields } = row;
      const asText = Object.fromEntries(
        Object.entries(rest).map(([name, value]) => [name, value === null ? '' : String(value)]),
      );
      expect(fields).toEqual(asText);
      const bytes = commHex === undefined ? Buffer.from(String(comm)) : Buffer.from(String(commHex), 'hex');
      expect(unescaped(escaped!)).toEqual(bytes);
    });
  });
});

describe('a row', () => {
  const rows = jsonOf();
  const of = (pid: number, tick: number) =>
    rows.find((row) => row.pid === pid && row.time_unix_ns === `${unixOf(tick)}`)!;

  it('has the columns of the CSV in their order', () => {
    const names = HEADER.split(',');
    expect(Object.keys(of(100, 0))).toEqual(names);
    const hex = Object.keys(rows.find((row) => 'commHex' in row)!);
    expect(hex).toEqual([...names.slice(0, 4), 'commHex', ...names.slice(4)]);
  });

  it('has nothing where nothing was measured, and zero where zero was', () => {
    expect(of(2, 0)).toMatchObject({
      rss: null,
      rssAnon: null,
      vsize: null,
      minorFaults: null,
      pss: null,
      userTime: 1e7,
      threads: 1,
      counters_status: 'no-mm',
      rollup_status: 'not-due',
      rollup_age_ns: null,
    });
    expect(of(2, 3)).toMatchObject({ rollup_status: 'no-mm', rollup_age_ns: null, pss: null });
    expect(of(100, 0)).toMatchObject({ rss: 0, threads: 0, counters_status: 'ok' });
    expect(of(100, 29)).toMatchObject({ rss: null, threads: null, counters_status: 'gone' });
  });

  it('has the deep values at the tick that read them only', () => {
    expect(of(100, 3)).toMatchObject({ pss: null, rollup_status: 'not-due', rollup_age_ns: null });
    expect(of(100, 4)).toMatchObject({ pss: 0, uss: 4096, rollup_status: 'ok', rollup_age_ns: 0 });
    expect(of(100, 6)).toMatchObject({ pss: null, uss: null, rollup_status: 'not-due' });
    expect(of(100, 6).rollup_age_ns).toBe(Number(SECOND / 5n) - 5000);
    expect(rows.filter((row) => row.pid === 100 && row.uss !== null).map((row) => row.uss)).toEqual([
      4096, 14_336, 24_576,
    ]);
  });

  it('loses no digit of what JavaScript cannot hold', () => {
    expect(of(100, 1)).toMatchObject({ minorFaults: '9007199254740994', vsize: '75557863725914323419136' });
    const [, line] = csvOf({ pids: [100], from: unixOf(1), to: unixOf(1), metrics: ['minorFaults', 'vsize'] }).split(
      '\n',
    );
    expect(line).toBe(`${unixOf(1)},100,200,plain,9007199254740994,75557863725914323419136,ok,not-due,`);
  });
});

describe('a process that changes its name', () => {
  it('has the name that it had at each tick', () => {
    const renamed = new Author();
    renamed.arrive(0, someone(5, 'before'));
    renamed.sweep();
    renamed.arrive(0, someone(5, 'after'));
    renamed.sweep();
    renamed.close();
    const rows = parsedByPython([...exportCsv(renamed.open())].join(''));
    expect(rows.map(({ pid, comm }) => [pid, comm])).toEqual([
      ['5', 'before'],
      ['5', 'after'],
    ]);
  });
});

describe('options', () => {
  it('choose a range; a read from before it is not part of its first tick', () => {
    const part = jsonOf({ from: unixOf(7), to: unixOf(16) });
    const whole = jsonOf().filter((row) => {
      const time = BigInt(String(row.time_unix_ns));
      return time >= unixOf(7) && time <= unixOf(16);
    });
    expect(part).toEqual(whole);
    expect(part[1]).toMatchObject({ pid: 100, pss: null, rollup_status: 'not-due' });
  });

  it('choose metrics in their own order, each once, and processes', () => {
    expect(csvOf({ metrics: ['uss', 'rss', 'uss'], pids: [100, 7], to: unixOf(4) }).split('\n')).toEqual([
      'time_unix_ns,pid,start_ticks,comm,uss,rss,counters_status,rollup_status,rollup_age_ns',
      ...[0, 1, 2, 3].map((tick) => `${unixOf(tick)},100,200,plain,,${tick * 4096},ok,not-due,`),
      `${unixOf(4)},100,200,plain,4096,${4 * 4096},ok,ok,0`,
      '',
    ]);
    expect(() => csvOf({ metrics: ['rss', 'size'] })).toThrow(/no metric "size"/);
    expect(jsonOf({ pids: [100], metrics: [], to: unixOf(0) }).map((row) => Object.keys(row).length)).toEqual([7]);
  });

  it('thin out to the first tick of each interval', () => {
    const ticks = jsonOf({ pids: [100], every: SECOND }).map((row) => row.time_unix_ns);
    expect(ticks).toEqual([0, 10, 20].map((tick) => `${unixOf(tick)}`));
    expect(jsonOf({ pids: [100], every: 1n })).toHaveLength(30);
    expect(() => csvOf({ every: 0n })).toThrow(/"every" option to be a positive bigint/);
  });

  it('come in pieces that a stream can take', () => {
    const pieces = [...exportJsonl(recording)];
    expect(pieces.length).toBeGreaterThan(1);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(128 * 1024);
  });
});
