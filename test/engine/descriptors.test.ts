import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runScript } from './commands.js';
import { attachAll, closeEngines, counterColumns, engineOn, sweep, sweepRollup, TREE_ENGINES } from './engines.js';
import { FakeProcfs, ROLLUP_HEAD, smapsRecord } from './fake-procfs.js';

const tree = new FakeProcfs();
const PIDS = Array.from({ length: 300 }, (_, index) => index + 1);
beforeAll(() => {
  tree.loadavg(300);
  for (const pid of PIDS) {
    tree.add(pid, { minorFaults: pid });
    tree.write(pid, 'smaps_rollup', smapsRecord(ROLLUP_HEAD, { Rss: 8, Pss: 4 }));
  }
});
afterEach(closeEngines);
afterAll(() => tree.destroy());

const openDescriptors = () => readdirSync('/proc/self/fd').length;

describe.each(TREE_ENGINES)('descriptors of the %s engine', (name) => {
  it('are as many as it may keep, and the values are the same with any number', () => {
    for (const maxKept of [0, 1, 2, 7, 400, 10_000]) {
      const engine = engineOn(name, { root: tree.root, maxKept });
      const slots = attachAll(engine, PIDS);
      for (let round = 0; round < 2; round++) {
        const rows = sweep(engine, slots, counterColumns(300));
        expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['ok']));
        expect(rows.map(({ minorFaults }) => minorFaults)).toEqual(PIDS);
        expect(engine.kept()).toBe(Math.min(maxKept, 600));
      }
    }
  });

  it('are all given back by close, and none by detach of another', () => {
    const before = openDescriptors();
    const engine = engineOn(name, { root: tree.root });
    const slots = attachAll(engine, PIDS);
    sweep(engine, slots, counterColumns(300));
    engine.listPids();
    engine.lastPid();
    for (const pid of [9999, 8888]) engine.attach(0, pid);
    engine.detach(5);
    expect(engine.kept()).toBe(596);
    expect(openDescriptors()).toBeGreaterThanOrEqual(before + 596);
    engine.close();
    expect(engine.kept()).toBe(0);
    expect(openDescriptors()).toBe(before);
    engine.close();
  });

  it('are given back when a process has gone, and its slot is bound anew', () => {
    const engine = engineOn(name, { root: tree.root });
    const before = openDescriptors();
    for (let round = 0; round < 50; round++) {
      sweep(engine, attachAll(engine, PIDS.slice(round, round + 2)));
      sweepRollup(engine, Uint32Array.of(0, 1));
    }
    expect(engine.kept()).toBe(4);
    expect(openDescriptors()).toBe(before + 4);
  });

  it('are closed to a program that we start', () => {
    const engine = engineOn(name, { root: tree.root });
    sweep(engine, attachAll(engine, PIDS), counterColumns(300));
    const script = `tell(fs.readdirSync('/proc/self/fd').flatMap((fd) => {
      try { return [fs.readlinkSync('/proc/self/fd/' + fd)]; } catch { return []; }
    }).filter((target) => target.startsWith(values.root)));`;
    expect(runScript(script, { root: tree.root })).toEqual([]);
  });

  it('are shared with a process that may open few', () => {
    const script = `
      const engine = openEngine(values.name, { root: values.root, host, maxKept: 100000 });
      const slots = Uint32Array.from({ length: 300 }, (_, slot) => slot);
      const attached = new Set();
      for (const slot of slots) attached.add(engine.attach(slot, slot + 1).status);
      const statuses = new Set();
      const [counters, rollup] = [new TierColumns(COUNTER_COLUMNS, 300), new TierColumns(ROLLUP_COLUMNS, 300)];
      const kept = [];
      const listed = [];
      for (let round = 0; round < 5; round++) {
        engine.sweepCounters(slots, 300, counters);
        engine.sweepRollup(slots, 300, rollup, 0n);
        for (const slot of slots) statuses.add(STATUSES[counters.status[slot]]).add(STATUSES[rollup.status[slot]]);
        kept.push(engine.kept());
        // Somebody else in this process takes what is left, as often as there is something.
        const others = [];
        try { for (;;) others.push(fs.openSync('/dev/null')); } catch {}
        engine.sweepCounters(slots, 300, counters);
        for (const slot of slots) statuses.add(STATUSES[counters.status[slot]]);
        listed.push(engine.listPids().length, engine.lastPid());
        for (const fd of others) fs.closeSync(fd);
      }
      const faults = slots.every((slot) => counters.columns[4][slot] === slot + 1);
      fs.closeSync(fs.openSync('/dev/null'));
      tell({ attached: [...attached], statuses: [...statuses], kept, faults, listed: [...new Set(listed)] });`;
    const result = runScript(script, { name, root: tree.root }, ['prlimit', '--nofile=64']) as { kept: number[] };
    expect(result).toMatchObject({ attached: ['ok'], statuses: ['ok'], faults: true, listed: [300] });
    expect(result.kept[0]).toBeGreaterThan(0);
    expect(result.kept[0]).toBeLessThan(64);
    expect(result.kept.at(-1)).toBeLessThan(result.kept[0]!);
  });

  it('that cannot be had at all make a row lost, and not gone', () => {
    const script = `
      const engine = openEngine(values.name, { root: values.root, host, maxKept: 0 });
      const slots = Uint32Array.of(0);
      const attached = [engine.attach(0, 1).status];
      const [counters, rollup] = [new TierColumns(COUNTER_COLUMNS, 8), new TierColumns(ROLLUP_COLUMNS, 8)];
      const mappings = new MappingSweep(8, 8);
      const others = [];
      try { for (;;) others.push(fs.openSync('/dev/null')); } catch {}
      attached.push(engine.attach(1, 2).status);
      engine.sweepCounters(slots, 1, counters);
      engine.sweepRollup(slots, 1, rollup, 0n);
      engine.sweepMappings(slots, 1, mappings, 0n);
      for (const fd of others) fs.closeSync(fd);
      const statuses = [counters, rollup, mappings].map(({ status }) => STATUSES[status[0]]);
      const values_ = [counters, rollup].some(({ columns }) => columns.some((column) => !Number.isNaN(column[0])));
      engine.sweepCounters(slots, 1, counters);
      tell({ attached, statuses, values: values_, after: STATUSES[counters.status[0]] });`;
    expect(runScript(script, { name, root: tree.root }, ['prlimit', '--nofile=64'])).toEqual({
      attached: ['ok', 'lost'],
      statuses: ['lost', 'lost', 'lost'],
      values: false,
      after: 'ok',
    });
  });
});
