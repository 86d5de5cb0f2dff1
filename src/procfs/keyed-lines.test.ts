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

it('looks a key up once for as long as it stays on its line', () => {
  const asked: string[] = [];
  const lines = new KeyedLines((key) => {
    asked.push(key);
    return columnOf(key);
  });
  const text = 'MemFree: 1 kB\nother 5\nhuge 2\n';
  for (let round = 0; round < 3; round++) valuesIn(lines, text);
  expect(asked).toEqual(['MemFree', 'other', 'huge']);
  // A key that only begins like the one before, and one that it begins with.
  valuesIn(lines, 'MemFree: 1 kB\nothers 5\nhug 2\n');
  expect(asked.splice(0)).toEqual(['MemFree', 'other', 'huge', 'others', 'hug']);
  valuesIn(lines, 'MemFree: 1 kB\nothers 5\nhug 2\n');
  expect(asked).toEqual([]);
});

it.each([
  ['huge 5 kB\n', 5120, 1],
  ['huge 5 kB', 5120, 1],
  ['huge 5 k', 5, 1],
  ['huge 5 ', 5, 1],
  ['huge 5 MB\n', 5, 1],
  ['huge 5kB\n', 5, 1],
  ['huge 5\tkB\n', 5, 1],
  ['huge  :\t 5\nhuge 6 kB\n', 5 + 6144, 2],
  ['huge kB\nstall_c 5\n', Number.NaN, 0],
])('adds up and counts what is in %j', (text, expected, found) => {
  const values = new Float64Array(KEYS.length).fill(Number.NaN);
  // Behind the end is more of the same.
  const bytes = Buffer.from(`${text}kB 7\nhuge 9 kB\n`);
  expect(new KeyedLines(columnOf).addTo(values, bytes, text.length)).toBe(found);
  expect(values[3]).toBe(expected);
  expect([...values.subarray(0, 3)]).toEqual(Array(3).fill(Number.NaN));
  expect(Object.keys(values)).toHaveLength(KEYS.length);
});

it('takes a key that the end cuts for what is left of it', () => {
  const asked: string[] = [];
  const lines = new KeyedLines((key) => {
    asked.push(key);
    return -1;
  });
  const bytes = Buffer.from('huge 12\nhuge 13\n');
  expect(lines.addTo(new Float64Array(4), bytes, 3)).toBe(0);
  expect(lines.addTo(new Float64Array(4), bytes, 3)).toBe(0);
  expect(lines.addTo(new Float64Array(4), bytes, 11)).toBe(0);
  expect(asked).toEqual(['hug', 'huge', 'hug']);
});
