/** The sums over the processes of a group, frame by frame, of planted values. */
import { describe, expect, it } from 'vitest';
import { Group } from './group-meter.js';
import type { MemoryEstimate } from './memory-estimates.js';

const NONE = { state: 'unsupported', reason: 'no frame was recorded' };

interface Told extends Partial<MemoryEstimate> {
  readonly rss?: number;
  readonly kernelPeak?: number;
}

/** Measured whole, but for what is told. */
function estimate(told: Told): MemoryEstimate {
  const { pss = 0, uss = 0 } = told;
  return {
    ...{ pss, pssLow: pss, pssHigh: pss, uss, ussLow: uss, ussHigh: uss, swap: 0, ageNs: 0 },
    ...{ isMeasured: true, isPaced: false, ...told },
  };
}

/** A frame a second, of which each has its processes; an empty one has none that is left. */
function measured(...frames: readonly (readonly Told[])[]): { group: Group; mayBePeak: boolean[]; isPeak: boolean[] } {
  const group = new Group('shop');
  const [mayBePeak, isPeak]: [boolean[], boolean[]] = [[], []];
  for (const [index, processes] of frames.entries()) {
    isPeak.push(group.commit(false));
    mayBePeak.push(take(group, index, processes));
  }
  isPeak.push(group.commit(false));
  return { group, mayBePeak, isPeak: isPeak.slice(1) };
}

function take(group: Group, index: number, processes: readonly Told[]): boolean {
  if (processes.length > 0) group.begin(index + 1);
  for (const one of processes) group.add(one.rss ?? 0, estimate(one), one.kernelPeak ?? Number.NaN);
  return group.end(index + 1, BigInt(index) * 1_000_000_000n);
}

const counter = (value: number, ageMs = 0) => ({ state: 'measured', value, ageMs, method: 'counter' });
const whole = (value: number) => ({ state: 'measured', value, ageMs: 0, method: 'whole' });

describe('a sum', () => {
  it('is over the processes of each frame', () => {
    const { group } = measured(
      [
        { rss: 10, pss: 5, uss: 3, swap: 1 },
        { rss: 20, pss: 7, uss: 4, swap: 2 },
      ],
      [{ rss: 50, pss: 40, uss: 8, swap: 9 }],
      [{ rss: 6, pss: 6, uss: 6, swap: 6 }],
    );
    const { rss, pss, uss, swap } = group.result();
    expect([rss.peak, pss.peak, uss.peak, swap.peak]).toEqual([counter(50), whole(40), whole(8), counter(9)]);
    for (const one of [rss, pss, uss, swap]) expect(one.peakAtNs).toBe(1_000_000_000n);
    // Over the first two seconds.
    expect([rss.mean, pss.mean, uss.mean]).toEqual([counter(40), whole(26), whole(7.5)]);
    expect(swap.mean).toEqual(counter(6));
  });

  it('is over no time in which nobody was there', () => {
    const { group } = measured([{ rss: 10, pss: 8 }], [], [], [{ rss: 30, pss: 6 }], [{ rss: 0 }]);
    const { rss, pss, uss, swap } = group.result();
    expect([rss.mean, pss.mean, uss.mean, swap.mean]).toEqual([counter(20), whole(7), whole(0), counter(0)]);
    expect([rss.peak, pss.peak]).toEqual([counter(30), whole(8)]);
    const begun = new Group('begun');
    begun.begin(1);
    expect(begun.end(1, 0n)).toBe(false);
    expect(begun.end(2, 1n)).toBe(false);
    expect(begun.result()).toMatchObject({ rss: { peak: NONE }, mostAtOnce: 0 });
  });

  it('has the bounds of all, and the age of the oldest', () => {
    const unsure = {
      ...{ pss: 10, pssLow: 9, pssHigh: 12, uss: 4, ussLow: 1, ussHigh: 6 },
      ageNs: 5e6,
      isMeasured: false,
    };
    const { group } = measured([{ pss: 20, uss: 2, ageNs: 2e6 }, unsure, { swap: 7, ageNs: 3e6 }]);
    const { rss, pss, uss, swap } = group.result();
    expect(pss.peak).toEqual({ state: 'estimated', value: 30, low: 29, high: 32, ageMs: 5 });
    expect(uss.peak).toEqual({ state: 'estimated', value: 6, low: 3, high: 8, ageMs: 5 });
    expect([swap.peak, rss.peak]).toEqual([counter(7, 5), counter(0)]);
  });

  it('forgets the frame before', () => {
    const unsure = { pss: 1, isMeasured: false, isPaced: true, ageNs: 9e6 };
    const { group } = measured([unsure], [{ pss: 50, uss: 50, swap: 1 }]);
    expect(group.result()).toMatchObject({
      pss: { peak: whole(50) },
      uss: { peak: whole(50) },
      swap: { peak: counter(1) },
    });
  });

  it('of reads in pieces is told as such', () => {
    const paced = { state: 'measured', value: 3, ageMs: 0, method: 'paced' };
    expect(measured([{ pss: 1 }, { pss: 2, isPaced: true }]).group.result().pss.peak).toEqual(paced);
    expect(measured([{ pss: 1 }, { pss: 2 }]).group.result().pss.peak).toEqual(whole(3));
  });

  it('of swap is known when that of all is', () => {
    const { group } = measured([{ swap: 5 }, { swap: Number.NaN }], [{ swap: 3 }, { swap: 1 }]);
    expect(group.result().swap).toMatchObject({ peak: counter(4), peakAtNs: 1_000_000_000n });
    const reason = 'no process lived long enough for a deep read';
    expect(measured([{ swap: Number.NaN }]).group.result().swap).toMatchObject({
      peak: { state: 'unsupported', reason },
    });
  });
});

