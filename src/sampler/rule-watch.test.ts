import { describe, expect, it } from 'vitest';
import { TierColumns } from '../engine/tier-columns.js';
import type { TideEvent } from '../recording/events.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, Status } from '../schema.js';
import type { LimitLog } from './limit-log.js';
import { ProcessTable } from './process-table.js';
import { type Firing, MOST_AT_ONCE, RuleWatch } from './rule-watch.js';
import { parseRule } from './rules.js';

const SECOND = 1e9;

/** Processes whose values a test sets, and what was to be acted upon. */
class Watched {
  readonly table = new ProcessTable(4096);
  readonly counters = new TierColumns(COUNTER_COLUMNS, 4096);
  readonly rollups = new TierColumns(ROLLUP_COLUMNS, 8);
  readonly fired: Firing[] = [];
  watch: RuleWatch;
  nowNs = 1e12;

  constructor(
    rules: readonly string[],
    processes: number,
    private readonly everyMs = 60_000,
    private readonly limits: Partial<LimitLog> = {},
  ) {
    this.watch = this.#watchOf(rules);
    for (let slot = 0; slot < processes; slot++) this.arrive(slot, 1000 + slot);
  }

  change(rules: readonly string[]): void {
    this.watch = this.#watchOf(rules, this.watch);
  }

  #watchOf(rules: readonly string[], before?: RuleWatch): RuleWatch {
    const watched = rules.map((text) => ({ ...parseRule(text), everyNs: this.everyMs * 1e6 }));
    const fire = (firings: readonly Firing[]) => void this.fired.push(...firings);
    return new RuleWatch(watched, this.table, this.limits as LimitLog, fire, before);
  }

  arrive(slot: number, pid: number): void {
    const identity = { pid, startTicks: pid, parentPid: 1, kernelThread: false, comm: Buffer.from(`p${pid}`) };
    this.table.bind(slot, identity);
    this.table.refresh();
    this.counters.clear(slot);
    this.watch.arrived(slot);
  }

  set(name: string, slot: number, value: number): void {
    const columns = COUNTER_COLUMNS.includes(name) ? this.counters : this.rollups;
    columns.columns[columns.names.indexOf(name)]![slot] = value;
  }

  tick(ns = 0.1 * SECOND): Firing[] {
    this.nowNs += ns;
    const before = this.fired.length;
    this.watch.look(BigInt(this.nowNs), this.counters, this.rollups);
    return this.fired.slice(before);
  }

  suppressed(): TideEvent[] {
    const events: TideEvent[] = [];
    this.watch.close(0n, { event: (_: bigint, event: TideEvent) => events.push(event) } as unknown as RecordingWriter);
    return events;
  }
}

describe('a rule fires', () => {
  it('when it becomes true, and again once it has been false', () => {
    const watched = new Watched(['rss>1000B'], 2, 0);
    watched.set('rss', 0, 1000);
    expect(watched.tick()).toEqual([]);
    watched.set('rss', 0, 1001);
    expect(watched.tick()).toMatchObject([
      { rule: 0, pid: 1000, startTicks: 1000, comm: 'p1000', comparison: 0, value: 1001 },
    ]);
    watched.set('rss', 0, 5000);
    expect(watched.tick()).toEqual([]);
    watched.set('rss', 0, 900);
    expect(watched.tick()).toEqual([]);
    watched.set('rss', 0, 2000);
    watched.watch.ended();
    expect(watched.tick()).toMatchObject([{ value: 2000 }]);
  });

  it('for one of its alternatives, told by which', () => {
    const watched = new Watched(['rss>1000B|threads>=3|pss>10B'], 1);
    watched.set('rss', 0, 10);
    watched.set('threads', 0, 3);
    expect(watched.tick()).toMatchObject([{ comparison: 1, value: 3 }]);
  });

  it('on no value that was not measured, which arms nothing either', () => {
    const watched = new Watched(['rss<1000B', 'pss>10B'], 10, 0);
    expect(watched.tick()).toEqual([]);
    watched.set('pss', 3, 11);
    expect(watched.tick()).toMatchObject([{ rule: 1, pid: 1003 }]);
    watched.set('pss', 3, Number.NaN);
    watched.tick();
    watched.set('pss', 3, 11);
    expect(watched.tick()).toEqual([]);
    // A row that was denied holds what was read before.
    watched.set('rss', 4, 10);
    watched.counters.status[4] = Status.denied;
    watched.set('pss', 5, 11);
    watched.rollups.status[5] = Status.timeout;
    expect(watched.tick()).toEqual([]);
  });

  it('for the next process of a slot', () => {
    const watched = new Watched(['rss>1000B'], 1);
    watched.set('rss', 0, 2000);
    expect(watched.tick()).toHaveLength(1);
    watched.table.release(0);
    watched.arrive(0, 2000);
    watched.set('rss', 0, 2000);
    expect(watched.tick()).toMatchObject([{ pid: 2000 }]);
  });
});

