import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HOLD_COLUMNS, ROLLUP_COLUMNS, Status } from '../../src/schema.js';
import { endChildren, procText, startChild, startStopped, startZombie, stopChild } from './commands.js';
import {
  attachAll,
  closeEngines,
  ENGINES,
  emptyRow,
  engineOn,
  rollupColumns,
  rowOf,
  sweepRollup,
  TREE_ENGINES,
} from './engines.js';
import { FakeProcfs, PF_KTHREAD, ROLLUP_HEAD, smapsRecord } from './fake-procfs.js';

/** The kernel's key of each column; `uss` is the sum of two. */
const KEYS: Record<string, string> = {
  pss: 'Pss',
  pssAnon: 'Pss_Anon',
  pssFile: 'Pss_File',
  pssShmem: 'Pss_Shmem',
  pssDirty: 'Pss_Dirty',
  ussHugetlb: 'Private_Hugetlb',
  swap: 'Swap',
  swapPss: 'SwapPss',
  referenced: 'Referenced',
  anonHugePages: 'AnonHugePages',
  locked: 'Locked',
};

/** The columns of a rollup text but the hold, worked out here line by line. */
function expectedColumns(text: string): Record<string, number> {
  const kilobytes = new Map(
    [...text.matchAll(/^(\w+): +(\d+) kB$/gm)].map((line) => [line[1]!, Number(line[2]) * 1024]),
  );
  const of = (key: string) => kilobytes.get(key) ?? Number.NaN;
  return {
    ...Object.fromEntries(Object.entries(KEYS).map(([column, key]) => [column, of(key)])),
    uss: of('Private_Clean') + of('Private_Dirty'),
  };
}

/** As the kernel tells them of a process. */
function scoresOf(pid: number): number[] {
  return ['oom_score', 'oom_score_adj'].map((name) => Number(procText(pid, name)));
}

/** What would be cut: the fields behind it would seem to be absent. */
const MANY_FIELDS = smapsRecord(ROLLUP_HEAD, {
  ...Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`New${index}`, index])),
  Pss: 4,
});

afterEach(closeEngines);

describe('the rollup of live processes', () => {
  let pids: number[];
  let zombie: number;
  beforeAll(async () => {
    const script =
      'b = bytearray(24 << 20)\nb[::4096] = bytes(len(b) // 4096)\nprint(flush=True)\nimport time; time.sleep(1000)';
    const large = await startChild('python3', ['-c', script]);
    await new Promise((resolve) => large.stdout!.once('data', resolve));
    await stopChild(large);
    writeFileSync(`/proc/${large.pid}/oom_score_adj`, '300');
    pids = [(await startStopped()).pid, large.pid];
    zombie = await startZombie();
  });
  afterAll(endChildren);

  it.each(ENGINES)('is what the kernel writes, with the %s engine', (name) => {
    const engine = engineOn(name);
    const slots = attachAll(engine, pids);
    // The share of a file page moves whenever anybody else maps it: then both texts and rows are read again.
    for (let attempt = 0; ; attempt++) {
      const before = pids.map((pid) => procText(pid, 'smaps_rollup'));
      const rows = sweepRollup(engine, slots);
      if (pids.some((pid, index) => procText(pid, 'smaps_rollup') !== before[index])) {
        expect(attempt).toBeLessThan(200);
        continue;
      }
      rows.forEach((row, index) => {
        const { rollupHold, rollupHeld, rollupDuration, rollupPaced, ...others } = row;
        const { sharedPartPpm, sharedPartErrorPpm, oomScore, oomScoreAdj, ...columns } = others;
        expect([oomScore, oomScoreAdj]).toEqual(scoresOf(pids[index]!));
        expect([rollupHeld, rollupDuration, rollupPaced]).toEqual([rollupHold, rollupHold, 0]);
        expect([sharedPartPpm, sharedPartErrorPpm]).toEqual([Number.NaN, Number.NaN]);
        expect(columns).toEqual({ ...expectedColumns(before[index]!), status: 'ok' });
        expect(rollupHold).toBeGreaterThan(0);
      });
      expect(rows[1]!.uss).toBeGreaterThan(24 << 20);
      expect(rows[1]!.oomScoreAdj).toBe(300);
      return;
    }
  });

  it.each(ENGINES)('is absent for a process without memory, with the %s engine', (name) => {
    const engine = engineOn(name);
    expect(sweepRollup(engine, attachAll(engine, [zombie]))).toEqual([emptyRow(ROLLUP_COLUMNS, 'no-mm')]);
  });

  it.each(ENGINES)('stops when its time has passed, with the %s engine', (name) => {
    const engine = engineOn(name);
    const all = Array.from({ length: 60 }, (_, index) => pids[index % 2]!);
    const slots = attachAll(engine, all);
    const columns = rollupColumns();
    columns.values.fill(-1);
    columns.status.fill(77);
    expect(engine.sweepRollup(slots, 60, columns, 1n)).toBe(0);
    expect(engine.sweepRollup(slots, 60, columns, process.hrtime.bigint())).toBe(0);
    expect([...columns.status]).toEqual(Array(columns.stride).fill(77));
    // Each round is given a little more time; rows that were not read are as they were, and stand behind the others.
    let done = 0;
    for (let nanoseconds = 50_000n; done < 60; nanoseconds += nanoseconds / 2n) {
      columns.values.fill(-1);
      columns.status.fill(77);
      const stopNs = process.hrtime.bigint() + nanoseconds;
      done = engine.sweepRollup(slots, 60, columns, stopNs);
      if (done < 60) expect(engine.times[1]).toBeGreaterThanOrEqual(stopNs);
      expect(Array.from(slots, (slot) => columns.status[slot])).toEqual([
        ...Array(done).fill(Status.ok),
        ...Array(60 - done).fill(77),
      ]);
      expect([...slots].sort((a, b) => a - b)).toEqual([...all.keys()]);
      for (const slot of slots.subarray(done)) expect(columns.columns[0]![slot]).toBe(-1);
    }
    expect(engine.sweepRollup(slots, 60, columns, 0n)).toBe(60);
    expect(engine.sweepRollup(slots, 0, columns, 0n)).toBe(0);
  });
});

