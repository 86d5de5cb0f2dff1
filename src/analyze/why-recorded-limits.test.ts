/** The limits of a recorded process, of recordings made by hand: a tick each tenth of a second. */
import { describe, expect, it } from 'vitest';
import { SECOND, someone, unixOf } from '../../test/recorder/synthetic.js';
import { ALL, group, TierAuthor } from '../../test/recorder/synthetic-tiers.js';
import type { TideEvent } from '../recording/events.js';
import { Status } from '../schema.js';
import type { GrowthLine } from './growth-line.js';
import { type LimitLine, WHY_NUMBERS, type WhyNumbers } from './why.js';
import { evenRange, recordedLimits, stretchOf } from './why-recorded-limits.js';

const MIB = 2 ** 20;
const n = Number.NaN;
const NONE = Number.POSITIVE_INFINITY;
const WHO = { pid: 10, startTicks: 110, comm: 'p10' };
/** Of the process: 4 MiB a second. */
const GROWS: GrowthLine = {
  ...{ first: 0, last: 0, seconds: 9, points: 99, verdict: 'grows' },
  slope: { value: 4 * MIB, low: 2 * MIB, high: 8 * MIB },
};

type Tell = (author: TierAuthor, tick: number) => void;

/** Of one process in slot 0; `tell` is asked before each sweep. */
function recorded(ticks: number, tell: Tell): TierAuthor {
  const author = new TierAuthor({ engine: { name: 'bpf', reason: 'test' } });
  author.arrive(0, someone(10));
  author.set(0, { rss: MIB });
  for (let tick = 0; tick < ticks; tick++) {
    tell(author, tick);
    author.sweep();
  }
  return author;
}

interface Asked {
  readonly since?: number;
  readonly vsize?: number;
  readonly growth?: GrowthLine;
  readonly cgroupId?: number;
}

function limitsAt(author: TierAuthor, tick: number, { since = 0, vsize = n, growth, cgroupId = n }: Asked = {}) {
  using recording = author.open();
  const numbers = { ...Object.fromEntries(WHY_NUMBERS.map((name) => [name, n])), vsize } as WhyNumbers;
  const span = { sinceNs: unixOf(since), atNs: unixOf(tick) };
  return recordedLimits(recording, recording.processes()[0]!, span, numbers, growth, cgroupId);
}

const tell = (author: TierAuthor, event: TideEvent) => author.writer.event(author.nowNs, event);
const limitOf = (author: TierAuthor, more: object) => tell(author, { type: 'processLimit', ...WHO, ...more });
const names = (lines: readonly LimitLine[]) => lines.map(({ kind, path }) => [kind, path]);
const within = (seconds: number, low: unknown = seconds, high: unknown = seconds) => {
  return { state: 'in', seconds: near(seconds), low: near(low), high: near(high) };
};
const near = (value: unknown) => (typeof value === 'number' ? expect.closeTo(value, 6) : value);

describe('a range', () => {
  it('is cut into two hundred stretches, and one of them into its points', () => {
    const span = { sinceNs: 1000n, atNs: 3001n };
    expect(evenRange(span)).toEqual({ from: 1000n, to: 3001n, every: 10n, agg: 'last' });
    expect(evenRange(span, 'max')).toEqual({ from: 1000n, to: 3001n, every: 10n, agg: 'max' });
    expect(stretchOf(evenRange(span, 'max'), 1010n)).toEqual({ from: 1010n, to: 1019n, agg: 'max' });
    expect(stretchOf(evenRange(span), 990n)).toEqual({ from: 1000n, to: 999n, agg: 'last' });
    expect(stretchOf(evenRange(span), 3000n)).toEqual({ from: 3000n, to: 3001n, agg: 'last' });
  });

  it('that is too short for that is left as it is', () => {
    expect(evenRange({ sinceNs: 5n, atNs: 204n })).toEqual({ from: 5n, to: 204n });
    expect(evenRange({ sinceNs: 5n, atNs: 205n })).toMatchObject({ every: 1n });
    expect(stretchOf(evenRange({ sinceNs: 5n, atNs: 204n }), 7n)).toEqual({ from: 7n, to: 7n });
  });
});

