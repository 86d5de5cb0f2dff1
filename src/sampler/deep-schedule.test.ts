import { describe, expect, it } from 'vitest';
import { Status } from '../schema.js';
import { type DeepRate, DeepSchedule } from './deep-schedule.js';

const PAGE = 4096;
const SECOND = 1e9;
const START = 1000 * SECOND;

/** A schedule of slots 0 to `count` - 1, and what is due of them. */
function scheduleOf(rate: DeepRate, count: number, pageSize = PAGE) {
  const schedule = new DeepSchedule(rate, pageSize, SECOND);
  const live = Uint32Array.from({ length: count }, (_, slot) => slot);
  const rss = new Float64Array(count).fill(PAGE);
  const out = new Uint32Array(count);
  for (const slot of live) schedule.arrived(slot);
  const due = (nowNs: number, slots = live) => [...out.subarray(0, schedule.due(slots, slots.length, nowNs, rss, out))];
  return { schedule, rss, due };
}

describe('a fixed rate', () => {
  it('reads each process that often, however long it is held', () => {
    const { schedule, due } = scheduleOf(4, 2);
    expect(due(START)).toEqual([0, 1]);
    schedule.read(0, Status.ok, 5e6, START);
    schedule.read(1, Status.ok, 100, START + 1000);
    expect(due(START + 0.25 * SECOND - 1)).toEqual([]);
    expect(due(START + 0.25 * SECOND)).toEqual([0]);
    expect(due(START + 0.25 * SECOND + 1000)).toEqual([0, 1]);
  });

  it('has no budget and leaves no process alone', () => {
    const { schedule, rss, due } = scheduleOf(1, 1);
    rss[0] = 2 ** 45;
    expect(due(START)).toEqual([0]);
    for (let round = 0; round < 10; round++) schedule.spent(10 * SECOND);
    expect(schedule.allowanceNs(START)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('off', () => {
  it('has nothing due', () => {
    const { schedule, due } = scheduleOf('off', 3);
    expect(schedule.isOff).toBe(true);
    expect(scheduleOf('auto', 1).schedule.isOff).toBe(false);
    expect(due(START)).toEqual([]);
  });
});

describe('auto', () => {
  it.each([
    [Number.NaN, 1],
    [1000, 1],
    [1e6, 1],
    [2e6, 2],
    [30e6, 30],
  ])('after a hold of %d ns reads again in %d s', (hold, seconds) => {
    const { schedule, due } = scheduleOf('auto', 1);
    schedule.read(0, Number.isNaN(hold) ? Status.denied : Status.ok, hold, START);
    expect(due(START + seconds * SECOND - 1)).toEqual([]);
    expect(due(START + seconds * SECOND)).toEqual([0]);
  });

  it('leaves a process alone that one read would hold for 10 ms, while it is so large', () => {
    const { rss, due } = scheduleOf('auto', 3);
    const most = 400_000 * PAGE;
    rss.set([most, most + PAGE, Number.NaN]);
    expect(due(START)).toEqual([0, 2]);
    rss[1] = most - PAGE;
    expect(due(START)).toEqual([0, 1, 2]);
  });

  it('counts pages, not bytes', () => {
    const { rss, due } = scheduleOf('auto', 1, 65_536);
    rss[0] = 400_000 * 65_536;
    expect(due(START)).toEqual([0]);
    rss[0]! += 65_536;
    expect(due(START)).toEqual([]);
  });

  it('spends no more than its share of a core, and no burst twice', () => {
    const { schedule } = scheduleOf('auto', 1);
    const first = schedule.allowanceNs(START);
    expect(first).toBe(50e6);
    expect(schedule.allowanceNs(START)).toBe(50e6);
    schedule.spent(50e6);
    expect(schedule.allowanceNs(START)).toBe(0);
    expect(schedule.allowanceNs(START + SECOND)).toBeCloseTo(5e6);
    // An overrun is paid back before anything else is read.
    schedule.spent(15e6);
    expect(schedule.allowanceNs(START + 2 * SECOND)).toBe(0);
    expect(schedule.allowanceNs(START + 3 * SECOND)).toBeCloseTo(0);
    expect(schedule.allowanceNs(START + 4 * SECOND)).toBeCloseTo(5e6);
    expect(schedule.allowanceNs(START + 1e6 * SECOND)).toBe(50e6);

    let spent = 0;
    for (let tick = 0; tick < 10_000; tick++) {
      const nowNs = START + 2e6 * SECOND + tick * 0.01 * SECOND;
      if (schedule.allowanceNs(nowNs) === 0) continue;
      schedule.spent(1e6);
      spent += 1e6;
    }
    expect(spent / (100 * SECOND)).toBeGreaterThan(0.0049);
    expect(spent).toBeLessThanOrEqual(100 * SECOND * 0.005 + 50e6 + 1e6);
  });
});

describe.each<DeepRate>(['auto', 10])('with the rate %s', (rate) => {
  it('a process without memory or a file that is not there is not asked again, but the next in its slot is', () => {
    const { schedule, due } = scheduleOf(rate, 3);
    schedule.read(0, Status.noMm, Number.NaN, START);
    schedule.read(1, Status.unsupported, Number.NaN, START);
    schedule.read(2, Status.denied, Number.NaN, START);
    expect(due(START + 1e6 * SECOND)).toEqual([2]);
    schedule.arrived(1);
    expect(due(START + 1e6 * SECOND).sort()).toEqual([1, 2]);
  });

  it('a process that arrives is due at once, in any slot', () => {
    const { schedule } = scheduleOf(rate, 1);
    schedule.arrived(5000);
    const out = new Uint32Array(2);
    expect(schedule.due(Uint32Array.of(0, 5000), 2, START, new Float64Array(5001), out)).toBe(2);
    schedule.read(5000, Status.ok, 1000, START);
    expect(schedule.due(Uint32Array.of(0, 5000), 2, START, new Float64Array(5001), out)).toBe(1);
    expect(schedule.due(new Uint32Array(0), 0, START, new Float64Array(5001), out)).toBe(0);
  });

  it('no slot is starved when each tick has time for a few only', () => {
    const { schedule, due } = scheduleOf(rate, 100);
    const reads = new Array<number>(100).fill(0);
    for (let tick = 0; tick < 1000; tick++) {
      const nowNs = START + tick * 0.2 * SECOND;
      for (const slot of due(nowNs).slice(0, 3)) {
        reads[slot]!++;
        schedule.read(slot, Status.ok, 1000, nowNs);
      }
    }
    expect(Math.min(...reads)).toBe(30);
    expect(Math.max(...reads)).toBe(30);
  });

  it('the search goes on behind the last slot that was read, even when that has gone', () => {
    const { schedule, due } = scheduleOf(rate, 6);
    schedule.read(3, Status.ok, 1000, START);
    expect(due(START)).toEqual([4, 5, 0, 1, 2]);
    expect(due(START, Uint32Array.of(0, 1, 5))).toEqual([5, 0, 1]);
    schedule.read(5, Status.ok, 1000, START);
    expect(due(START, Uint32Array.of(0, 1, 5))).toEqual([0, 1]);
  });
});

describe('a fixed rate at its own tick rate', () => {
  it('is kept although each read ends a little after its tick', () => {
    const periodNs = 0.1 * SECOND;
    const schedule = new DeepSchedule(10, 4096, SECOND, periodNs);
    schedule.arrived(0);
    const out = new Uint32Array(1);
    let reads = 0;
    for (let tick = 0; tick < 100; tick++) {
      const jitter = (tick % 7) * 1e5;
      const nowNs = START + tick * periodNs + jitter;
      if (schedule.due(Uint32Array.of(0), 1, nowNs, new Float64Array(1), out) === 0) continue;
      reads++;
      schedule.read(0, Status.ok, 1000, nowNs + 2e5);
    }
    expect(reads).toBe(100);
  });
});
