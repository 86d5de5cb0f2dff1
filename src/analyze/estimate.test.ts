import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EstimateBasis, estimatePss, estimateUss } from './estimate.js';

const MIB = 2 ** 20;
const SECOND = 1e9;
const BASIS: EstimateBasis = {
  rss: 100 * MIB,
  uss: 60 * MIB,
  pss: 70 * MIB,
  rssNow: 100 * MIB,
  faults: 0,
  ageNs: 0,
  pageSize: 4096,
};

describe('an estimate', () => {
  it('of what has not moved is what was measured', () => {
    expect(estimateUss(BASIS)).toMatchObject({ value: 60 * MIB, ageNs: 0 });
    expect(estimatePss(BASIS)).toMatchObject({ value: 70 * MIB, ageNs: 0 });
    expect(estimatePss(BASIS).high - estimatePss(BASIS).low).toBeLessThan(MIB);
  });

  it('takes what came and went for its own, and holds the other cases possible', () => {
    const grown = { ...BASIS, rssNow: 130 * MIB, ageNs: SECOND };
    expect(estimateUss(grown).value).toBe(90 * MIB);
    expect(estimateUss(grown).low).toBeLessThanOrEqual(60 * MIB);
    expect(estimatePss(grown).value).toBe(100 * MIB);
    expect(estimatePss(grown).low).toBeLessThanOrEqual(70 * MIB);
    const shrunk = { ...BASIS, rssNow: 80 * MIB, ageNs: SECOND };
    expect(estimateUss(shrunk).value).toBe(40 * MIB);
    expect(estimateUss(shrunk).high).toBeGreaterThanOrEqual(60 * MIB);
    expect(estimatePss(shrunk).value).toBe(50 * MIB);
    expect(estimatePss(shrunk).high).toBeGreaterThanOrEqual(65 * MIB);
  });

  it('takes from what is shared when more has gone than was its own', () => {
    const shrunk = { ...BASIS, rssNow: 20 * MIB, ageNs: SECOND };
    expect(estimateUss(shrunk).value).toBe(0);
    expect(estimatePss(shrunk).value).toBe(5 * MIB);
  });

  it('is wider the older it is, and the more was faulted in', () => {
    const width = (more: Partial<EstimateBasis>) => {
      const { low, high } = estimatePss({ ...BASIS, ...more });
      return high - low;
    };
    expect(width({ ageNs: 60 * SECOND })).toBeGreaterThan(width({ ageNs: SECOND }));
    expect(width({ ageNs: SECOND, faults: 10_000 })).toBeGreaterThan(width({ ageNs: SECOND }));
    expect(width({ ageNs: SECOND, faults: Number.NaN })).toBe(width({ ageNs: SECOND }));
  });

  it('of a PSS that could not be read lies between USS and half of the rest', () => {
    const { value, low, high } = estimatePss({ ...BASIS, pss: Number.NaN });
    expect(low).toBeLessThanOrEqual(60 * MIB);
    expect(high).toBeGreaterThanOrEqual(80 * MIB);
    expect(high).toBeLessThan(81 * MIB);
    expect(value).toBe(70 * MIB);
  });

  it('of a PSS of which a sample was counted is that of the sample, with its errors to either side', () => {
    const sampled = { ...BASIS, pss: Number.NaN, sharedPart: 0.1, sharedPartError: 0.01 };
    const exact = estimatePss({ ...sampled, sharedPartError: 0 });
    const { value, low, high } = estimatePss(sampled);
    expect(value).toBe(64 * MIB);
    expect(exact.low - low).toBeCloseTo(0.8 * MIB, 3);
    expect(high - exact.high).toBeCloseTo(0.8 * MIB, 3);
    // What was measured counts, whatever a sample may say.
    expect(estimatePss({ ...sampled, pss: 70 * MIB })).toEqual(estimatePss(BASIS));
  });

  it('is never outside of its interval, nor the interval outside of the resident memory', () => {
    const bytes = fc.double({ min: 0, max: 2 ** 45, noNaN: true });
    const any = fc.record({
      rss: bytes,
      own: fc.double({ min: 0, max: 1, noNaN: true }),
      part: fc.double({ min: 0, max: 0.5, noNaN: true }),
      rssNow: bytes,
      faults: fc.nat(),
      ageNs: fc.nat(),
    });
    fc.assert(
      fc.property(any, fc.boolean(), ({ rss, own, part, rssNow, faults, ageNs }, isTold) => {
        const uss = rss * own;
        const pss = isTold ? uss + (rss - uss) * part : Number.NaN;
        for (const estimate of [estimateUss, estimatePss]) {
          const { value, low, high } = estimate({ rss, uss, pss, rssNow, faults, ageNs, pageSize: 4096 });
          const epsilon = 1e-6 * (1 + rssNow);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(value).toBeGreaterThanOrEqual(low - epsilon);
          expect(high).toBeGreaterThanOrEqual(value - epsilon);
          expect(high).toBeLessThanOrEqual(rssNow + epsilon);
        }
      }),
    );
  });
});
