import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../text/display-width.js';
import { compositionBar, shapeLine } from './bars.js';
import { spanText } from './clock-time.js';
import { hostLines } from './host-fields.js';
import { CLOCK, HOST, modelOf, process } from './screen.fixture.js';
import { drawScreen } from './screen.js';
import type { HostModel } from './screen-model.js';
import { FIRST_STATE, type ScreenState } from './screen-state.js';
import { clipLine, lineOf, plainText, span } from './styled-line.js';
import { symbolsFor } from './symbols.js';

const UTF8 = symbolsFor(true, true);
const PLAIN = symbolsFor(false, false);

const PROCESSES = [
  process({ pid: 10, name: 'still', mib: 100 }),
  process({ pid: 11, name: 'leaky', mib: 50, grew: 20 }),
  process({ pid: 12, name: 'secret', mib: 30, deep: 'denied' }),
  process({ pid: 23, name: 'still', mib: 40, ageNs: 9e9 }),
  process({ pid: 24, name: '\x1b[2J\xe2\x80\xae', mib: 1 }),
];

function drawn(state: Partial<ScreenState> = {}, columns = 120, rows = 24, model = modelOf(PROCESSES), symbols = UTF8) {
  const screen = drawScreen(model, { ...FIRST_STATE, ...state }, { columns, rows }, symbols, []);
  return { ...screen, text: screen.lines.map(plainText) };
}

const rowOf = (text: readonly string[], pattern: RegExp) => text.find((line) => pattern.test(line));