describe.each(TREE_ENGINES)('the rollup of a tree with the %s engine', (name) => {
  let tree: FakeProcfs;
  beforeEach(() => {
    tree = new FakeProcfs();
    tree.add(7);
  });
  afterEach(() => tree.destroy());
  const rowOfTree = () => {
    const engine = engineOn(name, { root: tree.root });
    return sweepRollup(engine, attachAll(engine, [7]))[0]!;
  };

  it('has the fields that its kernel writes, and no others', () => {
    const text = smapsRecord(ROLLUP_HEAD, { Rss: 900, Pss: 400, Private_Clean: 30, Private_Dirty: 4, Swap: 0 });
    tree.write(7, 'smaps_rollup', text);
    const { rollupHold, ...row } = rowOfTree();
    const columns = Object.fromEntries(Object.entries(row).filter(([name]) => !HOLD_COLUMNS.includes(name)));
    // A tree may lack the files beside it.
    const scores = { oomScore: Number.NaN, oomScoreAdj: Number.NaN };
    expect(columns).toEqual({ ...expectedColumns(text), ...scores, status: 'ok' });
    expect(columns).toMatchObject({ pss: 409_600, uss: 34 * 1024, swap: 0, pssAnon: Number.NaN });
    expect(rollupHold).toBeGreaterThan(0);
  });

  it('has the scores of its process, and none that is no number', () => {
    tree.write(7, 'smaps_rollup', smapsRecord(ROLLUP_HEAD, { Pss: 4 }));
    tree.write(7, 'oom_score', '1334\n');
    tree.write(7, 'oom_score_adj', '-1000\n');
    expect(rowOfTree()).toMatchObject({ status: 'ok', oomScore: 1334, oomScoreAdj: -1000 });
    tree.write(7, 'oom_score', 'none\n');
    tree.write(7, 'oom_score_adj', '');
    expect(rowOfTree()).toMatchObject({ status: 'ok', oomScore: Number.NaN, oomScoreAdj: Number.NaN });
  });

  it('has all fields beside many that are not known', () => {
    const unknown = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`New${index}`, index]));
    tree.write(7, 'smaps_rollup', smapsRecord(ROLLUP_HEAD, { Rss: 9, ...unknown, Pss: 4, Swap: 1 }));
    expect(rowOfTree()).toMatchObject({ status: 'ok', pss: 4096, swap: 1024 });
  });

  it.each([
    ['a kernel without it', undefined, 'unsupported'],
    ['an empty one', '', 'no-mm'],
    ['garbage', 'what is this\n', 'unsupported'],
    ['more than 24 fields that are not known', MANY_FIELDS, 'unsupported'],
    ['two records', smapsRecord(ROLLUP_HEAD, { Pss: 1 }).repeat(2), 'unsupported'],
    ['fields of nothing', 'Rss: 4 kB\nPss: 4 kB\n', 'unsupported'],
  ])('is absent given %s', (_what, text, status) => {
    if (text !== undefined) tree.write(7, 'smaps_rollup', text);
    expect(rowOfTree()).toEqual(emptyRow(ROLLUP_COLUMNS, status));
  });

  it('is not read of a kernel thread', () => {
    tree.add(7, { flags: PF_KTHREAD });
    tree.write(7, 'smaps_rollup', smapsRecord(ROLLUP_HEAD, { Pss: 400 }));
    expect(rowOfTree()).toEqual(emptyRow(ROLLUP_COLUMNS, 'no-mm'));
  });

  it.each([
    ['cannot be read', 'what is this\n', 'unsupported'],
    ['has gone', undefined, 'gone'],
  ])('is absent when stat %s', (_what, text, status) => {
    tree.write(7, 'smaps_rollup', smapsRecord(ROLLUP_HEAD, { Pss: 400 }));
    const engine = engineOn(name, { root: tree.root, maxKept: 0 });
    const slots = attachAll(engine, [7]);
    const columns = rollupColumns();
    expect(sweepRollup(engine, slots, columns)[0]!.status).toBe('ok');
    if (text === undefined) tree.remove(7, 'stat');
    else tree.write(7, 'stat', text);
    expect(sweepRollup(engine, slots, columns)[0]).toEqual(emptyRow(ROLLUP_COLUMNS, status));
    tree.remove(7, 'smaps_rollup');
    expect(sweepRollup(engine, slots, columns)[0]).toEqual(emptyRow(ROLLUP_COLUMNS, status));
  });

  it('never shows the last process of a slot', () => {
    tree.write(7, 'smaps_rollup', smapsRecord(ROLLUP_HEAD, { Pss: 400 }));
    tree.add(8);
    const engine = engineOn(name, { root: tree.root });
    const columns = rollupColumns();
    for (const next of [8, 9, 0]) {
      engine.attach(0, 7);
      expect(sweepRollup(engine, Uint32Array.of(0), columns)[0]!.pss).toBe(409_600);
      if (next > 0) engine.attach(0, next);
      else engine.detach(0);
      sweepRollup(engine, Uint32Array.of(0), columns);
      expect(rowOf(columns, 0)).toEqual(emptyRow(ROLLUP_COLUMNS, next === 8 ? 'unsupported' : 'gone'));
    }
  });
});
