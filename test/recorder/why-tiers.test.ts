/** The limits of a recorded process, of recordings that swept its groups and its host: their content is known. */
import { expect, it } from 'vitest';
import { whyRecorded } from '../../src/analyze/why-recorded.js';
import { someone, unixOf } from './synthetic.js';
import { ALL, group, TierAuthor } from './synthetic-tiers.js';

const MIB = 2 ** 20;
const TICKS = 100;

/** A process that grows by 1 MiB a tick (10 Hz), its group by 2, and the memory of the host is taken by 3. */
function author(tell: (author: TierAuthor) => void): TierAuthor {
  const made = new TierAuthor({ engine: { name: 'bpf', reason: 'test' } });
  made.arrive(0, someone(100, 'grower'));
  const [above, own] = ['/shop', '/shop/web'].map((path, index) =>
    made.writer.groups!.arrive(group(70 + index, path)),
  ) as [number, number];
  tell(made);
  for (let tick = 0; tick < TICKS; tick++) {
    made.setHost({ hostMemTotal: 8000 * MIB, hostMemAvailable: (6000 - 3 * tick) * MIB });
    made.sweepHost(ALL);
    const used = { cgroupCurrent: (300 + 2 * tick) * MIB, cgroupPeak: (400 + 2 * tick) * MIB };
    const cache = { cgroupInactiveFile: 20 * MIB, cgroupActiveFile: 10 * MIB, cgroupOomKills: 3 };
    made.setGroup(above, { ...used, ...cache, cgroupMax: 1000 * MIB, cgroupHigh: Number.POSITIVE_INFINITY });
    made.setGroup(own, { ...used, cgroupMax: Number.POSITIVE_INFINITY, cgroupHigh: Number.POSITIVE_INFINITY });
    made.sweepGroups();
    made.set(0, {
      rss: (100 + tick) * MIB,
      vsize: 2000 * MIB,
      minorFaults: tick * 256,
      majorFaults: tick,
      cgroupId: 71,
    });
    made.sweep();
  }
  made.close();
  return made;
}

function whyAt(made: TierAuthor, tick: number, sinceTick?: number) {
  using recording = made.open();
  const [process] = recording.processes();
  const since = sinceTick === undefined ? {} : { sinceNs: unixOf(sinceTick) };
  return whyRecorded(recording, process!, { atNs: unixOf(tick), ...since });
}

const limited = (made: TierAuthor) => {
  const { pid, startTicks } = someone(100);
  made.writer.event(made.nowNs, { type: 'processLimit', pid, startTicks, comm: 'grower', group: '/shop/web' });
};

it.each([
  ['its log of limits', limited],
  ['its cgroup id', () => {}],
])('are those of the groups that it is in, found by %s, and of the host', (_, tell) => {
  const { limits } = whyAt(author(tell), 90, 10);
  expect(limits.map(({ kind, path }) => [kind, path])).toEqual([
    ['group-max', '/shop'],
    ['host', undefined],
  ]);
  const [shop, host] = limits;
  expect(shop).toMatchObject({
    ...{ limit: 1000 * MIB, used: 480 * MIB, peak: 580 * MIB, cache: 30 * MIB, oomKills: 3 },
    growth: { verdict: 'grows', first: 320 * MIB, last: 480 * MIB },
    until: { state: 'in' },
  });
  expect(shop).not.toHaveProperty('isGrowthOfProcess');
  expect(shop!.growth!.slope.value / MIB).toBeCloseTo(20, 1);
  expect(shop!.until).toMatchObject({ seconds: expect.closeTo(520 / 20, 1) });
  expect(host).toMatchObject({ limit: 8000 * MIB, used: (2000 + 3 * 90) * MIB });
  expect(host!.until).toMatchObject({ state: 'in', seconds: expect.closeTo((6000 - 270) / 30, 0) });
});

it('never tell a peak below what is taken, though the mark is read less often', () => {
  const made = author((one) => {
    limited(one);
    one.setGroup = new Proxy(one.setGroup, {
      apply: (call, self, [row, values]) => call.call(self, row, { ...values, cgroupPeak: 310 * MIB }),
    });
  });
  expect(whyAt(made, 90, 10).limits[0]).toMatchObject({ used: 480 * MIB, peak: 480 * MIB });
});

it('counts growth and faults between the two instants alone', () => {
  const { growth, faults, numbers, atNs, sinceNs, grownSince } = whyAt(author(limited), 60, 20);
  expect([atNs, sinceNs]).toEqual([unixOf(60), unixOf(20)]);
  expect(numbers.rss).toBe(160 * MIB);
  expect(grownSince).toEqual({ rss: 124 * MIB, atNs: unixOf(24) });
  expect(growth).toMatchObject({ first: 120 * MIB, last: 160 * MIB, seconds: 4, points: 41, verdict: 'grows' });
  expect(faults).toEqual({ minor: 40 * 256, major: 40, seconds: 4 });
});