describe('the list', () => {
  it('has what grew first, then the largest', () => {
    expect(drawn().order).toEqual(['11:1', '10:1', '23:1', '12:1', '24:1']);
  });

  it('says what is denied and what is old, and never 0 for it', () => {
    const { text } = drawn();
    expect(rowOf(text, /secret/)).toMatch(/ 30\.0M denied .* a\.service +secret *$/);
    expect(rowOf(text, /^ +10 /)).toMatch(/ 100M +50\.0M /);
    expect(rowOf(text, /^ +23 /)).toMatch(/ 40\.0M ~20\.0M /);
  });

  it('has no PSS of what was not read, and counts it among the blind spots', () => {
    const unread = [process({ pid: 5, name: 'huge', mib: 9000, deep: 'unread' })];
    const { text } = drawn({}, 100, 24, modelOf(unread));
    expect(rowOf(text, /huge/)).toMatch(/8\.79G {8,}/);
    expect(text.join('\n')).toContain('1 PSS not read: not due yet, or too large');
  });

  it('names the windows by what they are', () => {
    expect(drawn().text.find((line) => line.includes('COMMAND'))).toMatch(/\+10s +\+1m30s/);
  });

  it('has command lines without the folder of the program, and whole in the view of one process', () => {
    const model = modelOf(PROCESSES, { factsOf: () => ({ user: '', unit: '', cmdline: '/usr/bin/run it /a/b' }) });
    expect(drawn({ commandLines: true }, 120, 24, model).text.join('\n')).toMatch(/ run it \/a\/b *$/m);
    expect(drawn({ view: 'process', opened: '11:1' }, 120, 24, model).text.join('\n')).toMatch(
      /^11 \/usr\/bin\/run it/m,
    );
  });

  it('escapes every name', () => {
    const { text } = drawn({ grouping: 'command' });
    expect(text.join('\n')).toContain('\\x1B[2J\\xE2\\x80\\xAE');
    expect(text.join('')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });

  it('keeps the selected row on the page', () => {
    const many = Array.from({ length: 200 }, (_, index) =>
      process({ pid: 1000 + index, name: `p${index}`, mib: 500 - index }),
    );
    const { lines, top } = drawn({ selected: '1150:1' }, 100, 24, modelOf(many));
    expect(lines.filter(({ isBar }) => isBar).map(plainText)).toEqual([expect.stringMatching(/p150/)]);
    expect(top).toBeGreaterThan(100);
  });
});

describe('groups', () => {
  it('have the sum of PSS, and of RSS an upper bound', () => {
    const { text } = drawn({ grouping: 'command' });
    expect(rowOf(text, /still *$/)).toMatch(/^ +2 +≤140M +~70\.0M /);
    expect(rowOf(drawn({ grouping: 'command' }, 120, 24, modelOf(PROCESSES), PLAIN).text, /still *$/)).toMatch(
      / <140M /,
    );
  });

  it('say that a sum lacks what is denied', () => {
    expect(rowOf(drawn({ grouping: 'unit' }).text, /a\.service *$/)).toMatch(/^ +5 +≤221M +≥95\.5M /);
  });

  it('count a memory map once that several processes run in', () => {
    const twins = [process({ pid: 1, name: 'vm', mib: 10 }), process({ pid: 2, name: 'vm', mib: 10, shares: true })];
    expect(rowOf(drawn({ grouping: 'command' }, 100, 24, modelOf(twins)).text, /vm *$/)).toMatch(
      /^ +2 +≤10\.0M +5\.00M /,
    );
  });
});

describe('the filter', () => {
  it.each([
    ['still', 2],
    ['^s.*t', 3],
    ['STILL', 0],
    ['www', 2],
    ['a\\.serv', 5],
    ['[2j', 1],
    ['^11$', 1],
    ['(', 0],
  ])('%s lets through %d', (filter, count) => {
    expect(drawn({ filter }).order).toHaveLength(count);
  });

  it('finds a process by its name also where command lines are shown', () => {
    expect(drawn({ filter: 'leaky', commandLines: true }).order).toEqual(['11:1']);
    expect(drawn({ filter: 'run 11', commandLines: true }).order).toEqual(['11:1']);
    expect(drawn({ filter: 'run 11' }).order).toEqual([]);
  });

  it('shows the members of a group that was opened', () => {
    const within = { grouping: 'command', key: 'command=still' } as const;
    expect(drawn({ within }).order).toEqual(['10:1', '23:1']);
  });
});

describe('any size', () => {
  it('has as many lines as there are and none wider', () => {
    for (const view of ['list', 'process', 'help'] as const) {
      for (const columns of [1, 2, 5, 10, 19, 20, 21, 40, 79, 80, 81, 133, 200, 500]) {
        for (const rows of [1, 2, 3, 5, 10, 24, 60]) {
          for (const grouping of ['none', 'user'] as const) {
            const { text } = drawn({ view, grouping, opened: '11:1', uss: true }, columns, rows);
            expect({ view, columns, rows, lines: text.length }).toEqual({ view, columns, rows, lines: rows });
            expect(Math.max(...text.map(displayWidth))).toBeLessThanOrEqual(columns);
          }
        }
      }
    }
  });

  it('has size, growth and a name in twenty columns', () => {
    const { text } = drawn({}, 20, 10);
    expect(rowOf(text, /COMMAND/)).toBe('  RSS +1m30s COMMAND');
    expect(rowOf(text, /leaky/)).toBe('50.0M +20.0M leaky  ');
  });

  it('is ASCII where the locale has nothing else', () => {
    const { text } = drawn({ grouping: 'command' }, 120, 24, modelOf(PROCESSES), PLAIN);
    expect(text.join('')).toMatch(/^[ -~]*$/);
    expect(rowOf(text, /leaky/)).toMatch(/aaaafffss|aaaaffss/);
  });
});

describe('above the rows', () => {
  const above = (host: Partial<HostModel>, width = 160) =>
    hostLines(modelOf([], { host: { ...HOST, ...host } }), width, 5, UTF8)
      .map(plainText)
      .join('\n');

  it('are memory, pressure, swap, rate and cost', () => {
    const text = above({});
    expect(text).toMatch(/MemAvailable 2\.00G of 8\.00G ▁/);
    expect(text).toContain('pressure some 12.50 full  0.25 %');
    expect(text).toContain('swap  512M of 1.00G');
    expect(text).toContain('1 Hz asked, 0.50 given, 3 missed');
    expect(text).toMatch(/own cost +1\.2 % CPU 60\.0M/);
    expect(text).toContain('since 13:12:45 (1m30s)');
  });

  it('leave out what the host does not tell', () => {
    const { memory: _, pressure: __, oom: ___, ...rest } = HOST;
    const text = hostLines(modelOf([], { host: rest }), 160, 5, UTF8)
      .map(plainText)
      .join('\n');
    expect(text).not.toMatch(/MemAvailable|pressure|swap|OOM/);
  });

  it('say who was killed last, with the name escaped', () => {
    const at = new Date(CLOCK.getTime() - 60_000);
    expect(above({ oom: { kills: 0 } })).toContain('last OOM kill none since boot');
    expect(above({ oom: { kills: 3 } })).toContain('last OOM kill at an unknown time (3 since boot)');
    expect(above({ oom: { kills: 3, last: { at } } })).toContain('last OOM kill 13:13:15 (3 since boot)');
    const last = { at, pid: 7, comm: 'x\x1b[1m', ofCgroup: true };
    expect(above({ oom: { kills: 3, ofGroup: 1, last } })).toContain(
      'last OOM kill 13:13:15 x\\x1B[1m[7] at a cgroup limit (3 since boot, 1 in this cgroup)',
    );
  });

  it('say when nothing is recorded any more', () => {
    expect(above({ ended: 'all of these processes have ended' })).toContain('all of these processes have ended');
    const silent = drawn({}, 100, 24, modelOf(PROCESSES, { host: { ...HOST, silentNs: 12e9 } }));
    expect(silent.text.at(-1)).toContain('no frame for 12s');
  });
});

it('draws the parts of a bar in proportion, in letters without colour', () => {
  const parts = { anon: 50, file: 25, shmem: 13, swap: 12 };
  expect(plainText(lineOf(...compositionBar(parts, 8, PLAIN)))).toBe('aaaaffsw');
  expect(compositionBar(parts, 8, UTF8).map(({ style, text }) => [style, text.length])).toEqual([
    ['anon', 4],
    ['file', 2],
    ['shmem', 1],
    ['swap', 1],
  ]);
  expect(plainText(lineOf(...compositionBar(undefined, 3, UTF8)))).toBe('   ');
});

it('makes no mountain of a page', () => {
  expect(shapeLine([1000, 1001, 1000], UTF8)).toBe('▁▁▁');
  expect(shapeLine([Number.NaN, 1000, 2000], UTF8)).toBe(' ▁█');
});

it('cuts a line at its width, between characters', () => {
  const line = lineOf(span('日本', 'bold'), span('語', 'dim'), span('x'));
  expect(plainText(clipLine(line, 7, '…'))).toBe('日本語x');
  expect(plainText(clipLine(line, 6, '…'))).toBe('日本…');
  expect(plainText(clipLine(line, 0, '…'))).toBe('');
});

it.each([
  [0, '0s'],
  [59.4e9, '59s'],
  [90e9, '1m30s'],
  [600e9, '10m'],
  [3_780e9, '1h3m'],
  [90_000e9, '1d1h'],
])('%d ns are %s', (ns, text) => {
  expect(spanText(ns)).toBe(text);
});
