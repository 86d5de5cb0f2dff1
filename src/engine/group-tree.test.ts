import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SCRATCH } from '../../test/engine/fake-procfs.js';
import { LAYOUTS, makeTree, writeGroup } from '../../test/fixtures/cgroups/trees.js';
import { memoryHierarchyOf } from '../procfs/memory-group.js';
import { MOST_GROUPS } from './group-folders.js';
import { type Group, GroupTree, type GroupWatch } from './group-tree.js';

const FOREVER = 1e12;

class Told implements GroupWatch {
  readonly live = new Map<bigint, Group>();
  readonly log: string[] = [];
  arrived(group: Group): void {
    this.live.set(group.id, group);
    this.log.push(`+${group.path}`);
  }
  departed(group: Group): void {
    this.live.delete(group.id);
    this.log.push(`-${group.path}`);
  }
  renamed(group: Group): void {
    this.log.push(`=${group.path}`);
  }
  get paths(): string[] {
    return [...this.live.values()].map((group) => group.path).sort();
  }
  at(wanted: string): Group {
    return [...this.live.values()].find((group) => group.path === wanted)!;
  }
}

let root: string;
let procfs: string;
let now: number;
beforeEach(() => {
  procfs = mkdtempSync(path.join(SCRATCH, 'tidemark-groups-'));
  root = path.join(procfs, 'mount');
  now = 1e9;
});
afterEach(() => rmSync(procfs, { recursive: true, force: true }));

function count(groups: number): void {
  writeFileSync(path.join(procfs, 'cgroups'), `#subsys_name\thierarchy\nmemory\t4\t${groups}\t1\n`);
}

function open(version: 1 | 2, mountRoot = '/') {
  const told = new Told();
  const tree = new GroupTree({ version, folder: root, root: mountRoot }, procfs, told);
  const look = (afterNs = 0) => {
    now += afterNs;
    tree.look(now, FOREVER);
  };
  look();
  return { tree, told, look };
}