describe('its own limits', () => {
  const author = recorded(41, (one, tick) => {
    if (tick === 0) limitOf(one, { addressSpace: 1, data: 1 });
    if (tick === 10) limitOf(one, { addressSpace: 900 * MIB, data: 500 * MIB });
    if (tick === 11) tell(one, { type: 'processLimit', ...WHO, pid: 11, data: 2 });
    if (tick === 12) tell(one, { type: 'mark', name: 'not a limit', ...WHO });
    if (tick === 30) limitOf(one, { data: 400 * MIB });
    one.set(0, { vsize: (600 + tick) * MIB, dataSize: (100 + 2 * tick) * MIB });
  });

  it('are those of the last reading until then, with what is taken of them', () => {
    const [space, data, ...more] = limitsAt(author, 20, { vsize: 620 * MIB });
    expect(more).toEqual([]);
    expect(space).toMatchObject({ kind: 'address-space', limit: 900 * MIB, used: 620 * MIB });
    expect(space!.growth).toMatchObject({ first: 600 * MIB, last: 620 * MIB, points: 21, verdict: 'grows' });
    expect(space!.until).toEqual(within(280 / 10));
    expect(data).toMatchObject({ kind: 'data', limit: 500 * MIB, used: 140 * MIB });
    expect(data!.growth).toMatchObject({ first: 100 * MIB, last: 140 * MIB });
    expect(data!.until).toEqual(within(360 / 20));
    for (const line of [space, data]) expect(line).not.toHaveProperty('path');
  });

  it('are those that it has', () => {
    expect(limitsAt(author, 40)).toMatchObject([{ kind: 'data', limit: 400 * MIB, used: 180 * MIB }]);
    // Of the reading at the instant itself.
    expect(names(limitsAt(author, 30))).toEqual([['data', undefined]]);
    expect(names(limitsAt(author, 29))).toHaveLength(2);
  });

  it('are those of the span, and met when nothing is left', () => {
    const [space, data] = limitsAt(author, 29, { since: 20, vsize: 900 * MIB });
    expect(space).toMatchObject({ growth: { first: 620 * MIB, last: 629 * MIB }, until: { state: 'reached' } });
    expect(data).toMatchObject({ growth: { first: 140 * MIB, last: 158 * MIB } });
  });

  it('are not known to be near where nobody read what is taken', () => {
    const without = recorded(3, (one, tick) => {
      if (tick === 0) limitOf(one, { addressSpace: MIB, data: MIB });
    });
    expect(limitsAt(without, 2)).toEqual([
      { kind: 'address-space', limit: MIB, used: n, until: { state: 'unknown' } },
      { kind: 'data', limit: MIB, used: n, until: { state: 'unknown' } },
    ]);
  });

  it('are none where none was told', () => {
    expect(
      limitsAt(
        recorded(3, () => {}),
        2,
      ),
    ).toEqual([]);
  });
});

describe('the memory of the host', () => {
  it('is taken as its available memory goes', () => {
    const author = recorded(41, (one, tick) => {
      one.setHost({ hostMemTotal: 8000 * MIB, hostMemAvailable: (6000 - 3 * tick) * MIB });
      one.sweepHost(ALL);
    });
    const [host, ...more] = limitsAt(author, 20, { since: 10 });
    expect(more).toEqual([]);
    expect(host).toMatchObject({ kind: 'host', limit: 8000 * MIB, used: 2060 * MIB });
    expect(host!.growth).toMatchObject({ first: 2030 * MIB, last: 2060 * MIB, points: 11, verdict: 'grows' });
    expect(host!.until).toEqual(within(5940 / 30));
  });

  it('is no limit that is known where the host does not tell', () => {
    const half = (values: object) =>
      recorded(3, (one) => {
        one.setHost(values);
        one.sweepHost(ALL);
      });
    expect(limitsAt(half({ hostMemTotal: MIB }), 2)).toEqual([]);
    expect(limitsAt(half({ hostMemAvailable: MIB }), 2)).toEqual([]);
  });
});

