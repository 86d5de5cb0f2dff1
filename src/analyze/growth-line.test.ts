import { describe, expect, it } from 'vitest';
import { type GrowthPoint, grownSince, growthLine, untilLimit } from './growth-line.js';

const MIB = 2 ** 20;

/** A point each tenth of a second. */
function points(bytes: readonly number[]): GrowthPoint[] {
  return bytes.map((each, index) => ({ timeNs: BigInt(index) * 100_000_000n, bytes: each }));
}

const growing = growthLine(points(Array.from({ length: 20 }, (_, index) => 10 * MIB + index * MIB)))!;

describe('growth', () => {
  it('has a slope with an interval and a verdict', () => {
    expect(growing).toMatchObject({ first: 10 * MIB, last: 29 * MIB, seconds: 1.9, points: 20, verdict: 'grows' });
    expect(growing.slope.value).toBeCloseTo(10 * MIB, 0);
    expect(growthLine(points(Array.from({ length: 20 }, (_, index) => 50 * MIB - index * MIB)))!.verdict).toBe(
      'shrinks',
    );
  });

  it('is none of what stands still, goes up and down, or moves by a trifle', () => {
    expect(growthLine(points(Array(20).fill(MIB)))!.verdict).toBe('steady');
    expect(growthLine(points(Array.from({ length: 20 }, (_, index) => (index % 2) * 9 * MIB)))!.verdict).toBe('steady');
    expect(growthLine(points(Array.from({ length: 20 }, (_, index) => MIB + index * 4096)))!.verdict).toBe('steady');
  });

  it('leaves out what is not known, and is none of nothing', () => {
    expect(growthLine(points([Number.NaN, MIB, Number.NaN, 2 * MIB]))).toMatchObject({
      points: 2,
      verdict: 'too-short',
    });
    expect(growthLine(points([Number.NaN]))).toBeUndefined();
  });
});

describe('since when', () => {
  it('is the last point before most of it came', () => {
    const step = points([10, 10, 11, 10, 11, 30, 31, 30].map((mib) => mib * MIB));
    expect(grownSince(step)).toEqual(step[4]);
    const steady = points(Array.from({ length: 21 }, (_, index) => index * MIB));
    expect(grownSince(steady)).toEqual(steady[2]);
  });

  it('is never where nothing grew', () => {
    expect(grownSince(points([MIB, MIB + 4096]))).toBeUndefined();
    expect(grownSince(points([9 * MIB, MIB]))).toBeUndefined();
    expect(grownSince([])).toBeUndefined();
  });
});

describe('until the limit', () => {
  it('is the room over the rate, with the interval of the rate', () => {
    const until = untilLimit(129 * MIB, 29 * MIB, growing);
    expect(until).toMatchObject({ state: 'in' });
    if (until.state !== 'in') throw new Error('unreachable');
    expect(until.seconds).toBeCloseTo(10, 3);
    expect(until.low).toBeLessThanOrEqual(until.seconds);
    expect(until.high).toBeGreaterThanOrEqual(until.seconds);
  });

  it('is told with no interval where two readings are all', () => {
    const until = untilLimit(20 * MIB, 12 * MIB, growthLine(points([10 * MIB, 12 * MIB])));
    expect(until).toEqual({ state: 'in', seconds: 0.4, low: Number.NaN, high: Number.NaN });
  });

  it('is now, never or not known', () => {
    expect(untilLimit(MIB, MIB, growing)).toEqual({ state: 'reached' });
    expect(untilLimit(MIB, 0, growthLine(points(Array(20).fill(0))))).toEqual({ state: 'not-at-this-rate' });
    expect(untilLimit(MIB, Number.NaN, growing)).toEqual({ state: 'unknown' });
    expect(untilLimit(Number.NaN, 0, growing)).toEqual({ state: 'unknown' });
    expect(untilLimit(MIB, 0, undefined)).toEqual({ state: 'unknown' });
  });
});
