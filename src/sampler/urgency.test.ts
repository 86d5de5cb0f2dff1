import { describe, expect, it } from 'vitest';
import { Urgency } from './urgency.js';

const SECOND = 1_000_000_000n;

/** A thread whose CPU time is set by hand, and what it was told. */
function thread(isPermitted = true) {
  const turns: boolean[] = [];
  const state = { cpuNs: 0, turns };
  const turn = (isAhead: boolean) => {
    turns.push(isAhead);
    return isPermitted && isAhead;
  };
  return { state, of: (hz: number) => new Urgency(hz, turn, () => state.cpuNs) };
}

describe('the urgency of the sampler', () => {
  it('is left alone at rates at which a late tick is read in time', () => {
    const { state, of } = thread();
    const urgency = of(10);
    urgency.begin(0n);
    urgency.check(20n * SECOND);
    expect([state.turns, urgency.isAhead]).toEqual([[], false]);
  });

  it('is raised at high rates, and stays while the thread sleeps for a part of the time', () => {
    const { state, of } = thread();
    const urgency = of(1000);
    urgency.begin(0n);
    for (let second = 1; second <= 5; second++) {
      state.cpuNs += 0.7e9;
      urgency.check(BigInt(second) * SECOND);
    }
    expect([state.turns, urgency.isAhead]).toEqual([[true], true]);
  });

  it('is given up for a while by a thread that never sleeps, so that others get their processor', () => {
    const { state, of } = thread();
    const urgency = of(1000);
    urgency.begin(0n);
    state.cpuNs = 0.95e9;
    urgency.check(SECOND);
    expect([state.turns, urgency.isAhead]).toEqual([[true, false], false]);
    urgency.check(10n * SECOND);
    expect(urgency.isAhead).toBe(false);
    urgency.check(11n * SECOND);
    expect([state.turns, urgency.isAhead]).toEqual([[true, false, true], true]);
  });

  it('is not looked after where it is not permitted', () => {
    const { state, of } = thread(false);
    const urgency = of(1000);
    urgency.begin(0n);
    state.cpuNs = 1e9;
    urgency.check(SECOND);
    expect([state.turns, urgency.isAhead]).toEqual([[true], false]);
  });
});
