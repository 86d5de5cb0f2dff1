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

it('of version 2 is one where groups account memory, in the root or below it', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-hierarchy-'));
  const mounts = path.join(folder, 'mountinfo');
  writeFileSync(mounts, `30 23 0:26 / ${folder} rw - cgroup2 cgroup2 rw\n`);
  const found = () => findGroupHierarchy('/proc', mounts);
  try {
    // Not to be read at all.
    expect(found()).toBeUndefined();
    writeFileSync(path.join(folder, 'cgroup.controllers'), 'cpuset cpu io\n');
    expect(found()).toBeUndefined();
    writeFileSync(path.join(folder, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
    expect(found()).toEqual({ version: 2, folder, root: '/' });
    writeFileSync(path.join(folder, 'cgroup.controllers'), '');
    writeFileSync(path.join(folder, 'memory.current'), '1\n');
    expect(found()).toEqual({ version: 2, folder, root: '/' });
    expect(findGroupHierarchy('/proc', path.join(folder, 'nothing'))).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('of version 1 is none without its files', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-hierarchy-'));
  const mounts = path.join(folder, 'mountinfo');
  writeFileSync(mounts, `30 23 0:26 / ${folder} rw - cgroup cgroup rw,memory\n`);
  try {
    expect(findGroupHierarchy('/proc', mounts)).toBeUndefined();
    writeFileSync(path.join(folder, 'memory.usage_in_bytes'), '1\n');
    expect(findGroupHierarchy('/proc', mounts)).toEqual({ version: 1, folder, root: '/' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
