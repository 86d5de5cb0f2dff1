import { describe, expect, it } from 'vitest';
import { Budget, rateFor } from './budget.js';

const SECOND = 1e9;
const START = 1000 * SECOND;

/** Spends all credit on deep reads for so many seconds beside a cost of `other` of one core; returns shares of one core. */
function run(budget: Budget, seconds: number, other: number, most = Number.POSITIVE_INFINITY) {
  let cpu = 0;
  let deep = 0;
  budget.spent(START, 0, 0);
  for (let tick = 1; tick <= seconds * 10; tick++) {
    const spent = Math.min(budget.creditNs, most);
    cpu += spent + other * 0.1 * SECOND;
    deep += spent;
    budget.spent(START + tick * 0.1 * SECOND, cpu, deep);
  }
  return { all: cpu / (seconds * SECOND), deep: deep / (seconds * SECOND) };
}

describe('a budget', () => {
  it('is spent, and not more', () => {
    for (const share of [0.0001, 0.01, 0.5]) {
      const { all } = run(new Budget(share), 3000, share / 3);
      expect(all / share).toBeGreaterThan(0.97);
      expect(all / share).toBeLessThan(1.05);
    }
  });

  it('leaves deep reads a part when the rest takes all of it', () => {
    const budget = new Budget(0.01);
    const { deep } = run(budget, 3000, 0.05);
    expect(deep / 0.01).toBeGreaterThan(0.19);
    expect(deep / 0.01).toBeLessThan(0.22);
    expect(budget.otherShare).toBeGreaterThan(budget.share);
    expect(run(new Budget(0.01), 1, 0.001).all).toBeGreaterThan(0);
  });

  it('does not save up for more than a burst', () => {
    const budget = new Budget(0.01);
    // What is paid ahead at the begin is spent first.
    run(budget, 60, 0);
    run(budget, 3600, 0, 0);
    expect(budget.creditNs).toBe(50e6);
    expect(budget.otherShare).toBeLessThan(budget.share);
  });

  it('pays an overrun back before anything else', () => {
    const budget = new Budget(0.01);
    budget.spent(START, 0, 0);
    budget.spent(START + SECOND, 400e6, 400e6);
    expect(budget.creditNs).toBe(0);
    budget.spent(START + 9 * SECOND, 400e6, 400e6);
    expect(budget.creditNs).toBe(0);
    budget.spent(START + 12 * SECOND, 400e6, 400e6);
    expect(budget.creditNs).toBeCloseTo(10e6, -1);
  });

  it('does not run backwards with a clock that stands still', () => {
    const budget = new Budget(0.01);
    budget.spent(START, 0, 0);
    budget.spent(START, 5e6, 0);
    expect(budget.creditNs).toBe(300e6);
  });
});

describe('the rate of the counters', () => {
  it.each([
    [0.01, 20_000, 50],
    [0.01, 0, 50],
    [0.5, 20_000, 100],
    [0.01, 14e6, 0.2],
    [0.1, 14e6, 2],
    [0.0001, 1e9, 0.01],
    [0.01, 200e6, 0.02],
  ])('for %d of a core and sweeps of %d ns is %d', (share, sweepNs, hz) => {
    expect(rateFor(share, sweepNs)).toBe(hz);
  });
});