describe('the tree of groups', () => {
  it.each(Object.keys(LAYOUTS) as (keyof typeof LAYOUTS)[])('of %s is found in both versions', (layout) => {
    for (const version of [1, 2] as const) {
      makeTree(root, version, LAYOUTS[layout]);
      const { told, tree } = open(version);
      expect(told.paths).toEqual([...(version === 1 ? ['/'] : []), ...LAYOUTS[layout]].sort());
      for (const group of told.live.values()) {
        expect(group.folder).toBe(path.join(root, group.path).replace(/\/$/, ''));
      }
      tree.close();
      rmSync(root, { recursive: true });
    }
  });

  it('has the paths of the host where the mount begins at a group of a container', () => {
    makeTree(root, 2, ['/a', '/a/b']);
    writeGroup(root, 2, { charge: 1 });
    expect(open(2, '/docker/x').told.paths).toEqual(['/docker/x', '/docker/x/a', '/docker/x/a/b']);
  });

  it('notices by the number of groups what came and went, also below a group that had none', () => {
    makeTree(root, 1, ['/a', '/a/b', '/c']);
    count(4);
    const { told, look } = open(1);
    writeGroup(path.join(root, 'c/new'), 1, { charge: 1 });
    look(1e9);
    expect(told.log.slice(4)).toEqual([]);
    count(5);
    look(1e9);
    expect(told.log.slice(4)).toEqual(['+/c/new']);
    rmSync(path.join(root, 'a'), { recursive: true });
    count(3);
    look(1e9);
    expect(told.log.slice(5)).toEqual(['-/a/b', '-/a']);
    expect(told.paths).toEqual(['/', '/c', '/c/new']);
  });

  it('notices in time what the number does not tell', () => {
    makeTree(root, 1, ['/a', '/b']);
    count(3);
    const { told, look } = open(1);
    rmSync(path.join(root, 'a'), { recursive: true });
    writeGroup(path.join(root, 'c'), 1, { charge: 1 });
    look(1e9);
    expect(told.paths).toEqual(['/', '/a', '/b']);
    for (let round = 0; round < 4; round++) look(15e9);
    expect(told.paths).toEqual(['/', '/b', '/c']);
  });

  it('tells a group that was made anew from the one before it', () => {
    makeTree(root, 1, ['/a', '/a/b']);
    count(3);
    const { told, look, tree } = open(1);
    const old = told.at('/a');
    renameSync(path.join(root, 'a'), path.join(procfs, 'kept, so that its inode is not given again'));
    writeGroup(path.join(root, 'a'), 1, { charge: 1 });
    tree.lost(old);
    look();
    expect(told.log.slice(3)).toEqual(['-/a/b', '-/a', '+/a']);
    expect(told.at('/a').id).not.toBe(old.id);
  });

  it('follows one that is renamed, with all below it', () => {
    makeTree(root, 1, ['/a', '/a/b', '/a/b/c']);
    const { told, look, tree } = open(1);
    const inner = told.at('/a/b/c');
    renameSync(path.join(root, 'a'), path.join(root, 'z'));
    tree.lost(inner);
    look();
    expect(told.log.slice(4)).toEqual(['=/z', '=/z/b', '=/z/b/c']);
    expect(inner.path).toBe('/z/b/c');
    expect(readFileSync(path.join(inner.folder, 'memory.failcnt'), 'latin1')).toBe('0\n');
  });

  it('tells of a group only while it accounts memory', () => {
    mkdirSync(path.join(root, 'a'), { recursive: true });
    const { told, look, tree } = open(2);
    expect(told.paths).toEqual([]);
    writeGroup(path.join(root, 'a'), 2, { charge: 1 });
    look(15e9);
    expect(told.log).toEqual(['+/a']);
    unlinkSync(path.join(root, 'a/memory.current'));
    tree.lost(told.at('/a'));
    look();
    expect(told.log).toEqual(['+/a', '-/a']);
  });

  it('is walked a little at a time', () => {
    const paths = Array.from({ length: 200 }, (_, index) => `/g${index}`).flatMap((group) => [group, `${group}/in`]);
    makeTree(root, 2, paths);
    const told = new Told();
    const tree = new GroupTree({ version: 2, folder: root, root: '/' }, procfs, told);
    const found: number[] = [];
    do {
      tree.look(now, 0);
      found.push(told.live.size);
    } while (!tree.isSettled);
    // The first folder is listed whole; those in it one by one.
    expect(found.length).toBeGreaterThan(100);
    expect(told.paths).toEqual(paths.sort());
  });

  it('keeps names as bytes', () => {
    const name = Buffer.from([0x61, 0xff, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0xc3, 0xa9]);
    mkdirSync(root);
    mkdirSync(Buffer.concat([Buffer.from(`${root}/`), name]));
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), name, Buffer.from('/memory.current')]), '1\n');
    const { told } = open(2);
    expect([...told.live.values()].map((group) => Buffer.from(group.path, 'latin1'))).toEqual([
      Buffer.concat([Buffer.from('/'), name]),
    ]);
  });

  it('looks again at nothing while the number of groups is the same, nor before a second has passed', () => {
    makeTree(root, 1, ['/a']);
    count(2);
    const { told, look } = open(1);
    writeGroup(path.join(root, 'b'), 1, { charge: 1 });
    look(0.5e9);
    look(1e9);
    expect(told.paths).toEqual(['/', '/a']);
    count(3);
    look(0.5e9);
    expect(told.paths).toEqual(['/', '/a']);
    look(0.5e9);
    expect(told.paths).toEqual(['/', '/a', '/b']);
  });

  it('follows as many groups as there may be, and counts those that are left', () => {
    for (let index = 0; index < MOST_GROUPS + 5; index++)
      mkdirSync(path.join(root, String(index)), { recursive: true });
    const { told, tree } = open(1);
    // The root is one of them.
    expect([told.live.size, tree.left]).toEqual([MOST_GROUPS, 6]);
  });

  it('takes no file for a group, nor what may not be looked into', () => {
    makeTree(root, 2, ['/a']);
    const { told, look, tree } = open(2);
    const group = told.at('/a');
    rmSync(path.join(root, 'a'), { recursive: true });
    writeFileSync(path.join(root, 'a'), 'a file now');
    tree.lost(group);
    look();
    expect(told.paths).toEqual([]);
    symlinkSync('itself', path.join(root, 'itself'));
    look(15e9);
    expect(told.paths).toEqual([]);
    const loop = path.join(root, 'itself');
    const watch = new Told();
    const none = new GroupTree({ version: 2, folder: loop, root: '/' }, procfs, watch);
    for (const later of [0, 1e9, 16e9]) none.look(now + later, FOREVER);
    expect(watch.log).toEqual([]);
  });

  it('tells nobody of what has no memory, when it comes, is renamed and goes', () => {
    makeTree(root, 2, ['/a']);
    mkdirSync(path.join(root, 'a/b/c'), { recursive: true });
    const { told, look, tree } = open(2);
    renameSync(path.join(root, 'a'), path.join(root, 'z'));
    tree.lost(told.at('/a'));
    look();
    rmSync(path.join(root, 'z/b'), { recursive: true });
    for (let round = 0; round < 4; round++) look(15e9);
    expect(told.log).toEqual(['+/a', '=/z']);
  });

  it('is empty when its root has gone or is another, noticed by itself', () => {
    makeTree(root, 2, ['/a', '/b']);
    const { told, look } = open(2);
    renameSync(root, path.join(procfs, 'kept'));
    look(15e9);
    expect(told.paths).toEqual([]);
    makeTree(root, 2, ['/c']);
    look(15e9);
    // Another mount, of which nothing is known.
    expect(told.paths).toEqual([]);
  });

  it('goes on when it is removed while it is walked', () => {
    makeTree(root, 1, ['/a', '/a/in', '/b', '/b/in', '/c']);
    const told = new Told();
    const tree = new GroupTree({ version: 1, folder: root, root: '/' }, procfs, told);
    tree.look(now, 0);
    expect(told.paths).toEqual(['/', '/a', '/b', '/c']);
    rmSync(root, { recursive: true });
    tree.look(now, FOREVER);
    expect([told.paths, tree.isSettled]).toEqual([['/'], true]);
  });

  it('looks no more at one that went with the group it was in', () => {
    makeTree(root, 1, ['/a', '/a/b', '/a/c']);
    const { told, look, tree } = open(1);
    const [above, below] = [told.at('/a'), told.at('/a/b')];
    rmSync(path.join(root, 'a'), { recursive: true });
    // Both are said to be gone; who is looked at first takes the other along.
    tree.lost(below);
    tree.lost(above);
    look();
    expect(told.log.slice(4).sort()).toEqual(['-/a', '-/a/b', '-/a/c']);
  });

  it('is empty where nothing is mounted, and when it goes away', () => {
    expect(open(1).told.paths).toEqual([]);
    makeTree(root, 1, ['/a']);
    const { told, look, tree } = open(1);
    rmSync(root, { recursive: true });
    tree.lost(told.at('/a'));
    look();
    look(15e9);
    expect(told.paths).toEqual(['/']);
  });

  it('is that of this host: made, renamed and removed ones', async () => {
    const hierarchy = memoryHierarchyOf(readFileSync('/proc/self/mountinfo', 'latin1'));
    if (!hierarchy) throw new Error('no control groups are mounted here');
    const folder = path.join(hierarchy.folder, `tidemark-tree-${process.pid}`);
    const told = new Told();
    const tree = new GroupTree(hierarchy, '/proc', told);
    tree.look(now, FOREVER);
    const made = (name: string) => `${hierarchy.root.replace(/\/$/, '')}/${path.basename(folder)}${name}`;
    // Others come and go meanwhile.
    const ours = () => told.paths.filter((group) => group.startsWith(made('')));
    try {
      mkdirSync(path.join(folder, 'inner'), { recursive: true });
      tree.look(now + 1e9, FOREVER);
      if (hierarchy.version === 1) {
        expect(ours()).toEqual([made(''), made('/inner')]);
        renameSync(path.join(folder, 'inner'), path.join(folder, 'other'));
        tree.lost(told.at(made('/inner')));
        tree.look(now + 1e9, FOREVER);
        expect(told.log).toContain(`=${made('/other')}`);
        rmdirSync(path.join(folder, 'other'));
        mkdirSync(path.join(folder, 'other'));
        tree.lost(told.at(made('/other')));
        tree.look(now + 1e9, FOREVER);
        expect(told.log).toEqual(expect.arrayContaining([`-${made('/other')}`, `+${made('/other')}`]));
      }
    } finally {
      for (const name of ['inner', 'other', '']) {
        try {
          rmdirSync(path.join(folder, name));
        } catch {
          // It has another name, or was not made.
        }
      }
    }
    tree.look(now + 20e9, FOREVER);
    expect(ours()).toEqual([]);
    tree.close();
  });
});
