/** What is read out of the events of limits: what peaked while this was recorded, and not before. */
import { describe, expect, it } from 'vitest';
import type { TideEvent } from './events.js';
import { collectLimits, tightestOf } from './limits.js';

const at = (seconds: number, event: TideEvent) => ({ timeNs: BigInt(seconds * 1e9), event });
const group = (path: string, rest: object): TideEvent => ({ type: 'groupLimit', path, ...rest });

describe('the limits of a recording', () => {
  it('take the mark of the kernel where it rose, and what was seen where it did not', () => {
    const { groups } = collectLimits(
      [
        at(0, group('/old', { max: 100, current: 10, peak: 90, oomKills: 2 })),
        at(0, group('/new', { max: 100, current: 10, peak: 20, oomKills: 0 })),
        at(60, group('/old', { max: 100, current: 30, peak: 90, oomKills: 2 })),
        at(60, group('/new', { max: 80, current: 5, peak: 70, oomKills: 1 })),
      ],
      0n,
    );
    expect(groups).toMatchObject([
      { path: '/old', max: 100, used: 30, isExact: false, oomKills: 0 },
      { path: '/new', max: 80, used: 70, isExact: true, oomKills: 1 },
    ]);
  });

  it('leave out what was before the first frame', () => {
    const { groups } = collectLimits(
      [
        at(0, group('/a', { max: 100, current: 95, peak: 95, oomKills: 3 })),
        at(60, group('/a', { max: 100, current: 50, peak: 95, oomKills: 4 })),
      ],
      10_000_000_000n,
    );
    expect(groups).toMatchObject([{ used: 50, isExact: false, oomKills: 1 }]);
  });

  it('of hosts that were merged are apart, and the tightest of a path is found', () => {
    const { groups } = collectLimits(
      [
        at(0, group('/a', { max: 50, current: 45, source: 0 })),
        at(0, group('/a/b', { max: 1000, current: 45, source: 0 })),
        at(0, group('/a', { max: 10, current: 1, source: 1 })),
      ],
      0n,
    );
    expect(groups).toHaveLength(3);
    expect(tightestOf(groups, '/a/b/c', 0)).toMatchObject({ path: '/a', max: 50 });
    expect(tightestOf(groups, '/ab', 0)).toBeUndefined();
  });
});
