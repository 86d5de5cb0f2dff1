import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LearnedLines } from './learned-lines.js';
import { parseMeminfo } from './meminfo.js';

const KEYS = ['MemFree', 'Active(anon)', 'stall_a', 'huge'];
const columnOf = (key: string) => (key === 'stall_b' ? 2 : KEYS.indexOf(key));

function valuesIn(lines: LearnedLines, text: string): number[] {
  const values = new Float64Array(KEYS.length).fill(Number.NaN);
  lines.addTo(values, text);
  return [...values];
}

it('has bytes where the kernel says kB, and counts as they are', () => {
  const lines = new LearnedLines(columnOf);
  expect(valuesIn(lines, 'MemTotal:  9 kB\nMemFree:\t 5 kB\nActive(anon): 7 kB\nhuge 3\n')).toEqual([
    5 * 1024,
    7 * 1024,
    Number.NaN,
    3,
  ]);
});

it('adds up keys of one column', () => {
  const lines = new LearnedLines(columnOf);
  expect(valuesIn(lines, 'stall_a 4\nstall_b 6\nstall_c 100\n')).toEqual([Number.NaN, Number.NaN, 10, Number.NaN]);
});

it('follows lines that come, go and change their places', () => {
  const lines = new LearnedLines(columnOf);
  const texts: [string, number[]][] = [
    ['MemFree: 1 kB\nhuge 2\n', [1024, Number.NaN, Number.NaN, 2]],
    ['huge 3\nMemFree: 2 kB\n', [2048, Number.NaN, Number.NaN, 3]],
    ['new 1\nhuge 4\nMemFree: 3 kB\n', [3072, Number.NaN, Number.NaN, 4]],
    ['MemFreeze: 1 kB\nhug 9\n', [Number.NaN, Number.NaN, Number.NaN, Number.NaN]],
    ['MemFree: 1 kB\nhuge 2\n', [1024, Number.NaN, Number.NaN, 2]],
    ['MemFree', [Number.NaN, Number.NaN, Number.NaN, Number.NaN]],
    ['', [Number.NaN, Number.NaN, Number.NaN, Number.NaN]],
  ];
  for (const [text, expected] of texts) expect(valuesIn(lines, text), text).toEqual(expected);
});

it('takes no number of another line, and none of another form', () => {
  const lines = new LearnedLines(columnOf);
  const none = KEYS.map(() => Number.NaN);
  for (const text of [
    'MemFree:\n5 kB\nhuge\n',
    'huge many\n',
    'huge 5 MB\n',
    'huge 5 kB of\n',
    'huge -5\n',
    '((\n[\n*',
  ]) {
    expect(valuesIn(lines, text), text).toEqual(none);
  }
  expect(valuesIn(lines, 'huge 5\n((')).toEqual([Number.NaN, Number.NaN, Number.NaN, 5]);
});

it('counts what it adds up, and looks for keys at the begin of a line', () => {
  const lines = new LearnedLines(columnOf);
  const values = new Float64Array(KEYS.length);
  expect(lines.addTo(values, 'a huge 5\nhuge 7\nother 9\nMemFree: 1 kB\nhuge 8 kB of\n')).toBe(2);
  expect([...values]).toEqual([1024, 0, 0, 7]);
  expect(Object.keys(values)).toHaveLength(KEYS.length);
  expect(lines.addTo(values, 'a huge 5\nhuge 6\nother 9\nMemFree: 2 kB\nhuge 8 kB of\n')).toBe(2);
  expect([...values]).toEqual([3072, 0, 0, 13]);
  expect(lines.addTo(values, '')).toBe(0);
});

it('reads a text of this host as a parser of single lines does, again and again', () => {
  const keys = [...parseMeminfo(readFileSync('/proc/meminfo', 'latin1')).keys()];
  const lines = new LearnedLines((key) => keys.indexOf(key));
  for (let round = 0; round < 5; round++) {
    const text = readFileSync('/proc/meminfo', 'latin1');
    const values = new Float64Array(keys.length).fill(Number.NaN);
    expect(lines.addTo(values, text)).toBe(keys.length);
    const expected = parseMeminfo(text);
    keys.forEach((key, column) => {
      expect(values[column], key).toBe(expected.get(key));
    });
  }
});
