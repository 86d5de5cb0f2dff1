import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatShortChange, formatShortSize, SHORT_CHANGE_WIDTH, SHORT_SIZE_WIDTH } from './short-size.js';

const K = 1024;

describe('formatShortSize', () => {
  it.each([
    [0, '0'],
    [512, '512'],
    [4 * K, '4.0K'],
    [99.96 * K, '100K'],
    [1023 * K, '1023K'],
    [1023.6 * K, '1.00M'],
    [9.996 * K ** 2, '10.0M'],
    [1.234 * K ** 3, '1.23G'],
    [-4 * K, '-4.0K'],
    [Number.NaN, ''],
    [Number.POSITIVE_INFINITY, ''],
  ])('%d is %j', (bytes, text) => {
    expect(formatShortSize(bytes)).toBe(text);
  });

  it('is never wider than it says', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2 ** 63, noNaN: true }), (bytes) => {
        expect(formatShortSize(bytes).length).toBeLessThanOrEqual(SHORT_SIZE_WIDTH);
        expect(formatShortChange(bytes).length).toBeLessThanOrEqual(SHORT_CHANGE_WIDTH);
        expect(formatShortChange(-bytes).length).toBeLessThanOrEqual(SHORT_CHANGE_WIDTH);
      }),
    );
  });
});

it('gives a change its sign', () => {
  expect([4 * K, -4 * K, 0, Number.NaN].map(formatShortChange)).toEqual(['+4.0K', '-4.0K', '0', '']);
});
