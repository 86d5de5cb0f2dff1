/**
 * Text made from the grammar of each kernel file, with every part now and then wrong: reaches forms that a mutation of
 * captured text hardly does.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SMAPS_KEYS } from '../../src/procfs/mapping-table.js';
import type { KernelFile } from '../../src/procfs/read.js';
import { STATUS_KEYS } from '../../src/procfs/status.js';
import { differenceOf } from './compare.js';

const RUNS = Number(process.env.TIDEMARK_FUZZ_RUNS ?? 2000);

/** Mostly `usual`, now and then something `odd`. */
const mostly = (usual: fc.Arbitrary<string>, ...odd: string[]) =>
  fc.oneof({ arbitrary: usual, weight: 12 }, { arbitrary: fc.constantFrom(...odd), weight: 1 });

const u64 = fc.oneof(
  fc.nat({ max: 200 }).map(BigInt),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.constantFrom(2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n, 2n ** 64n, 10n ** 15n - 1n, 10n ** 15n),
);
const decimal = mostly(u64.map(String), '', '-', '-7', '+7', '007', '0x7', `${'9'.repeat(30)}`, '1 2');
const hex = mostly(
  u64.map((value) => value.toString(16)),
  '',
  'FFFF',
  'g',
  '0'.repeat(20),
  `1${'0'.repeat(16)}`,
);
const gap = mostly(fc.constant(' '), '', '  ', '\t', '      ');
const name = fc.oneof(
  fc.constantFrom('', '/a', '/a (deleted)', '[heap]', '/a  b ', '[anon:x y]', '/memfd:a (deleted)', 'Rss: 4 kB'),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\n', '')),
);
const concat = (...parts: (fc.Arbitrary<string> | string)[]) =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((texts) => texts.join(''));
const perms = mostly(fc.constantFrom('r--p', 'rw-p', 'r-xp', 'rwxs', '---p', '--xp'), 'r--', 'r--q', 'rw-pp', '');
const colon = mostly(fc.constant(':'), '', ' :', '::');
const newline = mostly(fc.constant('\n'), '', '\n\n', '\r\n', ' \n');

const head = concat(
  hex,
  mostly(fc.constant('-'), '', '--'),
  hex,
  gap,
  perms,
  gap,
  hex,
  gap,
  hex,
  colon,
  hex,
  gap,
  decimal,
  gap,
  name,
);

const keyOf = (keys: readonly string[]) =>
  mostly(fc.constantFrom(...keys), 'VmFlags', 'Name', 'New_Key', '_x', 'Pss_', 'pss', 'P', '__proto__', '9x', '');
/** As the kernel aligns it, or with any gap. */
const sizeLine = fc.oneof(
  fc
    .tuple(
      keyOf(SMAPS_KEYS.map(({ key }) => key)),
      mostly(fc.nat({ max: 2 ** 31 }).map(String), 'x', '-1', '1 2'),
      fc.boolean(),
    )
    .map(([key, value, plain]) => `${`${key}:`.padEnd(16)}${value.padStart(8)}${plain ? '' : ' kB'}`),
  concat(
    keyOf(SMAPS_KEYS.map(({ key }) => key)),
    colon,
    gap,
    decimal,
    gap,
    mostly(fc.constant('kB'), '', 'kb', 'MB', 'kBB'),
  ),
);
const flagsLine = concat(
  'VmFlags:',
  gap,
  fc.constantFrom('', 'rd wr ', 'rd', 'zz ?? ', '      12 kB', '             12 kB', ' '),
);
const smaps = fc
  .array(
    concat(mostly(head, 'garbage', '1-2 '), newline, linesOf(fc.oneof({ arbitrary: sizeLine, weight: 8 }, flagsLine))),
    {
      maxLength: 6,
    },
  )
  .map((records) => records.join(''));

function linesOf(line: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.array(concat(line, newline), { maxLength: 12 }).map((lines) => lines.join(''));
}

/** A record several times over, so that the guess of the next key is right and then is not. */
const repeated = fc
  .tuple(fc.array(fc.oneof(sizeLine, flagsLine), { maxLength: 6 }), fc.integer({ min: 2, max: 5 }), sizeLine, fc.nat())
  .map(([lines, times, odd, at]) => {
    const records = Array.from({ length: times }, () => ['1000-2000 rw-p 00000000 00:00 0 ', ...lines]);
    records[at % times]!.splice(1 + (at % (lines.length + 1)), 0, odd);
    return `${records.flat().join('\n')}\n`;
  });

const stat = concat(
  decimal,
  mostly(fc.constant(' ('), '(', ' ', '  ('),
  fc.oneof(fc.constantFrom('bash', ') S 1', 'a) (b', '\n', ''), fc.string({ unit: 'binary', maxLength: 15 })),
  mostly(fc.constant(') '), ')', ' ', ')  '),
  mostly(fc.constantFrom('S', 'R', 'Z', 'X'), '', ')', 'SS'),
  fc
    .array(
      concat(
        gap,
        mostly(
          fc.oneof(
            u64.map(String),
            u64.map((value) => `-${value}`),
          ),
          '',
          'x',
          '--1',
        ),
      ),
      {
        minLength: 15,
        maxLength: 60,
      },
    )
    .map((fields) => fields.join('')),
  newline,
);
const statm = fc
  .tuple(fc.array(decimal, { minLength: 6, maxLength: 8 }), mostly(fc.constant(' '), '  ', '\t', ''), newline)
  .map(([fields, separator, end]) => fields.join(separator) + end);
const status = linesOf(
  concat(
    keyOf(STATUS_KEYS.map(({ key }) => key)),
    colon,
    gap,
    fc.oneof(decimal, name),
    gap,
    mostly(fc.constantFrom('', 'kB'), 'MB'),
  ),
);

const GRAMMARS: [KernelFile, string, fc.Arbitrary<string>][] = [
  ['maps', 'maps', linesOf(head)],
  ['smaps', 'smaps', smaps],
  ['smaps', 'smaps in repeated order', repeated],
  ['smaps_rollup', 'smaps_rollup', concat(head, newline, linesOf(sizeLine))],
  ['stat', 'stat', stat],
  ['statm', 'statm', statm],
  ['status', 'status', status],
];

describe('the twins agree on generated', () => {
  it.each(GRAMMARS)('%s: %s', (file, _name, text) => {
    fc.assert(
      fc.property(text, fc.nat(), fc.constantFrom(8, 104), (text, turn, rows) => {
        const difference = differenceOf(file, Buffer.from(text), turn, rows);
        if (difference !== undefined) expect.fail(difference);
      }),
      { numRuns: RUNS },
    );
  });
});
