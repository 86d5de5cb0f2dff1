import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { STAT_FIELDS } from '../procfs/stat.js';
import type { StatFieldName } from '../procfs/stat-span.js';
import { StatRows } from './stat-rows.js';
import { TextSweep } from './text-sweep.js';

const root = mkdtempSync(path.join(tmpdir(), 'tidemark-stat-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const FILES = [
  { name: 'comm', most: 16 },
  { name: 'stat', most: 4096 },
];
const NUMBERS = STAT_FIELDS.filter((name) => name !== 'pid' && name !== 'comm' && name !== 'state');

/** What one engine makes of texts that are the `stat` of processes 1, 2, ... */
function read(engine: 'ts' | 'native', texts: readonly (Uint8Array | string | undefined)[]): unknown[] {
  texts.forEach((text, index) => {
    const folder = path.join(root, String(index + 1));
    mkdirSync(folder, { recursive: true });
    rmSync(path.join(folder, 'stat'), { force: true });
    writeFileSync(path.join(folder, 'comm'), 'a');
    if (text !== undefined) writeFileSync(path.join(folder, 'stat'), text);
  });
  const sweep = new TextSweep(engine, root, FILES);
  const rows = new StatRows(engine, sweep, 1, 2);
  sweep.read(Int32Array.from(texts, (_, index) => index + 1));
  rows.swept(texts.length);
  return texts.map((_, index) => {
    if (!rows.load(index)) return undefined;
    const comm = Buffer.from(sweep.bytes.subarray(rows.commStart, rows.commEnd)).toString('latin1');
    const numbers = NUMBERS.map((name) => rows.number(name as StatFieldName));
    return [rows.count, rows.state, comm, numbers, rows.digits('starttime')];
  });
}

const tail = (count: number, value: (index: number) => string = (index) => String(index)) =>
  Array.from({ length: count }, (_, index) => ` ${value(index)}`).join('');

it('is the same by both engines on what a kernel may write', () => {
  const texts = [
    `7 (cat) S${tail(49)}\n`,
    `7 (a) b) (c\n) R${tail(49, (index) => (index % 2 ? '-1' : '18446744073709551615'))}\n`,
    `7 () Z${tail(19)}\n`,
    `7 (x) S${tail(18)}\n`,
    `7 (x) S${tail(19)}`,
    `7 (x) S${tail(18)}`,
    `7 (more) S${tail(60)}\n`,
    '',
    undefined,
    '7 (cat',
    'cat (7) S',
    '7 (x)\n',
    '7 (x) ',
  ];
  const native = read('native', texts);
  expect(native).toEqual(read('ts', texts));
  expect(native[0]).toEqual([52, 83, 'cat', Array.from({ length: 49 }, (_, index) => index), '18']);
  expect(native.map((row) => row !== undefined)).toEqual([
    ...[true, true, true, false, false, false, true],
    ...[false, false, false, false, false, false],
  ]);
});

describe('found by fuzzing, where the two differed', () => {
  it.each([
    ['a text that goes on behind its line', `7 (x) S${tail(49)}\n\0`, [52, 83, 'x', 0]],
    ['a line behind the line', `7 (x) S${tail(30)}\n 1 2 3\n`, [33, 83, 'x', 0]],
    ['more fields than twice those that are known', `7 (x) S${tail(200)}\n`, [52, 83, 'x', 0]],
    ['a name that no blank follows', `7 (x)S${tail(49)}\n`, undefined],
  ])('%s', (_name, text, wanted) => {
    for (const engine of ['ts', 'native'] as const) {
      const [row] = read(engine, [text]) as [[number, number, string, number[]] | undefined];
      expect(row && [row[0], row[1], row[2], row[3][0]], engine).toEqual(wanted);
    }
  });
});

it('is the same on any bytes', () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(...'0123456789 ()-S\n'), maxLength: 120 }),
    fc
      .tuple(fc.string({ maxLength: 8 }), fc.nat(60), fc.constantFrom('\n', ''))
      .map(([name, count, end]) => `9 (${name}) S${tail(count)}${end}`),
  );
  fc.assert(
    fc.property(fc.array(anything, { minLength: 1, maxLength: 6 }), (texts) => {
      expect(read('native', texts)).toEqual(read('ts', texts));
    }),
    { numRuns: 100 },
  );
});
