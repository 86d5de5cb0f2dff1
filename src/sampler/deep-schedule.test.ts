import { describe, expect, it } from 'vitest';
import { Status } from '../schema.js';
import { type DeepLimits, type DeepRate, DeepSchedule } from './deep-schedule.js';

const PAGE = 4096;
const MIB = 2 ** 20;
const SECOND = 1e9;
const START = 1000 * SECOND;
const LIMITS: DeepLimits = { maxHoldNs: 0.5e6, allowHoldNs: 0, canPace: true };

/** A schedule of slots 0 to `count` - 1, what moved, and what is due of them. */
function scheduleOf(rate: DeepRate, count: number, limits: Partial<DeepLimits> = {}, pageSize = PAGE) {
  const schedule = new DeepSchedule(rate, pageSize, SECOND, { ...LIMITS, ...limits });
  const live = Uint32Array.from({ length: count }, (_, slot) => slot);
  const moved = { rss: new Float64Array(count).fill(10 * MIB), faults: new Float64Array(count) };
  const out = new Uint32Array(count);
  for (const slot of live) schedule.arrived(slot);
  const due = (nowNs: number, slots = live) => [
    ...out.subarray(0, schedule.due(slots, slots.length, nowNs, moved, out)),
  ];
  const read = (
    slot: number,
    nowNs: number,
    { status = Status.ok as number, hold = 1e5, paced = false, shared = 0 } = {},
  ) => schedule.read(slot, status, hold, paced, shared, nowNs, moved);
  return { schedule, moved, due, read };
}

