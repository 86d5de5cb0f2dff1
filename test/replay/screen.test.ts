/** The screen of `top` over a recording: every figure is that of the export at its instant, wherever the keys lead. */
import { readFileSync, writeFileSync } from 'node:fs';
import { openRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileStorage } from '../../src/ring/file-storage.js';
import { Status } from '../../src/schema.js';
import { formatShortChange, formatShortSize } from '../../src/text/short-size.js';
import { formatTime } from '../../src/text/time.js';
import { Author, someone, unixOf } from '../recorder/synthetic.js';
import { scratch } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { Tmux } from '../tmux.js';
import { type ExportedProcess, exportedAt, exportedRows, ticksOf } from './exported.js';

const TIMEOUT_MS = 120_000;
const TICKS = 1500;
const PROCESSES = 9;
const ENV = { TZ: 'Europe/Berlin' };
const folder = scratch();
const file = folder.file('night.tide');
let rows: Record<string, string>[];

/** Two and a half minutes of processes that move, come and go; some reads are old, one is denied, ticks are missed. */
function record(): void {
  const author = new Author({ storage: FileStorage.create(file, 2 ** 23) });
  let state = 5;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  for (let slot = 0; slot < PROCESSES; slot++) author.arrive(slot, someone(100 + slot, `proc-${slot}`));
  for (let tick = 0; tick < TICKS; tick++) {
    if (tick === 900) {
      author.depart(7);
      author.arrive(7, someone(507, 'young'));
    }
    if (tick === 1200) author.depart(8);
    for (let slot = 0; slot < PROCESSES; slot++) {
      if (random() < 0.3 || tick === 0 || tick === 900) {
        const rss = 4096 * Math.floor(1000 + random() * 100_000);
        author.set(slot, { rss, rssAnon: rss / 2, vsize: 2 * rss, threads: 1, userTime: tick * 1e7, systemTime: 0 });
      }
    }
    if (tick === 600) author.writer.event(author.nowNs, { type: 'mark', name: 'load begins' });
    if (tick === 1000)
      author.writer.event(author.nowNs, { type: 'mark', name: 'oom', pid: 108, startTicks: 208, comm: 'proc-8' });
    author.sweep({ missed: tick === 1300 ? 25 : 0, ownCpuNs: tick * 1e6 });
    const kib = () => 1024 * Math.floor(random() * 1e6);
    const read = [0, 1, 2, 3, 7].filter(() => random() < 0.1);
    if (read.length > 0) author.deep(read, { pss: kib(), uss: kib(), swap: kib(), pssFile: kib(), pssShmem: 0 });
    if (tick === 5) author.deep([4], {}, Status.denied);
    if (tick === 40) author.deep([5], { pss: 2 ** 20, uss: 2 ** 19, swap: 0 });
  }
  author.close(true);
}

beforeAll(async () => {
  record();
  rows = await exportedRows(file);
}, TIMEOUT_MS);
afterAll(() => folder[Symbol.dispose]());

interface ShownRow {
  readonly [column: string]: string;
}

/** The cells of the list by the heads of their columns: numbers end where their heads do. */
function cellsOf(lines: readonly string[]): Map<number, ShownRow> {
  const at = lines.findIndex((line) => /^ *PID .*\bRSS\b.*COMMAND/.test(line));
  const heads = [...lines[at]!.matchAll(/\S+( OF| TIME)?/g)].map(({ 0: name, index }) => ({
    name,
    index,
    end: index + name.length,
  }));
  const found = new Map<number, ShownRow>();
  for (const line of lines.slice(at + 1, -1)) {
    if (line.trim() === '') continue;
    const row: Record<string, string> = {};
    heads.forEach(({ name, end }, index) => {
      const from = index === 0 ? 0 : heads[index - 1]!.end;
      // Both changes have one head where the recording is short.
      const key = name in row ? `${name} again` : name;
      row[key] = line.slice(from, end).trim();
    });
    found.set(Number(row.PID), row);
  }
  return found;
}

const TEN_SECONDS = 10_000_000_000n;
const TEN_MINUTES = 600_000_000_000n;

/** What the row of a process has to show, from the export alone. */
function wantedCells({ values, ageNs, course }: ExportedProcess, atNs: bigint): ShownRow {
  const rss = values.get('rss')!;
  const share = (name: string) => {
    const value = values.get(name)!;
    return Number.isNaN(value) ? '' : `${ageNs > 2.5e9 ? '~' : ''}${formatShortSize(value)}`;
  };
  const since = (windowNs: bigint) => {
    const then = course.findLast(({ timeNs }) => timeNs <= atNs - windowNs);
    return formatShortChange(rss - (then ?? course[0]!).rss).trim();
  };
  const inWindow = course.filter(({ timeNs }) => timeNs >= atNs - TEN_MINUTES);
  const peak = Math.max(...inWindow.map((point) => point.rss));
  const peakNs = inWindow.find((point) => point.rss === peak)!.timeNs;
  return {
    RSS: formatShortSize(rss).trim(),
    ...{ PSS: share('pss').trim(), USS: share('uss').trim(), SWAP: share('swap').trim() },
    ...{ short: since(TEN_SECONDS), long: since(TEN_MINUTES), PEAK: formatShortSize(peak).trim() },
    AT: formatTime(peakNs, { digits: 0 }).slice(11, 19),
  };
}

