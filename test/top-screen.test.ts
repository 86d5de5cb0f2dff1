/**
 * The screen of `top` as somebody at a terminal has it: keys in, lines out.
 *
 * The trap: the host may run anything, so only processes that are started here are looked at.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { displayWidth } from '../src/text/display-width.js';
import { type Planted, plant } from './planted-processes.js';
import { runTidemark } from './tidemark-process.js';
import { Tmux } from './tmux.js';

const TIMEOUT_MS = 180_000;
/** Sets the title of the terminal, breaks the line. */
const HOSTILE = '\\x1b]2;PWNED\\x07\\nx';
const HOSTILE_SHOWN = '\\x1B]2;PWNED\\x07\\x0Ax';

const planted: Planted[] = [];
let pids = '';
beforeAll(async () => {
  planted.push(await plant('idle', 0), await plant('idle', 0), await plant(HOSTILE, 0), await plant('leaky', 300_000));
  pids = planted.map(({ pid }) => pid).join();
}, TIMEOUT_MS);
afterAll(() => {
  for (const { child } of planted) child.kill('SIGKILL');
});

/** Below the heads of the columns. */
function rowsOf(lines: readonly string[]): string[] {
  const head = lines.findIndex((line) => /\bRSS\b.*\bCOMMAND\b/.test(line));
  return head < 0 ? [] : lines.slice(head + 1, -1).filter((line) => line.trim() !== '');
}

/** Bytes of the first size with this sign in a text. */
function changeIn(text: string): number {
  const found = /\+(\d+(?:\.\d+)?)([KMG]?)/.exec(text);
  return found ? Number(found[1]) * 1024 ** ' KMG'.indexOf(found[2] || ' ') : 0;
}

