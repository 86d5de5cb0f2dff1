import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseCgroups } from './cgroup.js';
import {
  groupFolder,
  groupsAbove,
  groupUse,
  memoryGroupPath,
  memoryHierarchyOf,
  readMemoryGroup,
  workingSetOf,
} from './memory-group.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-group-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function made(group: string, files: Record<string, string>): void {
  mkdirSync(path.join(folder, group), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, group, name), text);
}

describe('the hierarchy that limits memory', () => {
  const second = '30 23 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n';
  const first = '33 25 0:30 /docker/a\\040b /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n';

  it('is that of version 1 where the controller is there', () => {
    expect(memoryHierarchyOf(second + first)).toEqual({
      version: 1,
      folder: '/sys/fs/cgroup/memory',
      root: '/docker/a b',
    });
    expect(memoryHierarchyOf(second)).toMatchObject({ version: 2, folder: '/sys/fs/cgroup/unified' });
    expect(memoryHierarchyOf('21 1 8:1 / / rw - ext4 /dev/sda rw\n')).toBeUndefined();
  });

  it('is the first that is mounted, and of version 1 only one with the controller', () => {
    const other = '35 25 0:31 / /elsewhere rw - cgroup2 cgroup2 rw\n';
    expect(memoryHierarchyOf(second + other)).toMatchObject({
      version: 2,
      folder: '/sys/fs/cgroup/unified',
      root: '/',
    });
    const cpu = '34 25 0:32 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,memoryless\n';
    expect(memoryHierarchyOf(cpu)).toBeUndefined();
    expect(memoryHierarchyOf(cpu + second)).toMatchObject({ version: 2 });
    // A file system of that name among the words of another.
    expect(memoryHierarchyOf('36 25 0:33 / /a rw - tmpfs cgroup2 rw,memory\n')).toBeUndefined();
    for (const text of ['', '\n', '21 1 8:1', ' - cgroup', ' - ']) expect(memoryHierarchyOf(text)).toBeUndefined();
  });

  it('has a group for each process, and those above it', () => {
    const lines = parseCgroups('4:cpu,memory:/a/b\n1:name=systemd:/s\n0::/u/v (deleted)\n');
    expect(memoryGroupPath(lines, 1)).toBe('/a/b');
    expect(memoryGroupPath(lines, 2)).toBe('/u/v');
    expect(memoryGroupPath([], 2)).toBeUndefined();
    expect(memoryGroupPath(lines, 1, '/docker/x')).toBe('/docker/x/a/b');
    expect(memoryGroupPath(parseCgroups('0::/../other\n'), 2, '/docker/x')).toBe('/docker/other');
    expect(memoryGroupPath([], 2, '/docker/x')).toBeUndefined();
    expect(memoryGroupPath(parseCgroups('4:cpu,memoryless:/a\n'), 1)).toBeUndefined();
    expect(memoryGroupPath(parseCgroups('0::/a (deleted) b\n'), 2)).toBe('/a (deleted) b');
    expect(groupsAbove('/a/b/c')).toEqual(['/a/b/c', '/a/b', '/a']);
    expect(groupsAbove('/')).toEqual([]);
  });
});

describe('a group', () => {
  it('of version 2 has what its files tell', () => {
    made('two', {
      'memory.max': '536870912\n',
      'memory.high': 'max\n',
      'memory.current': '1024\n',
      'memory.peak': '4096\n',
      'memory.events': 'low 0\noom 3\noom_kill 2\noom_group_kill 0\n',
    });
    const hierarchy = { version: 2, folder, root: '/' } as const;
    expect(readMemoryGroup(hierarchy, '/two')).toEqual({ max: 2 ** 29, current: 1024, peak: 4096, oomKills: 2 });
    expect(readMemoryGroup(hierarchy, '/gone')).toEqual({});
  });

  it('of version 1 has no limit where that is the largest number', () => {
    made('one', {
      'memory.limit_in_bytes': '9223372036854771712\n',
      'memory.usage_in_bytes': '5\n',
      'memory.max_usage_in_bytes': '7\n',
      'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n',
    });
    // The mount of a container begins at its own group.
    const hierarchy = { version: 1, folder: path.join(folder, 'one'), root: '/docker/x' } as const;
    expect(readMemoryGroup(hierarchy, '/docker/x')).toEqual({ current: 5, peak: 7, oomKills: 1 });
  });
});

describe('the folder of a group', () => {
  it.each([
    ['/', '/a/b', '/m/a/b'],
    ['/', '/', '/m/'],
    ['/docker/x', '/docker/x', '/m'],
    ['/docker/x', '/docker/x/in', '/m/in'],
    // Told from the root of the container itself, or of a group whose name begins like that of the mount.
    ['/docker/x', '/in', '/m/in'],
    ['/docker/x', '/docker/xy', '/m/docker/xy'],
  ])('below a mount of %s is for %s %s', (root, group, expected) => {
    expect(groupFolder({ version: 2, folder: '/m', root }, group)).toBe(expected);
  });
});

describe('what is charged', () => {
  it('is read alone, and NaN where it is not told', () => {
    made('alone', { 'memory.current': '4096\n', 'memory.usage_in_bytes': '8192\n' });
    made('odd', { 'memory.current': 'much\n' });
    expect(groupUse({ version: 2, folder, root: '/' }, '/alone')).toBe(4096);
    expect(groupUse({ version: 1, folder, root: '/' }, '/alone')).toBe(8192);
    expect(groupUse({ version: 2, folder, root: '/' }, '/odd')).toBeNaN();
    expect(groupUse({ version: 2, folder, root: '/' }, '/nobody')).toBeNaN();
  });

  it('less what would be dropped first is the working set, which is never below 0', () => {
    expect([workingSetOf(10, 4), workingSetOf(4, 10), workingSetOf(4, 4)]).toEqual([6, 0, 0]);
    expect([workingSetOf(Number.NaN, 4), workingSetOf(4, Number.NaN)]).toEqual([Number.NaN, Number.NaN]);
  });

  it('of 0 is a number, and a limit of 0 as well', () => {
    made('zero', { 'memory.max': '0\n', 'memory.current': '0\n', 'memory.high': 'max\n', 'memory.events': 'oom 1\n' });
    expect(readMemoryGroup({ version: 2, folder, root: '/' }, '/zero')).toEqual({ max: 0, current: 0 });
  });

  it('is a number alone on its line, and of a list the line of its name', () => {
    const read = (files: Record<string, string>) => {
      made('lines', { 'memory.current': '', 'memory.events': '', ...files });
      return readMemoryGroup({ version: 2, folder, root: '/' }, '/lines');
    };
    expect(read({ 'memory.events': 'oom 3\noom_kill 12\noom_group_kill 5\n' })).toStrictEqual({ oomKills: 12 });
    for (const events of ['xoom_kill 5\n', 'oom_kill 5 6\n', 'oom_kill x\n', '7\n']) {
      expect(read({ 'memory.events': events }), events).toStrictEqual({});
    }
    expect(read({ 'memory.current': '12345' })).toStrictEqual({ current: 12345 });
    for (const current of ['x12\n', '12 34\n', '-12\n']) expect(read({ 'memory.current': current })).toStrictEqual({});
  });
});