describe('groups that were swept', () => {
  /** The process is in /a/b/c; the rows are /a, /a/b, /a/b/c, and two strangers. */
  function swept(values: readonly object[], ticks = 21, each: Tell = () => {}): TierAuthor {
    let rows: number[] = [];
    return recorded(ticks, (one, tick) => {
      if (tick === 0) {
        const groups = [
          group(70, '/a'),
          group(71, '/a/b'),
          group(72, '/a/b/c'),
          group(73, '/a/bb'),
          group(72, '/v1', 1),
        ];
        rows = groups.map((row) => one.writer.groups!.arrive(row));
      }
      each(one, tick);
      for (const [index, row] of rows.entries()) {
        one.setGroup(row, { cgroupMax: NONE, cgroupHigh: NONE, cgroupDepth: 2, ...values[index] });
      }
      one.sweepGroups();
    });
  }
  const STRANGERS = [{ cgroupMax: MIB }, { cgroupMax: MIB }];

  it('are those that it is in and that have a limit, the innermost first', () => {
    const author = swept([
      { cgroupMax: 100 * MIB, cgroupCurrent: 50 * MIB, cgroupPeak: 70 * MIB, cgroupOomKills: 0 },
      { cgroupCurrent: 40 * MIB },
      {
        cgroupHigh: 60 * MIB,
        cgroupMax: 80 * MIB,
        cgroupCurrent: 30 * MIB,
        cgroupActiveFile: 2 * MIB,
        cgroupInactiveFile: 3 * MIB,
      },
      ...STRANGERS,
    ]);
    const lines = limitsAt(author, 20, { cgroupId: 72 });
    expect(names(lines)).toEqual([
      ['group-max', '/a/b/c'],
      ['group-high', '/a/b/c'],
      ['group-max', '/a'],
    ]);
    const still = { verdict: 'steady', points: 21 };
    expect(lines).toMatchObject([
      { limit: 80 * MIB, used: 30 * MIB, cache: 5 * MIB, growth: still, until: { state: 'not-at-this-rate' } },
      { limit: 60 * MIB, used: 30 * MIB, cache: 5 * MIB },
      { limit: 100 * MIB, used: 50 * MIB, peak: 70 * MIB, oomKills: 0 },
    ]);
    for (const name of ['peak', 'oomKills', 'usedAgeNs', 'isGrowthOfProcess'])
      expect(lines[0]).not.toHaveProperty(name);
    for (const name of ['cache', 'usedAgeNs']) expect(lines[2]).not.toHaveProperty(name);
    expect(limitsAt(author, 20, { cgroupId: 99 })).toEqual([]);
    expect(limitsAt(author, 20)).toEqual([]);
  });

  it('are found by what the log of limits says before the number of the group', () => {
    const author = swept([{}, { cgroupMax: 9 * MIB, cgroupCurrent: MIB }, {}, ...STRANGERS], 9, (one, tick) => {
      if (tick === 3) limitOf(one, { group: '/a/b' });
      if (tick === 6) limitOf(one, { group: '/a' });
    });
    expect(names(limitsAt(author, 4, { cgroupId: 73 }))).toEqual([['group-max', '/a/b']]);
    expect(limitsAt(author, 7, { cgroupId: 73 })).toEqual([]);
  });

  it('move as what is charged to them', () => {
    const author = recorded(41, (one, tick) => {
      if (tick === 0) one.writer.groups!.arrive(group(70, '/a'));
      one.setGroup(0, { cgroupMax: 500 * MIB, cgroupHigh: NONE, cgroupCurrent: (100 + tick) * MIB, cgroupDepth: 2 });
      one.sweepGroups();
    });
    const [line] = limitsAt(author, 30, { since: 10, cgroupId: 70, growth: GROWS });
    expect(line).toMatchObject({ used: 130 * MIB, growth: { first: 110 * MIB, last: 130 * MIB, points: 21 } });
    expect(line!.until).toEqual(within(370 / 10));
  });

  it('have no peak below what is taken, and no cache of which a half is not known', () => {
    const half = { cgroupMax: 9 * MIB, cgroupPeak: 2 * MIB };
    const rows = [{ ...half, cgroupCurrent: 4 * MIB, cgroupActiveFile: 1 }, half, { ...half, cgroupInactiveFile: 1 }];
    const lines = limitsAt(swept([...rows, ...STRANGERS]), 20, { cgroupId: 72 });
    expect(lines.map(({ peak, used }) => [peak, used])).toEqual([
      [2 * MIB, n],
      [2 * MIB, n],
      [4 * MIB, 4 * MIB],
    ]);
    for (const line of lines) expect(line).not.toHaveProperty('cache');
    expect(lines[0]).toMatchObject({ until: { state: 'unknown' } });
    expect(lines[0]).not.toHaveProperty('growth');
  });
});

