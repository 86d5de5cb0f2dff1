import { describe, expect, it } from 'vitest';
import { detectableChange, discoveries, generator, rankTest, runsNeeded, shiftOf } from './two-samples.js';

describe('the rank test', () => {
  // From the exact distribution: 2 / (8 choose 4), and 2 / (20 choose 10).
  it('is exact without ties', () => {
    expect(rankTest([1, 2, 3, 4], [5, 6, 7, 8])).toBeCloseTo(2 / 70, 12);
    const first = Array.from({ length: 10 }, (_, index) => index);
    expect(
      rankTest(
        first,
        first.map((value) => value + 100),
      ),
    ).toBeCloseTo(2 / 184_756, 12);
  });

  // U = 0 .. 9 of three against three: 1 1 2 3 3 3 3 2 1 1 of 20.
  it('counts every order of the values', () => {
    expect(rankTest([1, 2, 4], [3, 5, 6])).toBeCloseTo((2 * 2) / 20, 12);
    expect(rankTest([1, 2, 5], [3, 4, 6])).toBeCloseTo((2 * 4) / 20, 12);
    expect(rankTest([1, 4, 5], [2, 3, 6])).toBeCloseTo(1, 12);
  });

  it('is the same from both sides', () => {
    expect(rankTest([1, 2, 4, 9], [3, 5, 6, 7])).toBe(rankTest([3, 5, 6, 7], [1, 2, 4, 9]));
  });

  // R: wilcox.test(c(1,2,2,3,4), c(2,3,4,5,6,6), exact=FALSE): p-value = 0.07937
  it('takes ties into account', () => {
    expect(rankTest([1, 2, 2, 3, 4], [2, 3, 4, 5, 6, 6])).toBeCloseTo(0.0794, 2);
    expect(rankTest([7, 7, 7, 7], [7, 7, 7, 7])).toBe(1);
  });
});

describe('the shift', () => {
  it('is the median of all differences, with an interval around it', () => {
    const shift = shiftOf([10, 11, 12, 13], [20, 21, 22, 23]);
    expect(shift).toMatchObject({ before: 11.5, after: 21.5, change: 10 });
    expect(shift.low).toBeGreaterThan(7);
    expect(shift.low).toBeLessThan(10);
    expect(shift.high).toBeGreaterThan(10);
    expect(shift.high).toBeLessThan(13);
  });

  it('is not moved by one outlier', () => {
    expect(shiftOf([10, 11, 12, 13, 1000], [10, 11, 12, 13, 14]).change).toBeCloseTo(0, 0);
  });

  it('has no interval with one run on a side, and no test with three', () => {
    expect(shiftOf([1], [2, 3])).toMatchObject({ change: 1.5, low: Number.NaN, high: Number.NaN, p: Number.NaN });
    expect(shiftOf([1, 2, 3], [4, 5, 6]).p).toBeNaN();
    expect(shiftOf([], [1]).change).toBeNaN();
  });

  it('is the same for the same runs', () => {
    expect(shiftOf([5, 1, 4, 2], [9, 3, 8, 7])).toEqual(shiftOf([5, 1, 4, 2], [9, 3, 8, 7]));
  });
});

describe('how many runs', () => {
  it('fall with the square of the change', () => {
    const [few, many] = [
      runsNeeded([99, 101, 100, 98, 102], [99, 101, 100, 98, 102], 2),
      runsNeeded([99, 101, 100, 98, 102], [99, 101, 100, 98, 102], 1),
    ];
    expect(many / few).toBeGreaterThan(3);
    expect(many / few).toBeLessThan(5);
    expect(runsNeeded([1, 2], [1, 2], 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('would show what is detectable', () => {
    const runs = [99, 101, 100, 98, 102, 99, 101, 100, 98, 102];
    const change = detectableChange(runs, runs);
    expect(runsNeeded(runs, runs, change)).toBe(10);
  });
});

describe('discoveries', () => {
  it('hold the rate of false ones', () => {
    // The third is below its own bound of 3/20 x 5 %, the fourth above; what is not known does not count.
    const ps = [0.0001, 0.004, 0.0074, 0.02, ...new Array<number>(16).fill(0.9), Number.NaN];
    expect(discoveries(ps).flatMap((isHeld, index) => (isHeld ? [index] : []))).toEqual([0, 1, 2]);
    expect(discoveries([0.9, 0.8])).toEqual([false, false]);
  });
});

/** Normal, mean 100. */
function sample(random: () => number, runs: number, mean: number, spread: number): number[] {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: runs }, () => mean + normal() * spread);
}

describe('in a hundred trials of ten runs that vary by 1.5 %', () => {
  const trials = (mean: number) => {
    const random = generator(7);
    return Array.from({ length: 100 }, () => {
      const { p, low } = shiftOf(sample(random, 10, 100, 1.5), sample(random, 10, mean, 1.5));
      return p <= 0.05 && low > 0;
    }).filter(Boolean).length;
  };

  it('3 % more is found in 95 at least', () => {
    expect(trials(103)).toBeGreaterThanOrEqual(95);
  });

  it('no difference is called one in 5 at most', () => {
    expect(trials(100)).toBeLessThanOrEqual(5);
  });
});
