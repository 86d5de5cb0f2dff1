/** What stands along the axes of the page. */
import { describe, expect, it } from 'vitest';
import { axisClock, axisSizes } from '../../src/report/page/format.js';

const MIB = 2 ** 20;

describe('sizes along an axis', () => {
  it('are all in the unit of the largest, with as many decimals as their steps need', () => {
    expect(axisSizes([0, 256, 512, 768, 1024, 1280].map((mib) => mib * MIB))).toEqual([
      ...['0', '0.25 GiB', '0.50 GiB', '0.75 GiB', '1.00 GiB', '1.25 GiB'],
    ]);
    expect(axisSizes([0, 32 * MIB, 64 * MIB])).toEqual(['0', '32 MiB', '64 MiB']);
    expect(axisSizes([0, 128 * MIB, 1024 * MIB])).toEqual(['0', '0.125 GiB', '1.000 GiB']);
    expect(axisSizes([0, 512])).toEqual(['0', '512 B']);
    expect(axisSizes([0])).toEqual(['0']);
    expect(axisSizes([])).toEqual([]);
  });
});

describe('times along an axis', () => {
  const at = new Date(2026, 0, 2, 3, 4, 5).getTime();

  it('have milliseconds where one of them does', () => {
    expect(axisClock([at, at + 5000], 30_000)).toEqual(['03:04:05', '03:04:10']);
    expect(axisClock([at, at + 500], 1000)).toEqual(['03:04:05.000', '03:04:05.500']);
    expect(axisClock([at, at + 60_000], 600_000)).toEqual(['03:04:05', '03:05:05']);
  });
});
