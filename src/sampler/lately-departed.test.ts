import { describe, expect, it } from 'vitest';
import { LatelyDeparted } from './lately-departed.js';

const SECOND = 1_000_000_000n;

describe('processes that departed lately', () => {
  it('are remembered for ten seconds, also when nobody departs meanwhile', () => {
    const departed = new LatelyDeparted();
    departed.add('1:1', 100n * SECOND);
    departed.add('2:1', 109n * SECOND);
    departed.add('3:1', 111n * SECOND);
    expect(['1:1', '2:1', '3:1', '4:1'].map((key) => departed.has(key))).toEqual([true, true, true, false]);
    const quiet = new LatelyDeparted();
    quiet.add('1:1', 100n * SECOND);
    quiet.add('2:1', 1000n * SECOND);
    expect(quiet.has('1:1')).toBe(true);
  });

  it('are forgotten in the end: as many a minute for a day are as few as in its first minute', () => {
    const departed = new LatelyDeparted();
    let most = 0;
    for (let second = 0n; second < 86_400n; second++) {
      departed.add(`${second}:1`, second * SECOND);
      most = Math.max(most, departed.size);
    }
    expect(most).toBeLessThan(25);
    expect(departed.has('86399:1')).toBe(true);
  });

  it('are bounded in a storm, of which the last are remembered', () => {
    const departed = new LatelyDeparted();
    for (let pid = 0; pid < 200_000; pid++) departed.add(`${pid}:1`, SECOND);
    expect(departed.size).toBeLessThanOrEqual(65_536);
    expect(departed.has(`${200_000 - 32_768}:1`)).toBe(true);
  });
});
