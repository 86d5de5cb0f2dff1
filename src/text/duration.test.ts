import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, formatDurationShort, parseDuration } from './duration.js';
import { InputError } from './input-error.js';

const SECOND = 1_000_000_000n;
const anyDuration = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 0n, max: 100n * SECOND }),
  fc.bigInt({ min: 0n, max: 5000n }),
);

describe('parseDuration', () => {
  it.each([
    ['10s', 10n * SECOND],
    ['5m', 300n * SECOND],
    ['6h', 21_600n * SECOND],
    ['500ms', SECOND / 2n],
    ['250us', 250_000n],
    ['250\u00B5s', 250_000n],
    ['7ns', 7n],
    ['3d', 259_200n * SECOND],
    ['1h30m', 5400n * SECOND],
    ['1m5ms', 60_005_000_000n],
    ['1m1.5s', 61_500_000_000n],
    ['0.000000001s', 1n],
    ['0s', 0n],
  ])('%s', (text, ns) => {
    expect(parseDuration(text)).toBe(ns);
  });

  it.each([
    '',
    '10',
    '-5s',
    '+5s',
    's',
    '5 s',
    '5S',
    '5M',
    '30m1h',
    '1h1h',
    '1.5h30m',
    '1h30',
    '1.s',
    '.5s',
    '0.5ns',
    '300000d',
    '1e3s',
    '5s\n',
  ])('refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow(InputError);
  });

  it('names the value and what is allowed', () => {
    expect(() => parseDuration('10')).toThrow('"10" is not a duration; allowed: numbers with a unit, ns us ms s m h d');
  });
});

describe('formatDuration', () => {
  it.each([
    [0n, '0s'],
    [5400n * SECOND, '1h30m'],
    [250_000n, '250us'],
    [1_500_000n, '1.5ms'],
    [1_000_000_001n, '1.000000001s'],
    [86_400n * SECOND + 1n, '1d0.000000001s'],
    [-SECOND, '-1s'],
  ])('%d is %s', (ns, text) => {
    expect(formatDuration(ns)).toBe(text);
  });

  it('is read back exactly', () => {
    fc.assert(
      fc.property(anyDuration, (ns) => {
        expect(parseDuration(formatDuration(ns))).toBe(ns);
      }),
    );
  });
});

describe('formatDurationShort', () => {
  it.each([
    [0n, '0ns'],
    [850n, '850ns'],
    [999_600n, '1.00ms'],
    [12_345_678n, '12.3ms'],
    [1_500_000_000, '1.50s'],
    [59_960_000_000n, '1m0s'],
    [312n * SECOND, '5m12s'],
    [3_599_700_000_000n, '1h0m'],
    [86_399n * SECOND, '1d0h'],
    [273_600n * SECOND, '3d4h'],
    [-12_345_678n, '-12.3ms'],
    [Number.NaN, '-'],
  ])('%d is %s', (ns, text) => {
    expect(formatDurationShort(ns)).toBe(text);
  });

  it('is near the truth and never wide, up to 999 days', () => {
    const max = 999n * 86_400n * SECOND;
    const spread = fc.integer({ min: 0, max: 56 }).chain((bits) => fc.bigInt({ min: 1n, max: 2n ** BigInt(bits) }));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.bigInt({ min: 1n, max }),
          spread.filter((ns) => ns <= max),
        ),
        (ns) => {
          const text = formatDurationShort(ns);
          expect(text.length).toBeLessThanOrEqual(7);
          // The coarsest rounding is half an hour in a day: below 3 in 100.
          expect(Math.abs(Number(parseDuration(text)) / Number(ns) - 1)).toBeLessThan(0.03);
        },
      ),
    );
  });
});
