import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { memoryHierarchyOf } from '../procfs/memory-group.js';
import { findGroupHierarchy, mountsFor } from './group-hierarchy.js';

it('is found where it is mounted', () => {
  const hierarchy = memoryHierarchyOf(readFileSync('/proc/self/mountinfo', 'latin1'));
  if (hierarchy?.version === 1) expect(findGroupHierarchy('/proc')).toEqual(hierarchy);
  expect(findGroupHierarchy('/proc/')).toEqual(findGroupHierarchy('/proc'));
});

it('of another tree is what is mounted beside it, or none', () => {
  const own = '30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw';
  const host = '31 23 0:27 / /host/sys/fs/cgroup rw - cgroup2 cgroup2 rw';
  const neighbour = '32 23 0:28 / /host/system/cgroup rw - cgroup2 cgroup2 rw';
  const all = `${own}\n${host}\n${neighbour}\n`;
  expect(mountsFor('/proc', all)).toBe(all);
  expect(mountsFor('/host/proc', all)).toBe(host);
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-hierarchy-'));
  try {
    mkdirSync(path.join(folder, 'proc/self'), { recursive: true });
    writeFileSync(path.join(folder, 'proc/self/mountinfo'), own);
    expect(findGroupHierarchy(path.join(folder, 'proc'))).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
