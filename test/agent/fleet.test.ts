/** A small fleet into both kinds of store for half a minute; `npm run torture -- fleet` is twenty hosts for minutes. */
import { afterAll, describe, expect, it } from 'vitest';
import { scratch } from '../recorder/workload.js';
import { runFleet } from './fleet.js';
import { compareWithTruth } from './fleet-truth.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());

describe('a fleet', () => {
  it('has the sums of statm in both stores, and alerts on the leaks alone', { timeout: 90_000 }, async () => {
    const plan = { hosts: 4, hz: 4, scrapeMs: 500, faster: 120, stepMs: 2000, steps: 6 };
    const { byScraping, byPushing, fired, planted } = await runFleet(folder.path, plan);
    expect([byScraping.wrong, byPushing.wrong]).toEqual([[], []]);
    expect(byScraping.equal).toBeGreaterThanOrEqual(10);
    expect(byPushing.equal).toBeGreaterThanOrEqual(8);
    expect(fired).toEqual(planted);
  });

  it('would be found to have other sums', () => {
    const truth = [0, 200, 400, 600, 800, 1000].map((unixMs) => ({ unixMs, bytes: unixMs < 500 ? 100 : 200 }));
    const compared = (ms: number, value: number) => compareWithTruth([[ms / 1000, String(value)]], truth, 250);
    expect(compared(400, 100)).toMatchObject({ equal: 0, between: 1, wrong: [] });
    expect(compared(300, 100)).toMatchObject({ equal: 1, wrong: [] });
    expect(compared(900, 200)).toMatchObject({ equal: 1, wrong: [] });
    expect(compared(900, 199).wrong).toHaveLength(1);
    expect(compared(600, 99).wrong).toHaveLength(1);
  });
});
