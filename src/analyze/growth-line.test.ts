import { describe, expect, it } from 'vitest';
import { type GrowthPoint, type GrowthVerdict, grownSince, growthLine, untilLimit, verdictOf } from './growth-line.js';

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

describe('a verdict', () => {
  const slope = (value: number, low: number, high: number) => ({ value, low, high });
  const TRIFLE = 256 * 1024;

  it.each([
    ['of seven points', slope(MIB, MIB, MIB), 10, 0, 7, 'too-short'],
    ['of eight', slope(MIB, MIB, MIB), 10, 0, 8, 'grows'],
    ['of what may stand still', slope(MIB, 0, MIB), 10, 0, 8, 'steady'],
    ['of what may stand still, or fall', slope(-MIB, -MIB, 0), 10, 0, 8, 'steady'],
    ['of what falls', slope(-MIB, -MIB, -1), 10, 0, 8, 'shrinks'],
    ['of what may do either', slope(MIB, -1, MIB), 10, 0, 8, 'steady'],
    ['of what brings a trifle', slope(TRIFLE / 10, 1, MIB), 10, 0, 8, 'steady'],
    ['of a little more', slope(TRIFLE / 10 + 1, 1, MIB), 10, 0, 8, 'grows'],
    ['of a trifle of much', slope(MIB / 10, 1, MIB), 10, 200 * MIB, 8, 'steady'],
    ['of a little more of that', slope(MIB / 10 + 1, 1, MIB), 10, 200 * MIB, 8, 'grows'],
  ] as [string, ReturnType<typeof slope>, number, number, number, GrowthVerdict][])(
    '%s',
    (_what, of, seconds, first, count, verdict) => {
      expect(verdictOf(of, seconds, first, count)).toBe(verdict);
    },
  );

  it('stands beside the mapping that it is of', () => {
    const mapping = { name: '[heap]', mappingClass: 'heap' };
    const late = points([MIB, 2 * MIB]).map((point) => ({ ...point, timeNs: point.timeNs + 10n ** 18n }));
    expect(growthLine(late, mapping)).toMatchObject({ mapping, seconds: 0.1 });
    expect(growthLine(late)).not.toHaveProperty('mapping');
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
    // Half a percent of much, and a trifle of little.
    expect(grownSince(points([200 * MIB, 201 * MIB]))).toBeUndefined();
    expect(grownSince(points([MIB, 1.25 * MIB]))).toBeUndefined();
    expect(grownSince(points([Number.NaN, 100 * MIB, Number.NaN, 112 * MIB, Number.NaN]))).toMatchObject({
      bytes: 100 * MIB,
    });
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
    // Not in a thousand years: it falls, it cannot be told from standing still, or it stands.
    for (const [verdict, value] of [
      ['shrinks', 1],
      ['steady', 1],
      ['too-short', 0],
      ['too-short', -1],
    ] as const) {
      const line = { ...growing, verdict, slope: { value, low: 1, high: 1 } };
      expect(untilLimit(MIB, 0, line), verdict).toEqual({ state: 'not-at-this-rate' });
    }
    expect(untilLimit(8, 0, { ...growing, slope: { value: 2, low: 0, high: 4 } })).toEqual({
      ...{ state: 'in', seconds: 4, low: 2, high: Number.POSITIVE_INFINITY },
    });
    expect(untilLimit(8, 0, { ...growing, slope: { value: 2, low: -1, high: 4 } })).toMatchObject({
      high: Number.POSITIVE_INFINITY,
    });
    expect(untilLimit(0, 0, growing)).toEqual({ state: 'reached' });
    expect(untilLimit(MIB, Number.NaN, growing)).toEqual({ state: 'unknown' });
    expect(untilLimit(Number.NaN, 0, growing)).toEqual({ state: 'unknown' });
    expect(untilLimit(MIB, 0, undefined)).toEqual({ state: 'unknown' });
  });
});
