import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeGroup } from '../../test/fixtures/cgroups/trees.js';
import { memoryHierarchyOf } from '../procfs/memory-group.js';
import { CGROUP_COLUMNS, type CgroupMetricName, GroupDepth, Status } from '../schema.js';
import type { TextEngineName } from './engine.js';
import { GroupSweep } from './group-sweep.js';
import type { Group } from './group-tree.js';
import { TierColumns } from './tier-columns.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tidemark-group-sweep-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const groupAt = (name: string): Group => ({
  ...{ id: 1n, path: `/${name}`, folder: path.join(root, name) },
});

class Bench {
  readonly sweep: GroupSweep;
  readonly out = new TierColumns(CGROUP_COLUMNS, 600);
  constructor(version: 1 | 2, engine: TextEngineName, maxKept = 1000) {
    this.sweep = new GroupSweep(version, engine, maxKept);
  }
  read(depth: number, nowNs: number, ...slots: number[]): void {
    const depths = Uint8Array.from(slots, () => depth);
    this.sweep.read(Uint32Array.from(slots), depths, slots.length, nowNs, this.out);
  }
  value(slot: number, name: CgroupMetricName): number {
    return this.out.columns[CGROUP_COLUMNS.indexOf(name)]![slot]!;
  }
}

describe.each<TextEngineName>(['ts', 'native'])('the sweep over groups, %s', (engine) => {
  it.each([1, 2] as const)('of version %i reads as deep as it is told', (version) => {
    writeGroup(path.join(root, 'a'), version, { charge: 8192, max: 65536, inactiveFile: 4096, oomKills: 2 });
    const bench = new Bench(version, engine);
    bench.sweep.attach(3, groupAt('a'));
    bench.read(GroupDepth.charge, 1e9, 3);
    const values = () =>
      (['cgroupCurrent', 'cgroupAnon', 'cgroupInactiveFile', 'cgroupMax'] as const).map((name) => bench.value(3, name));
    expect(values()).toEqual([8192, Number.NaN, Number.NaN, Number.NaN]);
    bench.read(GroupDepth.moving, 2e9, 3);
    expect(values()).toEqual([8192, 4096, 4096, Number.NaN]);
    expect(bench.value(3, 'cgroupDepth')).toBe(1);
    bench.read(GroupDepth.whole, 3e9, 3);
    expect(values()).toEqual([8192, 4096, 4096, 65536]);
    expect(bench.value(3, 'cgroupOomKills')).toBe(2);
    expect(bench.out.status[3]).toBe(Status.ok);
    // What was not read keeps what it held, as the depth tells.
    writeGroup(path.join(root, 'a'), version, { charge: 16384, inactiveFile: 0 });
    bench.read(GroupDepth.charge, 4.5e9, 3);
    expect(values()).toEqual([16384, 4096, 4096, 65536]);
    expect(bench.value(3, 'cgroupDepth')).toBe(0);
    bench.read(GroupDepth.whole, 5e9, 3);
    expect(values()).toEqual([16384, 16384, 0, Number.POSITIVE_INFINITY]);
    bench.sweep.close();
  });

  it('leaves NaN where a kernel has no such file, and asks for it no more', () => {
    writeGroup(path.join(root, 'a'), 2, { charge: 1 });
    for (const name of ['memory.peak', 'memory.pressure']) unlinkSync(path.join(root, 'a', name));
    const bench = new Bench(2, engine);
    bench.sweep.attach(0, groupAt('a'));
    bench.read(GroupDepth.whole, 1e9, 0);
    expect(bench.out.status[0]).toBe(Status.ok);
    expect([bench.value(0, 'cgroupPeak'), bench.value(0, 'cgroupMemoryFull')]).toEqual([Number.NaN, Number.NaN]);
    writeGroup(path.join(root, 'a'), 2, { charge: 2 });
    bench.read(GroupDepth.whole, 2e9, 0);
    expect([bench.value(0, 'cgroupCurrent'), bench.value(0, 'cgroupPeak')]).toEqual([2, Number.NaN]);
    bench.sweep.close();
  });

  it('says of files that are not what they should be that they are not supported', () => {
    writeGroup(path.join(root, 'a'), 2, { charge: 1 });
    writeGroup(path.join(root, 'b'), 2, { charge: 1 });
    writeFileSync(path.join(root, 'a', 'memory.current'), 'what is this\n');
    unlinkSync(path.join(root, 'b', 'memory.current'));
    mkdirSync(path.join(root, 'b', 'memory.current'));
    const bench = new Bench(2, engine);
    bench.sweep.attach(0, groupAt('a'));
    bench.sweep.attach(1, groupAt('b'));
    bench.read(GroupDepth.whole, 1e9, 0, 1);
    expect([bench.out.status[0], bench.out.status[1]]).toEqual([Status.unsupported, Status.unsupported]);
    expect([bench.value(0, 'cgroupCurrent'), bench.value(1, 'cgroupCurrent')]).toEqual([Number.NaN, Number.NaN]);
    // What lies beside them is read.
    expect([bench.value(0, 'cgroupPeak'), bench.value(1, 'cgroupPeak')]).toEqual([1, 1]);
    bench.read(GroupDepth.whole, 2e9);
    bench.sweep.close();
  });

  it('suspects a group without a file that another has, and asks again under its new name', () => {
    for (const name of ['a', 'b', 'c']) writeGroup(path.join(root, name), 2, { charge: 1 });
    // No group has one of these.
    for (const name of ['a', 'b', 'c']) unlinkSync(path.join(root, name, 'memory.pressure'));
    unlinkSync(path.join(root, 'c', 'memory.peak'));
    const bench = new Bench(2, engine);
    bench.sweep.attach(0, groupAt('a'));
    let name = 'b';
    bench.sweep.attach(1, {
      ...groupAt('b'),
      get folder() {
        return path.join(root, name);
      },
    });
    bench.read(GroupDepth.whole, 1e9, 0, 1);
    expect(bench.sweep.suspects).toEqual([]);
    renameSync(path.join(root, 'b'), path.join(root, 'd'));
    bench.read(GroupDepth.whole, 2e9, 0, 1);
    expect(bench.sweep.suspects).toEqual([1]);
    name = 'd';
    bench.sweep.renamed(1);
    writeFileSync(path.join(root, 'd', 'memory.peak'), '77\n');
    bench.read(GroupDepth.whole, 3e9, 0, 1);
    expect(bench.sweep.suspects).toEqual([]);
    expect(bench.value(1, 'cgroupPeak')).toBe(77);
    bench.sweep.attach(2, groupAt('c'));
    bench.read(GroupDepth.whole, 4e9, 2);
    expect(bench.sweep.suspects).toEqual([2]);
    bench.sweep.close();
  });

  it('keeps the charge of all open, and more of those alone that are read deep again and again', () => {
    for (const name of ['a', 'b']) writeGroup(path.join(root, name), 1, { charge: 1 });
    const bench = new Bench(1, engine);
    bench.sweep.attach(0, groupAt('a'));
    bench.sweep.attach(1, groupAt('b'));
    bench.read(GroupDepth.whole, 1e9, 0, 1);
    expect(bench.sweep.kept).toBe(2);
    bench.read(GroupDepth.moving, 2e9, 0);
    bench.read(GroupDepth.moving, 3e9, 0);
    expect(bench.sweep.kept).toBe(8);
    bench.read(GroupDepth.charge, 7e9, 0, 1);
    expect(bench.sweep.kept).toBe(8);
    bench.read(GroupDepth.charge, 8e9, 0, 1);
    expect(bench.sweep.kept).toBe(2);
    bench.sweep.detach(0);
    expect(bench.sweep.kept).toBe(1);
    bench.sweep.close();
  });

  it('reads more groups than it may keep files of', () => {
    const bench = new Bench(1, engine, 10);
    for (let slot = 0; slot < 300; slot++) {
      writeGroup(path.join(root, `g${slot}`), 1, { charge: slot + 1 });
      bench.sweep.attach(slot, groupAt(`g${slot}`));
    }
    const slots = Array.from({ length: 300 }, (_, slot) => slot);
    for (let round = 1; round < 4; round++) bench.read(GroupDepth.whole, round * 1e9, ...slots);
    expect(slots.map((slot) => bench.value(slot, 'cgroupCurrent'))).toEqual(slots.map((slot) => slot + 1));
    expect(slots.map((slot) => bench.value(slot, 'cgroupAnon'))).toEqual(slots.map((slot) => slot + 1));
    expect(bench.sweep.kept).toBeLessThanOrEqual(10);
    bench.sweep.close();
  });

  it('says of a group that was removed that it has gone, with nothing of what it was', () => {
    const hierarchy = memoryHierarchyOf(readFileSync('/proc/self/mountinfo', 'latin1'));
    if (!hierarchy) throw new Error('no control groups are mounted here');
    const folder = path.join(hierarchy.folder, `tidemark-sweep-${process.pid}-${engine}`);
    mkdirSync(folder);
    const bench = new Bench(hierarchy.version, engine);
    bench.sweep.attach(0, { id: 1n, path: '/x', folder });
    bench.sweep.attach(1, groupAt('never'));
    bench.read(GroupDepth.whole, 1e9, 0, 1);
    expect([bench.out.status[0], bench.out.status[1]]).toEqual([Status.ok, Status.gone]);
    expect(bench.value(0, 'cgroupMax')).toBe(Number.POSITIVE_INFINITY);
    rmdirSync(folder);
    bench.read(GroupDepth.charge, 2e9, 0);
    expect(bench.out.status[0]).toBe(Status.gone);
    expect(bench.value(0, 'cgroupCurrent')).toBeNaN();
    bench.sweep.close();
  });

  it('reads of this kernel what its files tell', () => {
    const hierarchy = memoryHierarchyOf(readFileSync('/proc/self/mountinfo', 'latin1'));
    if (hierarchy?.version !== 1) return;
    const folder = path.join(hierarchy.folder, `tidemark-values-${process.pid}-${engine}`);
    mkdirSync(folder);
    try {
      writeFileSync(path.join(folder, 'memory.limit_in_bytes'), String(2 ** 26));
      const bench = new Bench(1, engine);
      bench.sweep.attach(0, { id: 1n, path: '/x', folder });
      bench.read(GroupDepth.whole, 1e9, 0);
      const told = (name: string) => Number(readFileSync(path.join(folder, name), 'latin1'));
      expect(bench.value(0, 'cgroupMax')).toBe(2 ** 26);
      expect(bench.value(0, 'cgroupCurrent')).toBe(told('memory.usage_in_bytes'));
      expect(bench.value(0, 'cgroupPeak')).toBe(told('memory.max_usage_in_bytes'));
      for (const [, key, value] of readFileSync(path.join(folder, 'memory.stat'), 'latin1').matchAll(
        /^total_(inactive_file|rss|cache|swap) (\d+)$/gm,
      )) {
        const name = {
          inactive_file: 'cgroupInactiveFile',
          rss: 'cgroupAnon',
          cache: 'cgroupFile',
          swap: 'cgroupSwap',
        };
        expect(bench.value(0, name[key as 'rss'] as CgroupMetricName)).toBe(Number(value));
      }
      bench.sweep.close();
    } finally {
      rmdirSync(folder);
    }
  });
});
