import { describe, expect, it } from 'vitest';
import { StatPace } from './stat-pace.js';

/** Sweeps that cost `memory` for statm and `times` for stat of all slots, as shares of a period. */
function settle(pace: StatPace, memory: number, times: number, ticks: number): void {
  for (let tick = 0; tick < ticks; tick++) pace.swept((memory + times / pace.every) * 1e7);
}

describe('StatPace', () => {
  it('reads stat of every slot while there is time', () => {
    const pace = new StatPace(1e7);
    settle(pace, 0.1, 0.3, 1000);
    expect(pace.every).toBe(1);
  });

  it('reads it of fewer when sweeps take too long, and finds the largest share that fits', () => {
    const pace = new StatPace(1e7);
    settle(pace, 0.25, 0.9, 1000);
    expect(pace.every).toBe(4);
  });

  it('is not moved by one slow sweep', () => {
    const pace = new StatPace(1e7);
    pace.swept(9e6);
    settle(pace, 0.1, 0.3, 10);
    expect(pace.every).toBe(1);
  });

  it('comes back when the load goes, and does not swing', () => {
    const pace = new StatPace(1e7);
    settle(pace, 0.3, 2, 100);
    expect(pace.every).toBeGreaterThan(4);
    settle(pace, 0.02, 0.1, 3000);
    expect(pace.every).toBe(1);
    const seen = new Set<number>();
    for (let tick = 0; tick < 5000; tick++) {
      pace.swept((0.15 + 0.5 / pace.every) * 1e7);
      if (tick > 1000) seen.add(pace.every);
    }
    expect(seen.size).toBe(1);
  });

  it('goes no further once leaving out more brings nothing, though statm alone takes too long', () => {
    const pace = new StatPace(1e7);
    settle(pace, 0.52, 0.6, 2000);
    expect(pace.every).toBeGreaterThanOrEqual(8);
    expect(pace.every).toBeLessThanOrEqual(16);
  });

  it('stops somewhere when nothing fits', () => {
    const pace = new StatPace(1e7);
    settle(pace, 3, 300, 5000);
    expect(pace.every).toBe(64);
  });
});

describe('with a rate that is left to the budget', () => {
  it('reads stat of many processes less often than their memory, and of few as often', () => {
    const pace = new StatPace(5e9);
    expect(pace.everyOf('native', true, 2000)).toBe(4);
    expect(pace.everyOf('native', true, 200)).toBe(1);
    expect(pace.everyOf('native', false, 2000)).toBe(1);
    expect(pace.everyOf('bpf', true, 2000)).toBe(1);
  });
});
