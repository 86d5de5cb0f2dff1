import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTree, writeGroup } from '../../test/fixtures/cgroups/trees.js';
import type { GroupIdentity } from '../engine/group-identity.js';
import type { TierColumns } from '../engine/tier-columns.js';
import { CGROUP_COLUMNS, type CgroupMetricName, STATUSES } from '../schema.js';
import { CgroupTier, type GroupRows } from './cgroup-tier.js';

const nameOf = ({ path }: GroupIdentity) => Buffer.from(path).toString('latin1');

/** Rows in memory: what each sweep said, by path. */
class Rows implements GroupRows {
  readonly groups: (GroupIdentity | undefined)[] = [];
  readonly sweeps: { path: string; row: number; status: string; charge: number; max: number }[][] = [];
  #before: number[][] = [];
  constructor(private readonly most = 1000) {}
  arrive(identity: GroupIdentity): number {
    const free = this.groups.indexOf(undefined);
    const row = free >= 0 ? free : this.groups.length;
    if (row >= this.most) return -1;
    this.groups[row] = identity;
    return row;
  }
  rename(row: number, identity: GroupIdentity): void {
    expect(this.groups[row]!.inode).toBe(identity.inode);
    this.groups[row] = identity;
  }
  depart(row: number): void {
    this.groups[row] = undefined;
  }
  sweep(
    startNs: bigint,
    endNs: bigint,
    { columns, status }: TierColumns,
    moved: Parameters<GroupRows['sweep']>[3],
  ): boolean {
    expect(endNs).toBeGreaterThan(startNs);
    const told = new Set(moved.slots.subarray(0, moved.count));
    const now = this.groups.map((_, row) => columns.map((column) => column[row]!));
    now.forEach((values, row) => {
      if (!told.has(row)) expect(values).toEqual(this.#before[row]);
    });
    this.#before = now;
    const at = (name: CgroupMetricName, row: number) => columns[CGROUP_COLUMNS.indexOf(name)]![row]!;
    this.sweeps.push(
      this.groups.flatMap((group, row) => {
        if (!group) return [];
        const told = { status: STATUSES[status[row]!]!, charge: at('cgroupCurrent', row), max: at('cgroupMax', row) };
        return [{ path: nameOf(group), row, ...told }];
      }),
    );
    return true;
  }
  get last() {
    return Object.fromEntries(this.sweeps.at(-1)!.map(({ path: name, row: _, ...told }) => [name, told]));
  }
  statuses(name: string): string[] {
    return this.sweeps.flatMap((sweep) => sweep.filter((told) => told.path === name).map(({ status }) => status));
  }
}

let root: string;
let procfs: string;
beforeEach(() => {
  procfs = mkdtempSync(path.join(tmpdir(), 'tidemark-cgroup-tier-'));
  root = path.join(procfs, 'mount');
});
afterEach(() => rmSync(procfs, { recursive: true, force: true }));

function open(rows: Rows, version: 1 | 2 = 2) {
  const tier = new CgroupTier(rows, {
    hierarchy: { version, folder: root, root: '/' },
    procfs,
    engine: 'native',
    maxKept: 100,
    periodNs: 100e6,
    share: 1,
    readsAll: false,
  });
  let now = 1_000_000_000n;
  tier.begin(now);
  const tick = (afterMs = 100) => {
    now += BigInt(Math.round(afterMs * 1e6));
    tier.tick(now, 100e6);
  };
  return { tier, tick, close: () => tier.close(now) };
}

describe('the cgroup tier', () => {
  it('stores what groups hold, new ones from their first tick on, and each that goes once more', () => {
    makeTree(root, 2, ['/a', '/a/b']);
    const rows = new Rows();
    const { tick, close } = open(rows);
    tick();
    expect(rows.last).toEqual({
      '/a': { status: 'ok', charge: 4096, max: Number.POSITIVE_INFINITY },
      '/a/b': { status: 'ok', charge: 8192, max: Number.POSITIVE_INFINITY },
    });
    writeGroup(path.join(root, 'c'), 2, { charge: 5, max: 9 });
    rmSync(path.join(root, 'a/b'), { recursive: true });
    for (let count = 0; count < 20; count++) tick(1000);
    expect(rows.statuses('/a/b').filter((status) => status === 'gone')).toHaveLength(1);
    expect(rows.statuses('/a/b').at(-1)).toBe('gone');
    expect(rows.last['/c']).toMatchObject({ charge: 5, max: 9 });
    expect(Object.keys(rows.last).sort()).toEqual(['/a', '/c']);
    close();
  });

  it('never gives the row of a group that went to another without having said so', () => {
    makeTree(root, 2, ['/a']);
    const rows = new Rows();
    const { tick, close } = open(rows);
    tick();
    renameSync(path.join(root, 'a'), path.join(procfs, 'away'));
    writeGroup(path.join(root, 'a'), 2, { charge: 77 });
    for (let count = 0; count < 20; count++) tick(1000);
    const told = rows.sweeps.flat().filter((each) => each.path === '/a');
    const goneAt = told.findIndex(({ status }) => status === 'gone');
    expect(told.slice(0, goneAt).map(({ charge }) => charge)).toEqual(Array.from({ length: goneAt }, () => 4096));
    expect(told[goneAt + 1]!.row).not.toBe(told[goneAt]!.row);
    expect(rows.last['/a']!.charge).toBe(77);
    close();
  });

  it('follows a group that is renamed, with its row', () => {
    makeTree(root, 1, ['/a', '/a/b']);
    const rows = new Rows();
    const { tick, close } = open(rows, 1);
    tick();
    const before = new Map(rows.groups.map((group) => [group!.inode, rows.groups.indexOf(group)]));
    renameSync(path.join(root, 'a'), path.join(root, 'z'));
    for (let count = 0; count < 20; count++) tick(1000);
    expect(Object.keys(rows.last).sort()).toEqual(['/', '/z', '/z/b']);
    rows.groups.forEach((group, row) => {
      expect(before.get(group!.inode)).toBe(row);
    });
    expect(rows.sweeps.flat().every(({ status }) => status !== 'gone')).toBe(true);
    close();
  });

  it('gives groups a row as soon as there is room', () => {
    makeTree(root, 2, ['/a', '/b', '/c']);
    const rows = new Rows(2);
    const { tick, close } = open(rows);
    tick();
    const [first] = Object.keys(rows.last);
    expect(Object.keys(rows.last)).toHaveLength(2);
    rmSync(path.join(root, first!), { recursive: true });
    for (let count = 0; count < 20; count++) tick(1000);
    expect(Object.keys(rows.last).sort()).toEqual(['/a', '/b', '/c'].filter((name) => name !== first));
    close();
  });

  it('survives groups that come and go under its hands', () => {
    makeTree(root, 2, ['/a']);
    const rows = new Rows();
    const { tick, close } = open(rows);
    let made = 0;
    for (let count = 0; count < 300; count++) {
      if (count % 3 !== 0) {
        mkdirSync(path.join(root, `x${made}/in`), { recursive: true });
        writeFileSync(path.join(root, `x${made}/memory.current`), `${made}\n`);
        made++;
      } else if (made > 2) rmSync(path.join(root, `x${made - 2}`), { recursive: true, force: true });
      tick(200);
    }
    for (let count = 0; count < 20; count++) tick(1000);
    for (const [name, { charge }] of Object.entries(rows.last))
      if (name !== '/a') expect(charge).toBe(Number(name.slice(2)));
    expect(Object.keys(rows.last).length).toBe(rows.groups.filter(Boolean).length);
    close();
  });
});
