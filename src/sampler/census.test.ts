import { beforeEach, describe, expect, it } from 'vitest';
import type { Attached, Engine } from '../engine/engine.js';
import type { ProcessIdentity } from '../engine/identity.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import { Census } from './census.js';
import { ProcessTable } from './process-table.js';
import { isOpenEnded, plainTarget, Selector, type Target } from './target.js';

const SECOND = 1_000_000_000n;

/** A host: processes by pid, `denied` where only that is said of one. Counts what is asked of it. */
class FakeEngine {
  readonly processes = new Map<number, ProcessIdentity | 'denied'>();
  readonly bound = new Map<number, number>();
  last = 100;
  lists = 0;
  isBroken: boolean | string = false;
  attached: number[] = [];

  start(pid: number, startTicks: number, parentPid = 1, comm = 'x'): void {
    this.processes.set(pid, { pid, startTicks, parentPid, kernelThread: false, comm: Buffer.from(comm) });
    this.last = pid;
  }
  attach(slot: number, pid: number): Attached {
    this.attached.push(pid);
    const identity = this.processes.get(pid);
    this.bound.delete(slot);
    if (identity === undefined || identity === 'denied') return { status: identity ?? 'gone' };
    this.bound.set(slot, pid);
    return { status: 'ok', identity };
  }
  detach(slot: number): void {
    this.bound.delete(slot);
  }
  listPids(): Int32Array {
    this.lists++;
    if (this.isBroken) throw Object.assign(new Error('broken'), { code: this.isBroken });
    return Int32Array.from([...this.processes.keys()].sort((a, b) => a - b));
  }
  lastPid(): number {
    return this.last;
  }
}

/** A census of a fake host, whose clock is ahead of ours so that no listing counts as long. */
function censusOf(target: Target, maxSlots = 100, selector?: Selector, isTold?: () => boolean) {
  const engine = new FakeEngine();
  const table = new ProcessTable(maxSlots);
  const log: string[] = [];
  const arrivedSlots: number[] = [];
  const writer = {
    arrive: (_: bigint, slot: number, { pid, startTicks }: ProcessIdentity) =>
      log.push(`+${pid}:${startTicks}@${slot}`),
    depart: (_: bigint, slot: number, { pid, startTicks }: ProcessIdentity) =>
      log.push(`-${pid}:${startTicks}@${slot}`),
    dropped: (_: bigint, tier: string, reason: string, rows: number) => log.push(`drop ${tier} ${reason} ${rows}`),
  };
  const plain = plainTarget(target, 1);
  const census = new Census(
    engine as unknown as Engine,
    table,
    selector ?? new Selector(plain, '/nowhere'),
    writer as unknown as RecordingWriter,
    isOpenEnded(plain),
    (slot) => arrivedSlots.push(slot),
    undefined,
    undefined,
    isTold,
  );
  let nowNs = process.hrtime.bigint() + 1_000_000n * SECOND;
  return {
    engine,
    table,
    census,
    arrivedSlots,
    /** Looks after so many seconds; returns what was written since the last time. */
    look: (seconds = 0) => {
      nowNs += BigInt(Math.round(seconds * 1000)) * (SECOND / 1000n);
      census.look(nowNs);
      return log.splice(0);
    },
    /** After so many ticks: what is owed is written. */
    owed: (ticks: number) => {
      for (let tick = 0; tick < ticks; tick++) census.swept();
      census.settle(nowNs);
      return log.splice(0);
    },
    depart: (slot: number) => {
      engine.processes.delete(engine.bound.get(slot)!);
      census.depart(slot, nowNs);
      table.refresh();
      return log.splice(0);
    },
  };
}

