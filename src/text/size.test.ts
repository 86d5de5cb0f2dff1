import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from './input-error.js';
import { formatSize, parseSize, STABLE_SIZE_WIDTH } from './size.js';

describe('parseSize', () => {
  it.each([
    ['16M', 16 * 1024 ** 2],
    ['2G', 2 * 1024 ** 3],
    ['512MiB', 512 * 1024 ** 2],
    ['64KiB', 65_536],
    ['1024B', 1024],
    ['0B', 0],
    ['1.5G', 1.5 * 1024 ** 3],
    ['12.3 MiB', Math.round(12.3 * 1024 ** 2)],
    ['7P', 7 * 1024 ** 5],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each([
    '',
    '16',
    '16m',
    '16kB',
    '16MB',
    '-1M',
    '+1M',
    'M',
    '1.5B',
    '1e3M',
    '1,5M',
    '1.M',
    ' 1M',
    '1M ',
    '8P',
    '9E',
  ])('refuses %j', (text) => {
    expect(() => parseSize(text)).toThrow(InputError);
  });

  it('names the value, escaped, and what is allowed', () => {
    expect(() => parseSize('16')).toThrow(
      '"16" is not a size; allowed: a number with a unit, B, K M G T P or KiB MiB GiB TiB PiB (powers of 1024), such as',
    );
    expect(() => parseSize('\u001B[31m')).toThrow('"\\x1B[31m"');
  });
});

describe('formatSize', () => {
  it.each([
    [0, '0 B'],
    [-0, '0 B'],
    [512, '512 B'],
    [0.5, '0.5 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [12.3 * 1024 ** 2, '12.3 MiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
    [-1536, '-1.5 KiB'],
    [1024 ** 6, '1.0 EiB'],
    [Number.NaN, '-'],
  ])('%d is %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it('aligns units when stable', () => {
    expect(formatSize(512, { stable: true })).toBe('    512   B');
    expect(formatSize(12.3 * 1024 ** 2, { stable: true })).toBe('   12.3 MiB');
    expect(formatSize(Number.NaN, { stable: true })).toBe('          -');
  });

  it('is as wide as it says for every size that occurs', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (bytes) => {
        expect(formatSize(bytes, { stable: true })).toHaveLength(STABLE_SIZE_WIDTH);
      }),
    );
  });

  it('is read back to within half of its last digit, and never shows 1024 of a unit', () => {
    const exponent = fc.double({ min: 0, max: 52.9, noNaN: true });
    fc.assert(
      fc.property(
        exponent.map((power) => Math.floor(2 ** power)),
        (bytes) => {
          const text = formatSize(bytes);
          const [digits, unit] = text.split(' ');
          expect(Number(digits)).toBeLessThan(1024);
          const half = unit === 'B' ? 0 : 0.0500001 * parseSize(`1${unit}`);
          expect(Math.abs(parseSize(text) - bytes)).toBeLessThanOrEqual(half + 0.5);
        },
      ),
    );
  });
});
