import { describe, expect, it } from 'vitest';
import type { GrowthLine, GrowthVerdict, Until } from './growth-line.js';
import { type LimitLine, movingFirst, nearestFirst } from './why.js';

const limit = (name: string, until: Until, used = 0, most = 100): LimitLine => {
  return { kind: 'group-max', path: name, limit: most, used, until };
};
const within = (seconds: number): Until => ({ state: 'in', seconds, low: seconds, high: seconds });
const NEVER: Until = { state: 'not-at-this-rate' };

describe('limits', () => {
  const order = (...limits: LimitLine[]) => nearestFirst(limits).map(({ path }) => path);

  it('come as they are met, then as full as they are', () => {
    const lines = [
      limit('half', NEVER, 50),
      limit('late', within(90), 99),
      limit('unknown', { state: 'unknown' }, 70),
      limit('met', { state: 'reached' }, 100),
      limit('soon', within(5), 1),
      limit('empty', NEVER, 0),
    ];
    const nearest = ['met', 'soon', 'late', 'unknown', 'half', 'empty'];
    expect(order(...lines)).toEqual(nearest);
    expect(order(...lines.toReversed())).toEqual(nearest);
    expect(lines.map(({ path }) => path)[0]).toBe('half');
  });

  it('that are met at the same time come the fuller first', () => {
    expect(order(limit('a', within(5), 10), limit('b', within(5), 20))).toEqual(['b', 'a']);
    expect(order(limit('a', { state: 'reached' }, 100), limit('b', { state: 'reached' }, 150))).toEqual(['b', 'a']);
  });

  it('of nothing, or of which nothing is known, are no fuller than an empty one', () => {
    const odd = [limit('none', NEVER, 0, 0), limit('unknown', NEVER, Number.NaN), limit('some', NEVER, 1)];
    expect(order(...odd)).toEqual(['some', 'none', 'unknown']);
  });
});

describe('what moves', () => {
  const line = (verdict: GrowthVerdict, first: number, last: number): GrowthLine => {
    const slope = { value: 1, low: 1, high: 1 };
    return { first, last, seconds: 1, points: 9, slope, verdict };
  };

  it('comes as it grows, and then by how much', () => {
    const lines = [
      line('shrinks', 90, 10),
      line('grows', 0, 10),
      line('steady', 0, 1000),
      line('too-short', 10, 60),
      line('too-short', 5, 5),
      line('grows', 0, 20),
      line('grows', 30, 0),
    ];
    expect(movingFirst(lines)).toEqual([lines[6], lines[5], lines[1], lines[0], lines[3]]);
  });
});