describe('the census of a host', () => {
  let host: ReturnType<typeof censusOf>;
  beforeEach(() => {
    host = censusOf('host');
    host.engine.start(10, 1);
    host.engine.start(20, 2);
  });

  it('finds who is there, then arrivals, then departures', () => {
    expect(host.look()).toEqual(['+10:1@0', '+20:2@1']);
    host.engine.start(30, 3);
    expect(host.look(0.01)).toEqual(['+30:3@2']);
    expect(host.depart(1)).toEqual(['-20:2@1']);
    expect([...host.engine.bound]).toEqual([
      [0, 10],
      [2, 30],
    ]);
    expect([...host.table.live.subarray(0, host.table.count)]).toEqual([0, 2]);
    expect([host.census.mostLive, host.census.seen, host.arrivedSlots]).toEqual([3, 3, [0, 1, 2]]);
    host.engine.start(40, 4);
    expect(host.look(0.01)).toEqual(['+40:4@1']);
    expect([host.census.mostLive, host.census.seen]).toEqual([3, 4]);
  });

  it('lists only when a pid was given out, somebody departed, or a second has passed', () => {
    host.look();
    for (let tick = 0; tick < 99; tick++) host.look(0.01);
    expect(host.engine.lists).toBe(1);
    host.look(0.01);
    expect(host.engine.lists).toBe(2);
    host.engine.last++;
    host.look(0.01);
    host.look(0.01);
    expect(host.engine.lists).toBe(3);
    host.depart(0);
    host.look(0.01);
    host.look(0.01);
    expect(host.engine.lists).toBe(4);
  });

  it('lists after ten seconds where the kernel tells of who comes, and every second while somebody is not taken in', () => {
    const told = censusOf('host', 100, undefined, () => true);
    told.engine.start(10, 1);
    told.look();
    for (let tick = 0; tick < 999; tick++) told.look(0.01);
    expect(told.engine.lists).toBe(1);
    told.look(0.01);
    expect(told.engine.lists).toBe(2);
    told.engine.processes.set(30, 'denied');
    told.engine.last++;
    told.look(0.01);
    expect(told.engine.lists).toBe(3);
    for (let tick = 0; tick < 100; tick++) told.look(0.01);
    expect(told.engine.lists).toBe(4);
  });

  it('finds a new process under a pid that it knows', () => {
    host.look();
    host.depart(0);
    host.engine.start(10, 900);
    host.engine.last = 20;
    expect(host.look(0.01)).toEqual(['+10:900@0']);
    expect(host.census.seen).toBe(3);
  });

  it('does not rest longer than ten times what a listing takes', () => {
    const slow = censusOf('host');
    slow.look();
    slow.engine.start(30, 3);
    // A clock that is behind ours by a minute makes the next listing look as if it took that long.
    const behind = process.hrtime.bigint() - 60n * SECOND;
    const late = new Census(
      slow.engine as unknown as Engine,
      slow.table,
      new Selector(plainTarget('host', 1), '/nowhere'),
      { arrive: () => {} } as unknown as RecordingWriter,
      true,
      () => {},
    );
    late.look(behind);
    slow.engine.lists = 0;
    slow.engine.last++;
    late.look(behind + 599n * SECOND);
    expect(slow.engine.lists).toBe(0);
    late.look(behind + 700n * SECOND);
    expect(slow.engine.lists).toBe(1);
  });

  it('goes on when the processes cannot be listed, counts that, and looks again at the next tick', () => {
    expect(host.look()).toEqual(['+10:1@0', '+20:2@1']);
    host.engine.start(25, 5);
    host.engine.isBroken = true;
    expect(host.look(1)).toEqual([]);
    expect(host.owed(1)).toEqual(['drop counters not-listed 1']);
    host.engine.isBroken = false;
    expect(host.look(1)).toEqual(['+25:5@2']);
    expect(host.owed(1)).toEqual([]);
    host.engine.start(26, 6);
    host.engine.isBroken = 'ENOENT';
    expect(() => host.look(2)).toThrow('broken');
    const dark = censusOf('host');
    dark.engine.isBroken = true;
    expect(() => dark.look()).toThrow('broken');
  });

  it('counts a row at each tick for who cannot be read and for who finds no slot', () => {
    host.engine.processes.set(25, 'denied');
    expect(host.look()).toEqual(['+10:1@0', '+20:2@1']);
    expect(host.owed(3)).toEqual(['drop counters denied 3']);
    for (let second = 0; second < 20; second++) expect(host.look(1)).toEqual([]);
    expect(host.owed(2)).toEqual(['drop counters denied 2']);
    expect(host.owed(0)).toEqual([]);

    const small = censusOf('host', 2);
    for (const pid of [10, 20, 30, 40]) small.engine.start(pid, pid);
    expect(small.look()).toEqual(['+10:10@0', '+20:20@1']);
    expect(small.owed(5)).toEqual(['drop counters no-slot 10']);
    // A slot that is free again goes to one of them, within the six seconds after which it is looked at again.
    expect(small.depart(0)).toEqual(['-10:10@0']);
    for (let second = 0; second < 20; second++) small.look(1);
    expect(small.census.seen).toBe(3);
    expect(small.owed(1)).toEqual(['drop counters no-slot 1']);
  });

  it('does not count who has gone before it could be read', () => {
    host.look();
    host.engine.start(30, 3);
    const list = host.engine.listPids.bind(host.engine);
    host.engine.listPids = () => Int32Array.from([...list(), 31]);
    expect(host.look(0.01)).toEqual(['+30:3@2']);
  });
});