describe('groups of the log', () => {
  /** Readings of /a by tick, each with more than what is charged, of a process that is in /a/b. */
  function logged(readings: Readonly<Record<number, object>>, ticks = 101): TierAuthor {
    return recorded(ticks, (one, tick) => {
      if (tick === 0) limitOf(one, { group: '/a/b' });
      if (tick === 1) tell(one, { type: 'groupLimit', path: '/a', source: 1, max: 1, current: 1 });
      if (tick === 1) tell(one, { type: 'groupLimit', path: '/b', max: 1, current: 1 });
      const reading = readings[tick];
      if (reading) tell(one, { type: 'groupLimit', path: '/a', ...reading });
    });
  }
  const first = { max: 900 * MIB, current: 50 * MIB };
  const last = { max: 300 * MIB, high: 200 * MIB, current: 100 * MIB, peak: 150 * MIB, oomKills: 7 };

  it('are told by the last reading, and move on as the process does', () => {
    const author = logged({ 5: first, 30: last, 90: first });
    const about = { path: '/a', used: 100 * MIB, usedAgeNs: 5n * SECOND, peak: 150 * MIB, oomKills: 7 };
    const [max, high, ...more] = limitsAt(author, 80, { growth: GROWS });
    expect(more).toEqual([]);
    // It has come to 120 MiB meanwhile.
    const of = { ...about, growth: GROWS, isGrowthOfProcess: true };
    expect(max).toEqual({ kind: 'group-max', limit: 300 * MIB, ...of, until: within(180 / 4, 180 / 8, 180 / 2) });
    expect(high).toEqual({ kind: 'group-high', limit: 200 * MIB, ...of, until: within(80 / 4, 80 / 8, 80 / 2) });
    const [early] = limitsAt(author, 29, { growth: GROWS });
    expect(early).toMatchObject({ limit: 900 * MIB, used: 50 * MIB, usedAgeNs: (24n * SECOND) / 10n });
    for (const name of ['peak', 'oomKills', 'cache']) expect(early).not.toHaveProperty(name);
    expect(limitsAt(author, 4, { growth: GROWS })).toEqual([]);
  });

  it('have not moved on where the process does not grow, or nobody knows', () => {
    const author = logged({ 30: last });
    const untilOf = (growth?: GrowthLine) => limitsAt(author, 80, growth ? { growth } : {})[0]!.until;
    expect(untilOf({ ...GROWS, verdict: 'too-short' })).toEqual(within(200 / 4, 200 / 8, 200 / 2));
    expect(untilOf({ ...GROWS, verdict: 'steady' })).toEqual({ state: 'not-at-this-rate' });
    expect(untilOf()).toEqual({ state: 'unknown' });
    expect(limitsAt(author, 80)[0]).not.toHaveProperty('growth');
    expect(limitsAt(author, 80)[0]).not.toHaveProperty('isGrowthOfProcess');
  });

  it('move by themselves where they were read often enough', () => {
    /** 10 MiB a second, a second apart. */
    const course = (count: number) => {
      const at = (tick: number) => [tick, { max: 300 * MIB, current: (100 + tick) * MIB }] as const;
      return Object.fromEntries(Array.from({ length: count }, (_, index) => at(10 * index)));
    };
    const [line] = limitsAt(logged(course(8)), 80, { growth: GROWS });
    expect(line).toMatchObject({ used: 170 * MIB, usedAgeNs: SECOND, growth: { points: 8, first: 100 * MIB } });
    expect(line).not.toHaveProperty('isGrowthOfProcess');
    expect(line!.until).toEqual(within((300 - 180) / 10));
    const ofProcess = { growth: GROWS, isGrowthOfProcess: true };
    expect(limitsAt(logged(course(7)), 80, { growth: GROWS })).toMatchObject([ofProcess]);
    // The first of them is before the span.
    expect(limitsAt(logged(course(8)), 80, { growth: GROWS, since: 1 })).toMatchObject([ofProcess]);
    const unread = { ...course(8), 20: { max: 300 * MIB } };
    expect(limitsAt(logged(unread), 80, { growth: GROWS })).toMatchObject([ofProcess]);
  });

  it('have nothing taken where that was not read, and are none without a limit', () => {
    const [line, ...more] = limitsAt(logged({ 5: { high: MIB } }), 10, { growth: GROWS });
    expect(more).toEqual([]);
    expect(line).toMatchObject({ kind: 'group-high', used: n, until: { state: 'unknown' } });
    expect(limitsAt(logged({ 5: { current: MIB } }), 10)).toEqual([]);
  });

  it('stand in for those of a sweep that has no limits', () => {
    const author = recorded(21, (one, tick) => {
      if (tick === 0) one.writer.groups!.arrive(group(70, '/a'));
      if (tick === 0) limitOf(one, { group: '/a' });
      if (tick === 0) tell(one, { type: 'groupLimit', path: '/a', max: 5 * MIB, current: MIB });
      const limit = tick < 10 ? n : 7 * MIB;
      one.setGroup(0, { cgroupMax: limit, cgroupHigh: n, cgroupCurrent: 2 * MIB, cgroupDepth: 2 }, Status.ok);
      one.sweepGroups();
    });
    expect(limitsAt(author, 9)).toMatchObject([{ limit: 5 * MIB, used: MIB }]);
    expect(limitsAt(author, 15)).toMatchObject([{ limit: 7 * MIB, used: 2 * MIB }]);
  });
});
