import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Schedule } from './schedule.js';

const ORIGIN = 5_000_000_000n;

describe('Schedule', () => {
  it('has its deadlines at whole periods after the origin, however late each tick began', () => {
    const schedule = new Schedule(ORIGIN, 100);
    expect(schedule.periodNs).toBe(10_000_000n);
    for (let tick = 0; tick < 1000; tick++) {
      expect(schedule.tick).toBe(tick);
      expect(schedule.deadlineNs).toBe(ORIGIN + BigInt(tick) * 10_000_000n);
      // Almost a whole period late, each time.
      expect(schedule.begin(schedule.deadlineNs + 9_999_999n)).toBe(0);
      schedule.advance();
    }
    expect(schedule.missed).toBe(0);
  });

  it.each([
    [-1n, 0],
    [0n, 0],
    [9_999_999n, 0],
    [10_000_000n, 1],
    [19_999_999n, 1],
    [20_000_000n, 2],
    [86_400_000_000_000n, 8_640_000],
  ])('counts what is missed when %d ns late: %i', (late, missed) => {
    const schedule = new Schedule(ORIGIN, 100);
    expect(schedule.begin(ORIGIN + late)).toBe(missed);
    expect([schedule.missed, schedule.tick]).toEqual([missed, missed]);
    // The sweep now belongs to the tick that is due, and is not a whole period late for it.
    expect(ORIGIN + late - schedule.deadlineNs).toBeLessThan(schedule.periodNs);
  });

  it('starts its clock when the first tick is over, if that took longer than a period', () => {
    const [slow, quick] = [new Schedule(ORIGIN, 100), new Schedule(ORIGIN, 100)];
    for (const schedule of [slow, quick]) schedule.advance();
    slow.start(ORIGIN + 37_000_000n);
    expect(slow.deadlineNs).toBe(ORIGIN + 37_000_000n);
    expect(slow.begin(ORIGIN + 38_000_000n)).toBe(0);
    slow.advance();
    expect(slow.deadlineNs).toBe(ORIGIN + 47_000_000n);
    quick.start(ORIGIN + 9_000_000n);
    expect(quick.deadlineNs).toBe(ORIGIN + 10_000_000n);
  });

  it.each([
    [0.01, 100_000_000_000n],
    [3, 333_333_333n],
    [1000, 1_000_000n],
    [10_000, 100_000n],
  ])('at %d Hz has a period of %d ns', (hz, periodNs) => {
    expect(new Schedule(0n, hz).periodNs).toBe(periodNs);
  });

  it('accounts for every tick: swept + missed = all, and each sweep is for the latest tick that is due', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 40_000_000n }), { maxLength: 100 }), (durations) => {
        const schedule = new Schedule(ORIGIN, 100);
        let nowNs = ORIGIN;
        let swept = 0;
        let told = 0;
        for (const duration of durations) {
          // Nobody wakes up before the deadline.
          if (nowNs < schedule.deadlineNs) nowNs = schedule.deadlineNs;
          told += schedule.begin(nowNs);
          expect(schedule.tick).toBe(Number((nowNs - ORIGIN) / schedule.periodNs));
          expect(schedule.deadlineNs).toBe(ORIGIN + BigInt(schedule.tick) * schedule.periodNs);
          swept++;
          expect(swept + schedule.missed).toBe(schedule.tick + 1);
          nowNs += duration;
          schedule.advance();
        }
        expect(schedule.missed).toBe(told);
      }),
    );
  });
});

describe('a stall that ends in a stop', () => {
  it('counts the ticks that were due meanwhile, and none that was not', () => {
    const schedule = new Schedule(0n, 10);
    schedule.advance();
    expect(schedule.skipDue(50_000_000n, 0)).toBe(0);
    expect(schedule.skipDue(2_050_000_000n, 0)).toBe(20);
    expect(schedule.missed).toBe(20);
    expect(schedule.tick).toBe(21);
  });

  it('counts none beyond the end of the recording', () => {
    const schedule = new Schedule(0n, 10);
    schedule.advance();
    expect(schedule.skipDue(60_000_000_000n, 8)).toBe(7);
  });
});

describe('another rate', () => {
  it('holds from the current tick on, and misses none', () => {
    const schedule = new Schedule(ORIGIN, 10);
    for (let tick = 0; tick < 7; tick++) schedule.advance();
    schedule.setRate(0.5);
    expect([schedule.tick, schedule.deadlineNs]).toEqual([7, ORIGIN + 700_000_000n]);
    schedule.advance();
    expect(schedule.deadlineNs).toBe(ORIGIN + 2_700_000_000n);
    expect(schedule.begin(ORIGIN + 2_800_000_000n)).toBe(0);
    expect(schedule.begin(ORIGIN + 6_700_000_000n)).toBe(2);
  });
});
