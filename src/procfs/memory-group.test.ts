import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseCgroups } from './cgroup.js';
import { groupsAbove, memoryGroupPath, memoryHierarchyOf, readMemoryGroup } from './memory-group.js';

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

  it('has a group for each process, and those above it', () => {
    const lines = parseCgroups('4:cpu,memory:/a/b\n1:name=systemd:/s\n0::/u/v (deleted)\n');
    expect(memoryGroupPath(lines, 1)).toBe('/a/b');
    expect(memoryGroupPath(lines, 2)).toBe('/u/v');
    expect(memoryGroupPath([], 2)).toBeUndefined();
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
