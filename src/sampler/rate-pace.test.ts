import { describe, expect, it } from 'vitest';
import { rateFor } from './budget.js';
import { RatePace } from './rate-pace.js';

const SECOND = 1e9;

/** Ticks of so much CPU time for so many seconds; returns the rates that were taken on. */
function run(pace: RatePace, from: number, seconds: number, tickNs: number): number[] {
  const rates: number[] = [];
  for (let nowNs = from; nowNs < from + seconds * SECOND; nowNs += SECOND / pace.hz) {
    if (pace.ticked(nowNs, tickNs)) rates.push(pace.hz);
  }
  return rates;
}

describe('the rate while recording', () => {
  it('stays where it fits', () => {
    const pace = new RatePace(0.01, rateFor(0.01, 2e6), 0.01);
    expect(pace.hz).toBe(2);
    expect(run(pace, 0, 600, 2e6)).toEqual([]);
  });

  it('goes down when a tick comes to cost more, and up again when it costs less', () => {
    const pace = new RatePace(0.01, 2, 0.01);
    expect(run(pace, 0, 60, 2e6)).toEqual([]);
    expect(run(pace, 60 * SECOND, 120, 20e6).at(-1)).toBe(0.2);
    expect(run(pace, 180 * SECOND, 300, 1e6).at(-1)).toBe(2);
  });

  it('takes no notice of a first tick that opens every file', () => {
    const pace = new RatePace(0.01, 2, 0.01);
    pace.ticked(0, 500e6);
    expect(run(pace, 0.5 * SECOND, 60, 2e6)).toEqual([]);
  });

  it('does not swing between two rates', () => {
    for (let tickNs = 100_000; tickNs < 100e6; tickNs *= 1.1) {
      const pace = new RatePace(0.01, 1, 0.01);
      run(pace, 0, 600, tickNs);
      expect(run(pace, 600 * SECOND, 600, tickNs)).toEqual([]);
    }
  });

  it('stays above the least that was asked for', () => {
    const pace = new RatePace(0.01, 2, 1);
    run(pace, 0, 600, 1e9);
    expect(pace.hz).toBe(1);
  });

  it('goes down when all that is done besides takes the budget, and does not come back to try it again and again', () => {
    const pace = new RatePace(0.01, 5, 0.01);
    // Waking up, storing and reading what was stored: 3 ms a tick that the tick does not see.
    const tick = (nowNs: number) => pace.ticked(nowNs, 0.3e6, pace.hz * 3.3e-3);
    const rates: number[] = [];
    for (let nowNs = 0; nowNs < 300 * SECOND; nowNs += SECOND / pace.hz) if (tick(nowNs)) rates.push(pace.hz);
    expect(rates).toEqual([2]);
  });

  it('does not go below a tick a second for what is done whatever the rate', () => {
    const pace = new RatePace(0.01, 5, 0.01);
    for (let nowNs = 0; nowNs < 600 * SECOND; nowNs += SECOND / pace.hz) pace.ticked(nowNs, 0.3e6, 0.03);
    expect(pace.hz).toBe(1);
  });
});