describe('the screen of top', () => {
  it(
    'brings what grows to the top, and shows host, recorder and every process',
    async () => {
      using terminal = new Tmux(140, 30);
      const { ended } = terminal.top(`-p ${pids} -d 0.3`);
      const lines = await terminal.until((now) => {
        const [first = ''] = rowsOf(now);
        return /leaky\s*$/.test(first) && changeIn(first) > 2 ** 20 && /\d+\.\d\dM\s+\d/.test(first);
      }, 'the growing process in the first row, with its PSS');
      const rows = rowsOf(lines);
      expect(rows).toHaveLength(4);
      expect(rows[0]).toMatch(new RegExp(`^ *${planted[3]!.pid} `));
      expect(rows.filter((row) => /idle\s*$/.test(row))).toHaveLength(2);
      expect(rows.some((row) => row.includes(HOSTILE_SHOWN))).toBe(true);
      expect(terminal.format('#{pane_title}')).not.toContain('PWNED');
      const above = lines.slice(0, 6).join('\n');
      expect(above).toMatch(/MemAvailable +\S+ of \S+/);
      expect(above).toMatch(/engine (bpf|native|ts) {2}rate 10 Hz asked, +\d+\.\d\d given/);
      expect(above).toMatch(/own cost +\S+ % CPU +\d+(?:\.\d)?M/);
      expect(above).toMatch(/4 processes/);
      terminal.keys('q');
      expect(await ended()).toBe('0');
    },
    TIMEOUT_MS,
  );

  it(
    'groups, filters, opens one process, explains itself, and pauses',
    async () => {
      using terminal = new Tmux(100, 40);
      const { ended } = terminal.top(`-p ${pids} -d 0.3`);
      await terminal.until((lines) => rowsOf(lines).length === 4, 'four rows');

      terminal.keys('g');
      const grouped = await terminal.until((_, text) => /by command/.test(text), 'groups by command');
      expect(rowsOf(grouped)).toHaveLength(3);
      expect(rowsOf(grouped).find((row) => row.includes('idle'))).toMatch(/^ +2 +≤\d/);
      terminal.keys('g');
      await terminal.until((lines, text) => /by user/.test(text) && rowsOf(lines).length === 1, 'groups by user');
      terminal.keys('g', 'g');
      await terminal.until((lines) => rowsOf(lines).length === 4, 'no groups');

      terminal.keys('/');
      terminal.type('^LEA');
      await terminal.until((_, text) => /nothing matches/.test(text), 'no row for capitals');
      terminal.keys('BSpace', 'BSpace', 'BSpace');
      terminal.type('lea');
      await terminal.until((lines) => rowsOf(lines).length === 1, 'one row');
      terminal.keys('Enter', 'Enter');

      const opened = await terminal.until(
        (lines) => lines.some((line) => /\+\d.* rw-p anon .*\[anonymous/.test(line)),
        'a mapping that grows',
      );
      const text = opened.join('\n');
      expect(text).toMatch(new RegExp(`^${planted[3]!.pid} .*python3`, 'm'));
      expect(text).toMatch(/^CLASS +SIZE +RSS +PSS +DIRTY +SWAP +COUNT +\+\d/m);
      expect(text).toMatch(/^anon +\S+ +\S+ +\S+ +\S+ +\S+ +\d+ +\+\d/m);
      expect(text).toMatch(/^lib-text /m);
      expect(text.indexOf('FASTEST GROWING')).toBeLessThan(text.indexOf('LARGEST'));

      terminal.keys('Escape');
      await terminal.until((lines) => rowsOf(lines).length === 1, 'the list again');
      terminal.keys('Escape');
      terminal.keys('Escape');
      await terminal.until((lines) => rowsOf(lines).length === 4, 'the selection and the filter gone');

      terminal.keys('?');
      await terminal.until((_, now) => /^KEYS/m.test(now) && /group by command/.test(now), 'the help');
      terminal.keys('?', 'Space');
      await terminal.until((lines) => /^paused/.test(lines.at(-1)!), 'paused');
      terminal.keys('8');
      const byPid = await terminal.until((_, now) => /by PID/.test(now), 'the order of pids');
      const order = rowsOf(byPid).map((row) => Number.parseInt(row, 10));
      expect(order).toEqual([...order].sort((a, b) => a - b));
      terminal.keys('C-c');
      expect(await ended()).toBe('0');
    },
    TIMEOUT_MS,
  );

  it(
    'follows the size of its terminal, down to twenty columns, and leaves nothing stale',
    async () => {
      using terminal = new Tmux(120, 40);
      const { ended } = terminal.top(`-p ${pids} -d 0.3`);
      await terminal.until((lines) => rowsOf(lines).length === 4, 'four rows');
      for (const [columns, rows] of [
        [20, 10],
        [200, 50],
        [40, 5],
        [20, 3],
        [80, 24],
      ] as const) {
        terminal.resize(columns, rows);
        const lines = await terminal.until(
          (now) =>
            now.length === rows && now.at(-1)!.startsWith('? help') && rowsOf(now).length >= Math.min(4, rows - 3 - 1),
          `a screen of ${columns} x ${rows}`,
        );
        expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(columns);
        // One status line: what the size before had there is gone.
        expect(lines.filter((line) => line.startsWith('? help'))).toHaveLength(1);
        if (columns === 20 && rows === 10) expect(lines.join('\n')).toMatch(/^ +RSS +\+\d+s COMMAND$/m);
        if (columns === 200) expect(lines.join('\n')).toMatch(/PID USER .*PEAK +AT MADE OF +OVER TIME +UNIT +COMMAND/);
      }
      terminal.keys('q');
      expect(await ended()).toBe('0');
    },
    TIMEOUT_MS,
  );

  it(
    'reads a captured tree as well as a host, with either engine, and ends after its frames',
    async () => {
      using terminal = new Tmux(100, 30);
      const tree = path.join(terminal.folder, 'proc');
      const { pid } = planted[0]!;
      mkdirSync(path.join(tree, String(pid)), { recursive: true });
      for (const file of ['stat', 'statm', 'status', 'smaps', 'smaps_rollup', 'cgroup', 'cmdline', 'auxv']) {
        writeFileSync(path.join(tree, String(pid), file), readFileSync(`/proc/${pid}/${file}`));
      }
      for (const file of ['meminfo', 'loadavg', 'uptime', 'stat']) cpSync(`/proc/${file}`, path.join(tree, file));
      writeFileSync(path.join(tree, String(pid), 'cgroup'), '0::/system.slice/planted.service\n');
      for (const engine of ['native', 'ts']) {
        const { ended } = terminal.top(`--procfs ${tree} --engine ${engine} -n 20 -d 0.2`);
        const lines = await terminal.until((now) => rowsOf(now).length === 1, `the process of the tree by ${engine}`);
        expect(lines.slice(0, 6).join('\n')).toContain(`engine ${engine}`);
        await terminal.until((_, text) => /planted\.s/.test(text), 'its unit');
        expect(await ended()).toBe('0');
      }
      rmSync(tree, { recursive: true });
    },
    TIMEOUT_MS,
  );

  it(
    'has no colours with NO_COLOR',
    async () => {
      const coloured = /\x1b\[(?:\d+;)*3[1-7][;m]/;
      for (const NO_COLOR of ['', '1']) {
        using terminal = new Tmux(100, 20, { NO_COLOR });
        const { ended } = terminal.top(`-p ${pids}`);
        await terminal.until((lines) => rowsOf(lines).length === 4, 'four rows');
        expect(terminal.screen(true).some((line) => coloured.test(line))).toBe(NO_COLOR === '');
        terminal.keys('q');
        await ended();
      }
    },
    TIMEOUT_MS,
  );
});

describe('the screen is refused', () => {
  it.each([
    ['dumb', /no screen can be drawn with TERM=dumb; -b prints/],
    ['""', /no screen can be drawn with TERM=; -b prints/],
  ])(
    'on a terminal of type %s, in one sentence',
    async (type, sentence) => {
      using terminal = new Tmux(100, 10);
      await terminal.command(`TERM=${type}`);
      const { ended } = terminal.top('');
      expect(await ended()).toBe('1');
      expect(terminal.screen().join('\n')).toMatch(sentence);
    },
    TIMEOUT_MS,
  );

  it('without a terminal', async () => {
    expect(await runTidemark(['top', '-p', '1'])).toMatchObject({ code: 1, stdout: '' });
  });

  it(
    'for what is not there or means nothing here, without touching the terminal',
    async () => {
      using terminal = new Tmux(100, 20);
      for (const [words, code, sentence] of [
        ['-p 4000000', '1', /No such process: pids 4000000/],
        ['-1', '1', /--single-cpu-toggle is for -b/],
        ['-o TIME', '1', /cannot sort by "TIME"/],
        ['--procfs /nowhere', '2', /\/nowhere/],
      ] as const) {
        const { ended } = terminal.top(words);
        expect([words, await ended()]).toEqual([words, code]);
        expect(terminal.screen().join('\n')).toMatch(sentence);
        expect(terminal.format('#{alternate_on}')).toBe('0');
      }
    },
    TIMEOUT_MS,
  );
});
