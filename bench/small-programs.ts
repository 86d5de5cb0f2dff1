/**
 * Twenty programs in one function each, small and large, for what a measurement beside them costs: some allocate much and some
 * nothing, some wait, some leave the heap alone and use memory outside of it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { deflateSync, gzipSync, inflateSync } from 'node:zlib';

export interface SmallProgram {
  readonly name: string;
  run(): unknown;
}

const SELF = new URL(import.meta.url);
const numbers = Float64Array.from({ length: 100_000 }, (_, index) => Math.sin(index * 12.9898) * 43758);
const rows = Array.from({ length: 5000 }, (_, id) => ({ id, name: `row ${id}`, tags: ['a', 'b'], value: id * 1.5 }));
const json = JSON.stringify(rows);
const words = Array.from({ length: 10_000 }, (_, index) => `word${(index * 7919) % 10_007}`);
const text = words.join(' ');
const bytes = Buffer.from(text.repeat(4));
const packed = deflateSync(bytes);
const map = new Map(words.map((word, index) => [word, index]));
const matrix = Float64Array.from({ length: 96 * 96 }, (_, index) => index % 17);

function multiply(a: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let row = 0; row < n; row++)
    for (let inner = 0; inner < n; inner++)
      for (let column = 0; column < n; column++)
        out[row * n + column] = out[row * n + column]! + a[row * n + inner]! * a[inner * n + column]!;
  return out;
}

function fibonacci(n: number): number {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

let call = 0;

/** Micro first: below about a tenth of a millisecond each. */
export const SMALL_PROGRAMS: readonly SmallProgram[] = [
  { name: 'map look-ups', run: () => words.slice(0, 100).reduce((sum, word) => sum + map.get(word)!, 0) },
  { name: 'object spread', run: () => ({ ...rows[call++ % rows.length]!, extra: call }) },
  {
    name: 'array map and filter',
    run: () =>
      words
        .slice(0, 200)
        .map((word) => word.length)
        .filter((length) => length > 5).length,
  },
  {
    name: 'template strings',
    run: () => {
      let out = '';
      for (let i = 0; i < 50; i++) out += `${i}:${words[i]};`;
      return out.length;
    },
  },
  { name: 'small JSON', run: () => JSON.parse(JSON.stringify(rows[call++ % rows.length])) },
  { name: 'regular expression', run: () => /word(\d+)7 word/.exec(text)?.[1] },
  { name: 'BigInt', run: () => BigInt(++call) ** 40n % 1_000_000_007n },
  { name: 'small buffers', run: () => Buffer.concat([Buffer.alloc(512, 1), Buffer.alloc(512, 2)]).length },
  {
    name: 'promises',
    run: async () => {
      for (let i = 0; i < 20; i++) await i;
    },
  },
  { name: 'recursion', run: () => fibonacci(15) },
  { name: 'large JSON', run: () => (JSON.parse(json) as unknown[]).length },
  { name: 'stringify', run: () => JSON.stringify(rows).length },
  { name: 'sort of 100,000 numbers', run: () => numbers.slice().sort()[0] },
  { name: 'sort of 10,000 words', run: () => words.slice().sort()[0] },
  { name: 'gzip', run: () => gzipSync(bytes, { level: 1 }).length },
  { name: 'inflate', run: () => inflateSync(packed).length },
  { name: 'SHA-256', run: () => createHash('sha256').update(bytes).digest('hex') },
  { name: 'matrix', run: () => multiply(matrix, 96)[5] },
  { name: 'a map of 10,000', run: () => new Map(words.map((word, index) => [word, { index }])).size },
  { name: 'files', run: async () => readFileSync(SELF).length + (await readFile(SELF)).length },
];
