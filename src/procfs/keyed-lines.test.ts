import { expect, it } from 'vitest';
import { KeyedLines } from './keyed-lines.js';
import { pad } from './padding.js';

const KEYS = ['MemFree', 'Active(anon)', 'stall_a', 'huge'];
const columnOf = (key: string) => (key === 'stall_b' ? 2 : KEYS.indexOf(key));

function valuesIn(lines: KeyedLines, text: string): number[] {
  const values = new Float64Array(KEYS.length).fill(Number.NaN);
  const { bytes, length } = pad(Buffer.from(text));
  lines.addTo(values, bytes, length);
  return [...values];
}

it('has bytes where the kernel says kB, and counts as they are', () => {
  const lines = new KeyedLines(columnOf);
  expect(valuesIn(lines, 'MemTotal:  9 kB\nMemFree:\t 5 kB\nActive(anon): 7 kB\nhuge 3\n')).toEqual([
    5 * 1024,
    7 * 1024,
    Number.NaN,
    3,
  ]);
});

it('adds up keys of one column', () => {
  const lines = new KeyedLines(columnOf);
  expect(valuesIn(lines, 'stall_a 4\nstall_b 6\nstall_c 100\n')).toEqual([Number.NaN, Number.NaN, 10, Number.NaN]);
});

it('follows lines that come, go and change their places', () => {
  const lines = new KeyedLines(columnOf);
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

it('takes no number of another line, and none behind the end', () => {
  const lines = new KeyedLines(columnOf);
  expect(valuesIn(lines, 'MemFree:\n5 kB\nhuge\n')).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
  const bytes = new Uint8Array(200).fill(57);
  bytes.set(Buffer.from('huge 12'));
  const values = new Float64Array(KEYS.length);
  lines.addTo(values, bytes, 6);
  expect(values[3]).toBe(1);
});
