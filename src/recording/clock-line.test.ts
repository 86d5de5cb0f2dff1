import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClockLine } from './clock-line.js';

const pair = (monotonicNs: number, realNs: number) => ({ monotonicNs: BigInt(monotonicNs), realNs: BigInt(realNs) });

describe('one pair of readings', () => {
  const line = new ClockLine([pair(1000, 50_000)]);

  it('places what is after and before it', () => {
    expect(line.toUnix(1000n)).toBe(50_000n);
    expect(line.toUnix(1700n)).toBe(50_700n);
    expect(line.toUnix(0n)).toBe(49_000n);
    for (const which of ['earliest', 'latest'] as const) {
      expect(line.toMonotonic(50_700n, which)).toBe(1700n);
      expect(line.toMonotonic(49_000n, which)).toBe(0n);
      expect(line.toMonotonic(0n, which)).toBe(-49_000n);
    }
  });
});

describe('a step forward, at 2000 from 51000 to 90000', () => {
  // In no order, as a wrapped ring may tell them.
  const line = new ClockLine([pair(2000, 90_000), pair(1000, 50_000), pair(3000, 91_000)]);

  it('happens where it happened', () => {
    expect(line.toUnix(1999n)).toBe(50_999n);
    expect(line.toUnix(2000n)).toBe(90_000n);
    expect(line.toUnix(3500n)).toBe(91_500n);
  });

  it('leaves out times that never were: they are the instant of the step', () => {
    expect(line.toMonotonic(70_000n, 'earliest')).toBe(2000n);
    expect(line.toMonotonic(70_000n, 'latest')).toBe(1999n);
    expect(line.toMonotonic(90_000n)).toBe(2000n);
    expect(line.toMonotonic(50_999n)).toBe(1999n);
    expect(line.toMonotonic(89_999n, 'latest')).toBe(1999n);
  });
});

describe('a step back, at 2000 from 51000 to 50500', () => {
  const line = new ClockLine([pair(1000, 50_000), pair(2000, 50_500)]);

  it('makes times occur twice', () => {
    expect(line.toUnix(1600n)).toBe(50_600n);
    expect(line.toUnix(2100n)).toBe(50_600n);
    expect(line.toMonotonic(50_600n, 'earliest')).toBe(1600n);
    expect(line.toMonotonic(50_600n, 'latest')).toBe(2100n);
    expect(line.toMonotonic(50_600n)).toBe(2100n);
    expect(line.toMonotonic(50_100n, 'latest')).toBe(1100n);
    expect(line.toMonotonic(51_200n, 'earliest')).toBe(2700n);
  });
});

it('a range from a time to a time holds exactly the instants that have one in between, where no clock steps back', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 300 })), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(steps, fc.integer({ min: -50, max: 900 }), fc.integer({ min: 0, max: 300 }), (parts, from, length) => {
      let [monotonic, real] = [0, 0];
      const pairs = [pair(0, 0)];
      for (const [ran, jumped] of parts) {
        monotonic += ran;
        real += ran + jumped;
        pairs.push(pair(monotonic, real));
      }
      const line = new ClockLine(pairs);
      const [first, last] = [BigInt(from), BigInt(from + length)];
      const [low, high] = [line.toMonotonic(first, 'earliest'), line.toMonotonic(last, 'latest')];
      for (let at = -60n; at < 1000n; at++) {
        const unix = line.toUnix(at);
        expect(at >= low && at <= high).toBe(unix >= first && unix <= last);
      }
    }),
    { numRuns: 60 },
  );
});

it('a time and back is the same, whatever the clock did', () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 3000 })), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(pairs, fc.integer({ min: -100, max: 1100 }), (given, at) => {
      const line = new ClockLine(given.map(([monotonic, real]) => pair(monotonic, real)));
      const unix = line.toUnix(BigInt(at));
      expect(line.toMonotonic(unix, 'earliest')).toBeLessThanOrEqual(BigInt(at));
      expect(line.toMonotonic(unix, 'latest')).toBeGreaterThanOrEqual(BigInt(at));
    }),
  );
});