describe('the highest PSS', () => {
  it('is asked about while it may be one, and taken when the next frame is known', () => {
    const { group, mayBePeak, isPeak } = measured([{ pss: 5 }], [{ pss: 5 }], [{ pss: 6 }], [{ pss: 2 }], []);
    expect(mayBePeak).toEqual([true, false, true, false, false]);
    expect(isPeak).toEqual([true, false, true, false, false]);
    expect(group.result().pss.peakAtNs).toBe(2_000_000_000n);
    // Nothing waits any longer.
    expect(group.commit(false)).toBe(false);
  });

  it('counts for half where it is unsure whether its reads were of one time', () => {
    const group = new Group('shop');
    take(group, 0, [{ pss: 40 }]);
    group.commit(false);
    take(group, 1, [{ pss: 70 }]);
    expect(group.commit(true)).toBe(false);
    expect(group.result().pss.peak).toEqual(whole(40));
    take(group, 2, [{ pss: 100, ageNs: 3e6 }, { isMeasured: false }]);
    expect(group.commit(true)).toBe(true);
    expect(group.result().pss.peak).toEqual({ state: 'estimated', value: 50, low: 50, high: 100, ageMs: 3 });
  });

  it('is as it is where no reads were made in the frame that is unsure', () => {
    const group = new Group('shop');
    take(group, 0, [{ pss: 40, isMeasured: false }]);
    group.commit(true);
    expect(group.result().pss.peak).toMatchObject({ value: 40 });
    take(group, 1, [{ pss: 60 }]);
    group.commit(false);
    take(group, 2, [{ pss: 80, isMeasured: false }]);
    group.commit(true);
    expect(group.result().pss.peak).toMatchObject({ value: 80 });
  });
});

describe('the processes', () => {
  it('are told by the most at once, and by the largest of them', () => {
    const { group } = measured(
      [{ rss: 5, kernelPeak: 9 }, { rss: 7, kernelPeak: 12 }, { rss: 1 }],
      [{ rss: 6, kernelPeak: 3 }],
    );
    group.processes = 4;
    expect(group.mostAtOnce).toBe(3);
    expect(group.result()).toMatchObject({
      ...{ processes: 4, mostAtOnce: 3 },
      largest: { sampled: counter(7), kernelPeak: { ...counter(12), method: 'kernel-peak' } },
    });
  });

  it('have no mark of the kernel where nobody read it, and no memory where there was no frame', () => {
    const reason = 'nobody read VmHWM before it ended';
    const { group } = measured([{ rss: 0 }]);
    expect(group.result().largest).toEqual({ sampled: counter(0), kernelPeak: { state: 'unsupported', reason } });
    const none = new Group('none');
    expect(none.name).toBe('none');
    expect(none.result()).toMatchObject({
      ...{ processes: 0, mostAtOnce: 0, largest: { sampled: NONE } },
      ...{ rss: { peak: NONE }, pss: { peak: NONE }, uss: { peak: NONE } },
    });
    none.highWater = 0;
    expect(none.result().largest.kernelPeak).toMatchObject({ state: 'unsupported' });
  });

  it('have counters that others add up', () => {
    const group = new Group('shop');
    group.counters.set([1, 2, 3, 4]);
    group.hasCounters = true;
    expect(group.result().counters).toEqual({
      ...{ minorFaults: counter(1), majorFaults: counter(2), userTime: counter(3), systemTime: counter(4) },
    });
  });

  it('begin a frame without what they could share in the one before', () => {
    const group = new Group('shop');
    group.shareable = 9;
    group.begin(3);
    expect([group.shareable, group.frame]).toEqual([0, 3]);
  });

  it('is not 0 where no tick read it', () => {
    const unread = { state: 'unsupported', reason: 'they ended before a tick read them' };
    const { counters, cpuTime } = new Group('brief').result();
    expect([...Object.values(counters), cpuTime]).toEqual(Array.from({ length: 5 }, () => unread));
    const told = new Group('told');
    told.restCpu = 7;
    expect(told.result()).toMatchObject({ cpuTime: counter(7), counters: { userTime: unread, minorFaults: unread } });
  });

  it('of CPU time has what came behind the last tick, which was user time or not', () => {
    const group = new Group('shop');
    group.counters.set([1, 2, 30, 10]);
    group.hasCounters = true;
    expect(group.result()).toMatchObject({ cpuTime: counter(40), counters: { userTime: counter(30) } });
    group.restCpu = 8;
    const { cpuTime, counters } = group.result();
    expect(cpuTime).toEqual(counter(48));
    expect(counters).toMatchObject({
      minorFaults: counter(1),
      userTime: { state: 'estimated', value: 36, low: 30, high: 38, ageMs: 0 },
      systemTime: { state: 'estimated', value: 12, low: 10, high: 18, ageMs: 0 },
    });
    group.counters.set([1, 2, 0, 0]);
    expect(group.result().counters.userTime).toEqual({
      state: 'unsupported',
      reason: 'no tick told user and system time apart',
    });
    group.restCpu = 0;
    expect(group.result().counters.userTime).toEqual(counter(0));
  });
});
