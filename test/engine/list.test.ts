import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endChildren, runScript, startChild } from './commands.js';
import { closeEngines, ENGINES, engineOn, TREE_ENGINES } from './engines.js';
import { FakeProcfs } from './fake-procfs.js';

let tree: FakeProcfs;
beforeEach(() => {
  tree = new FakeProcfs();
});
afterEach(async () => {
  closeEngines();
  tree.destroy();
  await endChildren();
});

const ascending = (pids: Iterable<number>) => [...pids].sort((a, b) => a - b);

describe.each(ENGINES)('the list of this host with the %s engine', (name) => {
  it('has every process of this host once', async () => {
    const { pid } = await startChild('sleep', ['1000']);
    const engine = engineOn(name);
    const before = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
    const pids = ascending(engine.listPids());
    const after = new Set(readdirSync('/proc'));
    // Those that were there before and after were there in between.
    const expected = before.filter((entry) => after.has(entry)).map(Number);
    expect(pids).toEqual(expect.arrayContaining([1, process.pid, pid]));
    expect(expected.filter((entry) => !pids.includes(entry))).toEqual([]);
    expect(new Set(pids).size).toBe(pids.length);
    expect(pids.filter((entry) => !before.includes(String(entry)) && !after.has(String(entry)))).toEqual([]);
  });
});

describe.each(ENGINES)('the last pid of this host with the %s engine', (name) => {
  it('grows when a process starts', async () => {
    const engine = engineOn(name);
    const { pid } = await startChild('sleep', ['1000']);
    // Pids may wrap around, and others start processes too.
    expect(engine.lastPid()).toBeGreaterThan(0);
    expect(engine.lastPid() >= pid || engine.lastPid() < pid / 2).toBe(true);
  });
});

describe.each(TREE_ENGINES)('the list of the %s engine', (name) => {
  const listed = (engine = engineOn(name, { root: tree.root })) => ascending(engine.listPids());
  const folder = (entry: string) => mkdirSync(path.join(tree.root, entry));

  it('has only what is a pid', () => {
    for (const entry of ['1', '42', '2147483647', '0', '0123', '00', '1a', 'a1', '-1', '+1', '1.5', ' 1', '1 '])
      folder(entry);
    for (const entry of ['2147483648', '4294967297', '99999999999', '18446744073709551617', 'self', '١']) folder(entry);
    writeFileSync(path.join(tree.root, 'loadavg'), '');
    expect(listed()).toEqual([1, 42, 2147483647]);
  });

  it('is empty for a tree without a process', () => {
    expect(listed()).toEqual([]);
  });

  it('has more than it had room for, and fewer again', () => {
    const engine = engineOn(name, { root: tree.root });
    const pids = Array.from({ length: 5000 }, (_, index) => index + 1);
    for (const pid of pids) folder(String(pid));
    expect(listed(engine)).toEqual(pids);
    for (const pid of pids.slice(3)) rmSync(path.join(tree.root, String(pid)), { recursive: true });
    expect(listed(engine)).toEqual([1, 2, 3]);
    expect(engine.listPids()).toHaveLength(3);
  });

  it('fails with a clear error when the tree has been removed, and rows go on', () => {
    tree.add(7);
    tree.loadavg(9);
    const engine = engineOn(name, { root: tree.root });
    engine.attach(0, 7);
    tree.destroy();
    expect(() => engine.listPids()).toThrow(/ENOENT/);
    expect(engine.lastPid()).toBe(-1);
    expect(engine.attach(1, 7)).toEqual({ status: 'gone' });
  });

  it('does not fail for want of a descriptor while some are kept', () => {
    for (let pid = 1; pid <= 20; pid++) tree.add(pid);
    const script = `
      const engine = openEngine(values.name, { root: values.root, host, maxKept: 1000 });
      const slots = Uint32Array.from({ length: 20 }, (_, slot) => slot);
      for (const slot of slots) engine.attach(slot, slot + 1);
      engine.sweepCounters(slots, 20, new TierColumns(COUNTER_COLUMNS, 20));
      const kept = engine.kept();
      const others = [];
      try { for (;;) others.push(fs.openSync('/dev/null')); } catch {}
      const listed = engine.listPids().length;
      for (const fd of others) fs.closeSync(fd);
      tell({ kept, listed });`;
    expect(runScript(script, { name, root: tree.root }, ['prlimit', '--nofile=128'])).toEqual({ kept: 40, listed: 20 });
  });
});

describe.each(TREE_ENGINES)('the last pid of the %s engine', (name) => {
  it('is that of loadavg, read anew each time', () => {
    const engine = engineOn(name, { root: tree.root });
    expect(engine.lastPid()).toBe(-1);
    for (const pid of [1, 300, 4194304, 77]) {
      tree.loadavg(pid);
      expect(engine.lastPid()).toBe(pid);
    }
  });

  it.each(['', '-1', 'x', '12x', '1.5', '2147483648', '11811881811888188111'])(
    'is not known when loadavg ends with "%s"',
    (text) => {
      tree.loadavg(text);
      expect(engineOn(name, { root: tree.root }).lastPid()).toBe(-1);
    },
  );

  it.each(['', '\n', '\n\n\n', '12', ' '])('is not made up of another text, %j', (text) => {
    writeFileSync(path.join(tree.root, 'loadavg'), text);
    expect(engineOn(name, { root: tree.root }).lastPid()).toBe(text === '12' ? 12 : -1);
  });
});