describe('what is not acted upon', () => {
  it('is a process that just was, and is counted', () => {
    const watched = new Watched(['rss>1000B'], 1, 1000);
    const cross = (ns: number) => {
      watched.set('rss', 0, 0);
      watched.tick(1);
      watched.set('rss', 0, 2000);
      return watched.tick(ns).length;
    };
    expect([cross(1), cross(0.5 * SECOND), cross(0.4 * SECOND), cross(0.2 * SECOND)]).toEqual([1, 0, 0, 1]);
    expect(watched.suppressed()).toEqual([
      {
        type: 'mark',
        name: 'rss>1000B: 2 times not acted upon',
        action: { rule: 'rss>1000B', state: 'suppressed', fired: 2, tooSoon: 2, tooMany: 0 },
      },
    ]);
  });

  it('is more at once than there may be, until one has ended', () => {
    const watched = new Watched(['rss>1000B', 'threads>0'], 2000);
    for (let slot = 0; slot < 1999; slot++) watched.set('rss', slot, 2000);
    expect(watched.tick()).toHaveLength(MOST_AT_ONCE);
    watched.set('rss', 1999, 2000);
    watched.watch.ended();
    expect(watched.tick()).toMatchObject([{ pid: 2999 }]);
    expect(watched.suppressed()).toMatchObject([{ action: { fired: MOST_AT_ONCE + 1, tooMany: 1999 - MOST_AT_ONCE } }]);
  });
});

describe('growth', () => {
  const grown = (bytesAt: (second: number) => number, seconds: number) => {
    const watched = new Watched(['growth>1MiB/s'], 1);
    const out: [number, number][] = [];
    for (let second = 0; second < seconds; second++) {
      watched.set('rss', 0, bytesAt(second));
      for (const { value } of watched.tick(SECOND)) out.push([second, value]);
    }
    return out;
  };

  it('is the median slope of ten seconds', () => {
    expect(grown((second) => second * 2 * 2 ** 20, 30)).toEqual([[10, 2 * 2 ** 20]]);
    expect(grown((second) => second * 2 ** 19, 30)).toEqual([]);
  });

  it('is not one allocation at an end of them', () => {
    expect(grown((second) => (second > 20 ? 2 ** 30 : 0), 23)).toEqual([]);
  });
});

describe('the share of a limit', () => {
  const limitsOf = (known: Record<number, object>, shares: Record<string, number>): Partial<LimitLog> => ({
    limitsOf: (slot: number) => known[slot] as ReturnType<LimitLog['limitsOf']>,
    shareOf: (path: string) => shares[path]!,
  });

  it('is that of the nearest one, and a group is told of its largest member', () => {
    const known = {
      0: { addressSpace: 1000, groups: [] },
      1: { groups: ['/a/b', '/a'] },
      2: { groups: ['/a'] },
      3: { data: 100, groups: ['/a'] },
    };
    const watched = new Watched(['limit>90%'], 5, 0, limitsOf(known, { '/a': 0.95, '/a/b': 0.1 }));
    watched.set('vsize', 0, 910);
    for (const [slot, rss] of [10, 20, 40, 30, 99].entries()) watched.set('rss', slot, rss);
    watched.set('dataSize', 3, 50);
    expect(watched.tick().map(({ pid, value }) => [pid, value])).toEqual([
      [1000, 0.91],
      [1002, 0.95],
    ]);
  });
});

describe('other rules', () => {
  it('take the place of those before, and one that goes on does not become true again', () => {
    const watched = new Watched(['rss>10B', 'threads>5'], 100, 0);
    watched.set('rss', 99, 20);
    expect(watched.tick().map(({ rule, pid }) => [rule, pid])).toEqual([[0, 1099]]);
    watched.change(['vsize>7B', 'rss>10B']);
    watched.set('vsize', 98, 8);
    watched.set('threads', 3, 9);
    expect(watched.tick().map(({ rule, pid }) => [rule, pid])).toEqual([[2, 1098]]);
    watched.set('rss', 99, 1);
    expect(watched.tick()).toEqual([]);
    watched.set('rss', 99, 20);
    // Those that were begun before count among the few that run at once.
    expect(watched.tick().map(({ rule }) => rule)).toEqual([3]);
    for (let slot = 0; slot < 4; slot++) watched.set('rss', slot, 20);
    expect(watched.tick()).toHaveLength(MOST_AT_ONCE - 3);
    watched.change([]);
    expect(watched.tick()).toEqual([]);
  });
});
