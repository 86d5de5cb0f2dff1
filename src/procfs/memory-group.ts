/**
 * The memory of a control group as the kernel counts and limits it, in either version.
 *
 * The traps: where the hierarchy is mounted tells only a part of the way, since in a container the mount begins at the
 * container's own group while `/proc/PID/cgroup` may tell the whole path; version 1 has no word for "no limit" but the
 * largest number of pages; the root has no files of this kind in version 2; and what is charged is more than resident memory: page cache
 * and memory of the kernel are in it.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CgroupLine } from './cgroup.js';
import { limitOf } from './memory-limit.js';

/** Where the groups that limit memory are. */
export interface MemoryHierarchy {
  readonly version: 1 | 2;
  readonly folder: string;
  /** The group that is mounted there: its path begins those of all groups that can be seen. */
  readonly root: string;
  /** Where the root of our own name space is in it, from which paths are told to us; absent: they are told from the top. */
  readonly home?: string;
}

/** Bytes; absent: no limit, or a kernel that does not tell. */
export interface MemoryGroup {
  /** What is never exceeded: beyond it the kernel kills. */
  readonly max?: number;
  /** Beyond it the kernel slows down and takes back. */
  readonly high?: number;
  /** What is charged to it now, and the most that ever was. */
  readonly current?: number;
  readonly peak?: number;
  /** Processes that were killed for it since it was made. */
  readonly oomKills?: number;
}

const FILES = {
  1: {
    max: 'memory.limit_in_bytes',
    current: 'memory.usage_in_bytes',
    peak: 'memory.max_usage_in_bytes',
    oomKills: 'memory.oom_control',
  },
  2: {
    max: 'memory.max',
    high: 'memory.high',
    current: 'memory.current',
    peak: 'memory.peak',
    oomKills: 'memory.events',
  },
} as const satisfies Record<1 | 2, Partial<Record<keyof MemoryGroup, string>>>;

/** From the text of `/proc/self/mountinfo`. Version 1 where that has the controller; undefined where there is none. */
export function memoryHierarchyOf(mountinfo: string): MemoryHierarchy | undefined {
  let second: MemoryHierarchy | undefined;
  for (const line of mountinfo.split('\n')) {
    const [mount, rest = ''] = line.split(' - ');
    const [, , , root = '', folder = ''] = mount!.split(' ');
    const [type, , options = ''] = rest.split(' ');
    const found = { folder: unescaped(folder), root: unescaped(root) };
    if (type === 'cgroup' && options.split(',').includes('memory')) return { version: 1, ...found };
    if (type === 'cgroup2') second ??= { version: 2, ...found };
  }
  return second;
}

/** The path of the group of a process that limits its memory, by the lines of its `cgroup`, and where we are ourselves. */
export function memoryGroupPath(lines: readonly CgroupLine[], version: 1 | 2, home?: string): string | undefined {
  const own = lines.find(({ controllers }) =>
    version === 2 ? controllers === '' : controllers.split(',').includes('memory'),
  );
  const told = own?.path.replace(/ \(deleted\)$/, '');
  return told === undefined || home === undefined ? told : path.posix.join(home, told);
}

/** A group and those that it is in, whose limits are its limits too: itself first. */
export function groupsAbove(group: string): string[] {
  const parts = group.split('/').filter((part) => part !== '');
  return [...parts.keys()].reverse().map((last) => `/${parts.slice(0, last + 1).join('/')}`);
}

/**
 * The working set as Kubernetes reckons it and evicts by: what is charged less the page cache that would be dropped first. NaN
 * where either is not known. `inactive_file` is read a moment later and may be the larger one: then it is 0.
 */
export function workingSetOf(charge: number, inactiveFile: number): number {
  return Math.max(0, charge - inactiveFile);
}

/** What can be read of a group: nothing where it is gone, or out of sight. */
export function readMemoryGroup(hierarchy: MemoryHierarchy, group: string): MemoryGroup {
  const folder = groupFolder(hierarchy, group);
  const out: Partial<Record<keyof MemoryGroup, number>> = {};
  for (const [name, file] of Object.entries(FILES[hierarchy.version]) as [keyof MemoryGroup, string][]) {
    const value = numberIn(path.join(folder, file), name === 'oomKills');
    if (value !== undefined && Number.isFinite(limitOf(value))) out[name] = value;
  }
  return out;
}

/** What is charged to a group now, alone; NaN where it is gone, or out of sight. */
export function groupUse(hierarchy: MemoryHierarchy, group: string): number {
  return numberIn(path.join(groupFolder(hierarchy, group), FILES[hierarchy.version].current), false) ?? Number.NaN;
}

export function groupFolder({ folder, root }: MemoryHierarchy, group: string): string {
  const below =
    root === '/' ? group : group === root ? '' : group.startsWith(`${root}/`) ? group.slice(root.length) : group;
  return path.join(folder, below);
}

function numberIn(file: string, isList: boolean): number | undefined {
  try {
    const text = readFileSync(file, 'latin1');
    const digits = (isList ? /^oom_kill (\d+)$/m : /^(\d+)$/m).exec(text)?.[1];
    return digits === undefined ? undefined : Number(digits);
  } catch {
    return undefined;
  }
}

/** Spaces and the like are octal in it. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}