describe('a fixed rate', () => {
  it('reads each process that often', () => {
    const { due, read } = scheduleOf(4, 2);
    expect(due(START)).toEqual([0, 1]);
    read(0, START);
    read(1, START + 1000);
    expect(due(START + 0.25 * SECOND - 1)).toEqual([]);
    expect(due(START + 0.25 * SECOND)).toEqual([0]);
    expect(due(START + 0.25 * SECOND + 1000)).toEqual([0, 1]);
  });

  it('is kept although each read ends a little after its tick', () => {
    const periodNs = 0.1 * SECOND;
    const schedule = new DeepSchedule(10, PAGE, SECOND, LIMITS, periodNs);
    schedule.arrived(0);
    const out = new Uint32Array(1);
    const moved = { rss: new Float64Array(1), faults: new Float64Array(1) };
    let reads = 0;
    for (let tick = 0; tick < 100; tick++) {
      const nowNs = START + tick * periodNs + (tick % 7) * 1e5;
      if (schedule.due(Uint32Array.of(0), 1, nowNs, moved, out) === 0) continue;
      reads++;
      schedule.read(0, Status.ok, 1000, false, 0, nowNs + 2e5, moved);
    }
    expect(reads).toBe(100);
  });

  it('starves nobody when each tick has time for a few only', () => {
    const { due, read } = scheduleOf(10, 100);
    const reads = new Array<number>(100).fill(0);
    for (let tick = 0; tick < 1000; tick++) {
      const nowNs = START + tick * 0.2 * SECOND;
      for (const slot of due(nowNs).slice(0, 3)) {
        reads[slot]!++;
        read(slot, nowNs);
      }
    }
    expect(Math.min(...reads)).toBe(30);
    expect(Math.max(...reads)).toBe(30);
  });

  it('goes on behind the last slot that was read, even when that has gone', () => {
    const { due, read } = scheduleOf(1, 6);
    read(3, START);
    expect(due(START)).toEqual([4, 5, 0, 1, 2]);
    expect(due(START, Uint32Array.of(0, 1, 5))).toEqual([5, 0, 1]);
    read(5, START);
    expect(due(START, Uint32Array.of(0, 1, 5))).toEqual([0, 1]);
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
  it('reads the never read first, then what moved most for its cost, and leaves the rest alone', () => {
    const { moved, due, read } = scheduleOf('auto', 5);
    for (const slot of [0, 1, 2, 3]) read(slot, START);
    expect(due(START + 2 * SECOND)).toEqual([4]);
    read(4, START);
    expect(due(START + 2 * SECOND)).toEqual([]);
    moved.rss[2]! += MIB;
    moved.faults[3]! += 4000;
    moved.rss[1]! -= 5 * MIB;
    expect(due(START + 2 * SECOND)[0]).toBe(1);
    expect(due(START + 2 * SECOND).sort()).toEqual([1, 2, 3]);
  });

  it('reads a small one that was never read before what moves all the time, of which the counters tell most', () => {
    const { moved, due, read } = scheduleOf('auto', 2);
    moved.rss.set([10 * MIB, 2 * MIB]);
    read(0, START, { hold: 4e4 });
    moved.rss[0] = 18 * MIB;
    expect(due(START + 5 * SECOND)).toEqual([1, 0]);
    // Once it was read, who moves more for its cost is first again.
    read(1, START + 5 * SECOND, { hold: 1e4 });
    moved.rss[1] = 4 * MIB;
    expect(due(START + 7 * SECOND)).toEqual([0, 1]);
  });

  it('reads everybody after a minute, whatever happened', () => {
    const { due, read } = scheduleOf('auto', 2);
    read(0, START);
    read(1, START + 10 * SECOND);
    expect(due(START + 59 * SECOND)).toEqual([]);
    expect(due(START + 60 * SECOND)).toEqual([0]);
    expect(due(START + 70 * SECOND).sort()).toEqual([0, 1]);
  });

  it('does not take the hold of a small process for that of a large one because it was read in pieces meanwhile', () => {
    const { read, moved, schedule } = scheduleOf('auto', 1);
    read(0, START, { hold: 1e5 });
    expect(schedule.methodOf(0, moved.rss[0]!)).toBe('whole');
    moved.rss[0] = 1024 * MIB;
    expect(schedule.methodOf(0, moved.rss[0])).toBe('paced');
    read(0, START + SECOND, { paced: true });
    expect(schedule.methodOf(0, moved.rss[0])).toBe('paced');
  });

  it('reads what is dear and only moves again no sooner than the budget pays for it, and what is cheap or grows at once', () => {
    const { due, read, moved, schedule } = scheduleOf('auto', 3, { share: 0.01 });
    moved.rss[0] = 2048 * MIB;
    moved.rss[2] = 2048 * MIB;
    const costNs = schedule.costNs(0, moved.rss[0]!);
    due(START);
    for (const slot of [0, 1, 2]) read(slot, START, { paced: slot !== 1 });
    moved.faults.fill(1e6);
    moved.rss[2] = 2200 * MIB;
    expect(due(START + SECOND).sort()).toEqual([1, 2]);
    expect(due(START + costNs * 100 - 1).sort()).toEqual([1, 2]);
    expect(due(START + costNs * 100).sort()).toEqual([0, 1, 2]);
  });

  it('reads nobody more often than it should, however much moves', () => {
    const { moved, due, read } = scheduleOf('auto', 1);
    read(0, START);
    moved.rss[0]! *= 2;
    expect(due(START + SECOND - 1)).toEqual([]);
    expect(due(START + SECOND)).toEqual([0]);
  });

  it('takes comings and goings for a change of what is shared', () => {
    const { schedule, due, read } = scheduleOf('auto', 2);
    read(0, START, { shared: 8 * MIB });
    read(1, START);
    expect(due(START + 2 * SECOND)).toEqual([]);
    schedule.departed();
    expect(due(START + 2 * SECOND)).toEqual([0]);
  });
});

describe('how a process is read', () => {
  it('is in pieces when one read would hold it for too long, or not at all', () => {
    expect(scheduleOf('auto', 1).schedule.methodOf(0, 10 * MIB)).toBe('whole');
    for (const rate of ['auto', 10] as const) {
      expect(scheduleOf(rate, 1).schedule.methodOf(0, 1024 * MIB)).toBe('paced');
      const { schedule, moved, due } = scheduleOf(rate, 2, { canPace: false });
      expect(schedule.methodOf(0, 1024 * MIB)).toBe('none');
      moved.rss[0] = 2 ** 45;
      expect(due(START)).toEqual([1]);
    }
  });

  it('counts pages, not bytes', () => {
    expect(scheduleOf('auto', 1, {}, 65_536).schedule.methodOf(0, 1024 * MIB)).toBe('whole');
  });

  it('follows what reads took, but not one that had to wait', () => {
    const { schedule, read } = scheduleOf('auto', 1);
    read(0, START, { hold: 0.9e6 });
    expect(schedule.methodOf(0, 10 * MIB)).toBe('whole');
    read(0, START + SECOND, { hold: 0.8e6 });
    expect(schedule.methodOf(0, 10 * MIB)).toBe('paced');
  });

  it('is tried whole again after a while, since a wait for a processor looks like a hold', () => {
    for (const canPace of [true, false]) {
      const { schedule, due, read } = scheduleOf(10, 1, { canPace });
      read(0, START, { hold: 0.9e6 });
      read(0, START, { hold: 0.8e6 });
      expect(schedule.methodOf(0, 10 * MIB)).toBe(canPace ? 'paced' : 'none');
      for (let second = 1; second < 10; second++) {
        due(START + second * SECOND);
        if (canPace) read(0, START + second * SECOND, { paced: true });
      }
      expect(schedule.methodOf(0, 10 * MIB)).toBe('whole');
    }
  });

  it('foresees growth', () => {
    const { schedule, read } = scheduleOf('auto', 1);
    for (const second of [0, 1]) read(0, START + second * SECOND, { hold: 1e5 });
    expect(schedule.methodOf(0, 40 * MIB)).toBe('whole');
    expect(schedule.methodOf(0, 4096 * MIB)).toBe('paced');
  });

  it('is whole once for each process when a long hold is allowed', () => {
    const { schedule, read } = scheduleOf('auto', 1, { allowHoldNs: 500e6 });
    expect(schedule.methodOf(0, 1024 * MIB)).toBe('whole');
    expect(schedule.methodOf(0, 1024 ** 2 * MIB)).toBe('paced');
    read(0, START, { hold: 10e6 });
    expect(schedule.methodOf(0, 1024 * MIB)).toBe('paced');
    schedule.arrived(0);
    expect(schedule.methodOf(0, 1024 * MIB)).toBe('whole');
  });

  it('costs more where there is more to read', () => {
    const { schedule } = scheduleOf('auto', 1);
    expect(schedule.costNs(0, 20 * MIB)).toBeGreaterThan(schedule.costNs(0, 10 * MIB));
    expect(schedule.costNs(0, 4096 * MIB)).toBeGreaterThan(schedule.costNs(0, 2048 * MIB));
    expect(schedule.costNs(0, Number.NaN)).toBeGreaterThan(0);
  });
});

describe.each<DeepRate>(['auto', 10])('with the rate %s', (rate) => {
  it('a process without memory or a file that is not there is not asked again, but the next in its slot is', () => {
    const { schedule, due, read } = scheduleOf(rate, 3);
    read(0, START, { status: Status.noMm, hold: Number.NaN });
    read(1, START, { status: Status.unsupported, hold: Number.NaN });
    read(2, START, { status: Status.denied, hold: Number.NaN });
    expect(due(START + 1e6 * SECOND)).toEqual([2]);
    schedule.arrived(1);
    expect(due(START + 1e6 * SECOND).sort()).toEqual([1, 2]);
  });

  it('a process that arrives is due at once, in any slot', () => {
    const { schedule } = scheduleOf(rate, 1);
    schedule.arrived(5000);
    const moved = { rss: new Float64Array(5001), faults: new Float64Array(5001) };
    const out = new Uint32Array(2);
    expect(schedule.due(Uint32Array.of(0, 5000), 2, START, moved, out)).toBe(2);
    schedule.read(5000, Status.ok, 1000, false, 0, START, moved);
    expect(schedule.due(Uint32Array.of(0, 5000), 2, START, moved, out)).toBe(1);
    expect(schedule.due(new Uint32Array(0), 0, START, moved, out)).toBe(0);
  });
});