/** Waits for the screen of an instant with everything on it, and compares all of its figures. */
async function expectInstant(terminal: Tmux, atNs: bigint): Promise<string[]> {
  process.env.TZ = ENV.TZ;
  const tick = ticksOf(rows).findLast((timeNs) => timeNs <= atNs)!;
  const shown = `REPLAY ${formatTime(tick)}`;
  const lines = await terminal.until((now) => {
    if (!now[0]!.startsWith(shown) || now[0]!.includes('looking for')) return false;
    return [...cellsOf(now).values()].every((row) => row.PEAK !== '');
  }, `${shown} with its history`);
  const cells = cellsOf(lines);
  const wanted = exportedAt(rows, tick);
  expect([...cells.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [pid, exported] of wanted) {
    const row = cells.get(pid)!;
    const { short, long, ...rest } = wantedCells(exported, tick);
    const heads = Object.keys(row).filter((name) => name.startsWith('+'));
    expect([pid, row[heads[0]!], row[heads[1]!]]).toEqual([pid, short, long]);
    for (const [name, text] of Object.entries(rest)) {
      const isDenied = pid === 104 && ['PSS', 'USS', 'SWAP'].includes(name);
      expect([pid, name, row[name]]).toEqual([pid, name, isDenied ? 'denied' : text]);
    }
  }
  return lines;
}

describe('a replayed screen', () => {
  it(
    'shows the figures of the export at every instant that keys lead to',
    async () => {
      using terminal = new Tmux(200, 24, ENV);
      const { ended } = terminal.top(`--in ${file}`);
      await terminal.until((lines) => lines[0]!.startsWith('REPLAY'), 'the first screen');
      terminal.keys('u');
      const ticks = ticksOf(rows);
      const last = ticks.at(-1)!;
      let lines = await expectInstant(terminal, last);
      expect(lines[0]).toMatch(/tick 1524 {2}100 % of 2m32s, 0s before its end/);
      terminal.keys('Left', 'Left', 'Left');
      await expectInstant(terminal, ticks.at(-4)!);
      terminal.keys('Right');
      await expectInstant(terminal, ticks.at(-3)!);
      terminal.type('[');
      const minuteBefore = ticks.at(-3)! - 60_000_000_000n;
      await expectInstant(terminal, minuteBefore);
      terminal.type('b');
      await terminal.until((now) => /^go to /.test(now.at(-1)!), 'a place to type a time');
      terminal.type('load begins');
      terminal.keys('Enter');
      await expectInstant(terminal, unixOf(600));
      terminal.type('n');
      lines = await expectInstant(terminal, unixOf(1000));
      expect(lines[0]).toContain('OOM kill of proc-8[108]');
      expect(lines.join('\n')).toMatch(/last OOM kill +\S+ proc-8\[108\]/);
      terminal.type('n');
      lines = await terminal.until((now) => /25 ticks were missed: late/.test(now[0]!), 'the gap');
      terminal.type('n');
      await terminal.until((now) => /no OOM kill, mark or gap is later/.test(now.at(-1)!), 'the end of what happened');
      terminal.type('NN');
      await expectInstant(terminal, unixOf(600));
      terminal.type(']');
      await expectInstant(terminal, unixOf(1200));
      terminal.type('f');
      await expectInstant(terminal, last);
      terminal.keys('q');
      expect(await ended()).toBe('0');
    },
    TIMEOUT_MS,
  );

  it(
    'tells the difference against a marked instant, and saves a cut',
    async () => {
      using terminal = new Tmux(200, 20, ENV);
      process.env.TZ = ENV.TZ;
      const { ended } = terminal.top(`--in ${file} --at ${unixOf(1100)}ns`);
      await terminal.until((lines) => lines[0]!.startsWith(`REPLAY ${formatTime(unixOf(1100))}`), 'the instant');
      terminal.type('d');
      await terminal.until((lines) => /DIFFERENCE since/.test(lines[0]!), 'the mark');
      terminal.type(']');
      const [head] = await terminal.until((lines) => /1 ended, which had/.test(lines[0]!), 'who has ended');
      const then = exportedAt(rows, unixOf(1100));
      expect(head).toContain(`which had ${formatShortSize(then.get(108)!.values.get('rss')!).trim()}`);
      const tick = ticksOf(rows).at(-1)!;
      const now = exportedAt(rows, tick);
      const cells = cellsOf(terminal.screen());
      for (const [pid, { values }] of now) {
        const before = then.get(pid)!.values;
        expect([pid, cells.get(pid)!['+RSS']]).toEqual([
          pid,
          formatShortChange(values.get('rss')! - before.get('rss')!).trim(),
        ]);
      }
      const out = folder.file('saved.tide');
      terminal.type('w');
      await terminal.until(
        (lines) => /^save 2023-11-14T23:15:10\+01:00 to .* as: /.test(lines.at(-1)!),
        'a place for a name',
      );
      terminal.type(out);
      terminal.keys('Enter');
      await terminal.until((lines) => /^saved .* as /.test(lines.at(-1)!), 'that it was saved');
      using saved = openRecording(out);
      expect(saved.summary().ticks.recorded).toBe(ticksOf(rows).filter((time) => time >= unixOf(1100)).length);
      terminal.type('w');
      terminal.type(out);
      terminal.keys('Enter');
      await terminal.until((lines) => /exists already/.test(lines.at(-1)!), 'that a file is not replaced');
      terminal.type('b');
      terminal.type('03:00');
      terminal.keys('Enter');
      await terminal.until((lines) => /is outside the recording, which is from 2023-/.test(lines.at(-1)!), 'the span');
      terminal.keys('q');
      expect(await ended()).toBe('0');
    },
    TIMEOUT_MS,
  );

  it(
    'goes over what is damaged, and names the hole',
    async () => {
      const torn = folder.file('torn.tide');
      const bytes = readFileSync(file);
      using recording = openRecording(file);
      const [, second] = recording.ring.blocks(0);
      bytes.fill(0xa5, second!.offset, second!.offset + 8);
      writeFileSync(torn, bytes);
      using terminal = new Tmux(150, 20, ENV);
      const { ended } = terminal.top(`--in ${torn} --at ${unixOf(0)}ns`);
      await terminal.until((lines) => lines[0]!.startsWith('REPLAY'), 'the first screen');
      const hole = async () => {
        // Over what happened before it, and what was recorded of the time that is lost.
        for (let presses = 0; presses < 12; presses++) {
          const [before] = terminal.screen();
          if (/frames before this are lost/.test(before!)) return before!;
          terminal.type('n');
          await terminal.until((lines) => lines[0] !== before, 'something later');
        }
        throw new Error(`There is no hole:\n${terminal.screen().join('\n')}`);
      };
      const head = await hole();
      const lost = Number(/(\d+) frames before/.exec(head)![1]);
      expect(lost).toBeGreaterThan(50);
      terminal.keys('Left');
      await terminal.until((lines) => !/frames before this/.test(lines[0]!), 'the tick before the hole');
      expect((await hole()).slice(0, 36)).toBe(head.slice(0, 36));
      terminal.keys('q');
      expect(await ended()).toBe('0');
    },
    TIMEOUT_MS,
  );

  it.each([
    [['--in', '/no/such'], 1, /no such file/],
    [['--at', '-1s'], 2, /--at: needs --in and a recording/],
  ])('is refused %j', async (words, code, sentence) => {
    const outcome = await runTidemark(['top', '-b', ...words]);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toMatch(sentence);
  });
});

describe('a batch', () => {
  it('has the figures of the export, frame after frame', async () => {
    const at = unixOf(1000);
    const { stdout } = await runTidemark([
      'top',
      '-b',
      '--json',
      '-n',
      '3',
      '-d',
      '2',
      '--in',
      file,
      '--at',
      `${at}ns`,
    ]);
    const frames = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(frames.map(({ timeNs }) => BigInt(timeNs))).toEqual([at, at + 2_000_000_000n, at + 4_000_000_000n]);
    for (const { timeNs, processes } of frames) {
      const wanted = exportedAt(rows, BigInt(timeNs));
      const before = exportedAt(rows, BigInt(timeNs) - 2_000_000_000n);
      expect(processes.length).toBe(wanted.size);
      for (const process of processes) {
        const { values } = wanted.get(process.pid)!;
        expect([process.rss, process.vsize, process.threads]).toEqual(
          ['rss', 'vsize', 'threads'].map((name) => values.get(name)),
        );
        expect(process.shared).toBe(values.get('rss')! - values.get('rssAnon')!);
        expect(process.cpuTimeDelta).toBe(
          values.get('userTime')! - before.get(process.pid)!.values.get('userTime')! || 0,
        );
      }
    }
    const text = await runTidemark(['top', '-b', '--in', file, '-o', 'RES'], { env: ENV });
    expect(text.stdout).toMatch(
      /^top - 2023-11-14T23:15:52\.400\+01:00 {2}h, as it was recorded\nTasks: {3}8 total\n\n +PID USER/,
    );
  });
});