describe('the census of some pids', () => {
  it('looks once, and takes nobody else in', () => {
    const some = censusOf({ pids: [10, 30] });
    some.engine.start(10, 1);
    some.engine.start(20, 2);
    expect(some.look()).toEqual(['+10:1@0']);
    some.engine.start(30, 3);
    for (let second = 0; second < 10; second++) expect(some.look(1)).toEqual([]);
    expect(some.engine.lists).toBe(1);
    some.depart(0);
    some.engine.start(10, 9);
    expect(some.look(1)).toEqual([]);
    expect([...some.engine.bound]).toEqual([]);
  });
});

describe('the census of a tree', () => {
  it('finds descendants whatever the order of their pids', () => {
    const tree = censusOf({ tree: 50 });
    tree.engine.start(1, 1, 0);
    tree.engine.start(50, 10);
    tree.engine.start(40, 20, 50);
    tree.engine.start(30, 30, 40);
    tree.engine.start(20, 40, 30);
    tree.engine.start(10, 50, 1);
    expect(tree.look()).toEqual(['+50:10@0', '+40:20@1', '+30:30@2', '+20:40@3']);
    tree.engine.start(5, 60, 20);
    expect(tree.look(0.01)).toEqual(['+5:60@4']);
    expect([...tree.engine.bound.values()]).toEqual([50, 40, 30, 20, 5]);
  });

  it('goes on for ever neither with a parent nor with a pid that fooled it', () => {
    const tree = censusOf({ tree: 50 });
    tree.engine.start(50, 10);
    // Its parent is younger than itself: a reused pid.
    tree.engine.start(60, 5, 50);
    expect(tree.look()).toEqual(['+50:10@0']);
    expect(tree.look(1)).toEqual([]);
  });
});

describe('the census of a match', () => {
  const match: Target = { match: /^wanted$/, on: 'comm' };

  it('looks at a young process again at each listing, so that an exec is not missed', () => {
    const some = censusOf(match);
    some.look();
    some.engine.start(10, 1, 1, 'sh');
    expect(some.look(0.01)).toEqual([]);
    some.engine.start(10, 1, 1, 'wanted');
    some.engine.last++;
    expect(some.look(0.5)).toEqual(['+10:1@0']);
  });

  it('counts the rows of one that could not be read for once, and looks again at the next tick', () => {
    const answers = ['unread', 'unread', true] as const;
    let asked = 0;
    const selector = { mayAccept: () => true, accepts: () => answers[asked++]! } as unknown as Selector;
    const some = censusOf(match, 100, selector);
    some.engine.start(10, 1);
    expect(some.look()).toEqual([]);
    expect(some.owed(1)).toEqual(['drop counters unread 1']);
    // Once: one that never answers must not have all listed at each tick.
    expect([0.01, 0.01, 0.01].flatMap((seconds) => some.look(seconds))).toEqual([]);
    expect(asked).toBe(2);
    expect(some.look(1)).toEqual(['+10:1@0']);
    expect(some.owed(1)).toEqual([]);
  });

  it('looks at an old one every five seconds', () => {
    const some = censusOf(match);
    some.engine.start(10, 1, 1, 'sh');
    for (let second = 0; second < 4; second++) some.look(1);
    some.engine.attached = [];
    for (let second = 0; second < 20; second++) some.look(1);
    expect(some.engine.attached.length).toBeGreaterThanOrEqual(3);
    expect(some.engine.attached.length).toBeLessThanOrEqual(5);
    some.engine.start(10, 1, 1, 'wanted');
    expect([1, 2, 3, 4, 5, 6].flatMap(() => some.look(1))).toEqual(['+10:1@0']);
  });

  it('forgets an unwanted one that has gone: the next with its pid is young', () => {
    const some = censusOf(match);
    some.engine.start(10, 1, 1, 'sh');
    for (let second = 0; second < 4; second++) some.look(1);
    some.engine.processes.delete(10);
    some.look(1);
    some.engine.start(10, 9, 1, 'wanted');
    expect(some.look(0.01)).toEqual([]);
    some.engine.last++;
    expect(some.look(0.01)).toEqual(['+10:9@0']);
  });

  it('keeps one that is no longer called so', () => {
    const some = censusOf(match);
    some.engine.start(10, 1, 1, 'wanted');
    expect(some.look()).toEqual(['+10:1@0']);
    some.engine.start(10, 1, 1, 'other');
    expect(some.look(10)).toEqual([]);
    expect(some.table.has(10)).toBe(true);
  });
});
