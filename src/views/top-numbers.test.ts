import { describe, expect, it } from 'vitest';
import { fixed, scaledMemory, scaledPercent, scaledTime } from './top-numbers.js';

describe('fixed', () => {
  // What printf(1) of the same values gives.
  it.each([
    [0.25, 1, '0.2'],
    [0.75, 1, '0.8'],
    [1.25, 1, '1.2'],
    [0.35, 1, '0.3'],
    [0.5, 0, '0'],
    [1.5, 0, '2'],
    [2.5, 0, '2'],
    [12.345, 2, '12.35'],
    [0.125, 2, '0.12'],
    [0.375, 2, '0.38'],
    [-0.75, 1, '-0.8'],
    [99.95, 1, '100.0'],
    [Number.NaN, 1, 'nan'],
    [Number.POSITIVE_INFINITY, 1, 'inf'],
  ])('%d with %i decimals is %s', (value, digits, text) => {
    expect(fixed(value, digits)).toBe(text);
  });
});

describe('scaledMemory', () => {
  it.each([
    [999_999, 6, 0, '999999'],
    [1_000_000, 6, 0, '976.6m'],
    [9_999_999, 7, 0, '9999999'],
    [10_000_000, 7, 0, '9765.6m'],
    [1_073_741_824, 6, 0, '1.0t'],
    [0, 6, 1, '0.0m'],
    [1536, 6, 2, '0.0g'],
    // 100.04999 as it is, 100.05 as a `float`.
    [104_910_028, 6, 0, '100.1g'],
    [5, 2, 1, '?'],
  ])('%d KiB in %i columns from unit %i is %s', (kib, width, scale, text) => {
    expect(scaledMemory(kib, width, scale)).toBe(text);
  });
});

it('gives up the decimal of a percentage before the number', () => {
  expect(scaledPercent(6.25, 5)).toBe('6.2');
  expect(scaledPercent(1600.4, 5)).toBe('1600');
  expect(scaledPercent(1_600_000, 5)).toBe('?');
});

describe('scaledTime', () => {
  it.each([
    [0, '0:00.00'],
    [5999, '0:59.99'],
    [2_165_999, '360:59.99'],
    [2_166_000, '6,01'],
    [34_919_999, '96,59'],
    [34_920_000, '4d+1h'],
    [129_600_000, '2w+1d'],
  ])('%i hundredths are %s', (hundredths, text) => {
    expect(scaledTime(hundredths, 9)).toBe(text);
  });

  it('is coarser in a narrow column', () => {
    expect([9, 7, 5, 3, 1].map((width) => scaledTime(359_999, width))).toEqual([
      '59:59.99',
      '59:59',
      '59:59',
      '0d',
      '?',
    ]);
  });
});
