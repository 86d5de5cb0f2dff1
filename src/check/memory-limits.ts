/**
 * The limits of memory that one live process runs into: its own, those of its control groups, and the memory of the host.
 *
 * The traps: a group is limited by all groups that it is in; what is charged to one holds page cache, which the kernel drops
 * before it kills; and in a container the groups above are out of sight, whose limits hold all the same.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readBoundedText } from '../procfs/bounded-file.js';
import { parseCgroups } from '../procfs/cgroup.js';
import { parseMemoryLimits } from '../procfs/limits.js';
import { readMeminfo } from '../procfs/meminfo.js';
import {
  groupFolder,
  groupsAbove,
  type MemoryHierarchy,
  memoryGroupPath,
  memoryHierarchyOf,
  readMemoryGroup,
} from '../procfs/memory-group.js';
import { attempt } from './attempt.js';

/** One limit; what is taken of it is read anew each time that it is asked for. */
export interface MemoryLimit {
  readonly kind: 'address-space' | 'data' | 'group-max' | 'group-high' | 'host';
  readonly path?: string;
  readonly limit: number;
  /** Bytes taken now; NaN: cannot be read any more. Absent: it is taken by the process, whose own numbers tell. */
  readonly used?: () => number;
  readonly peak?: number;
  readonly cache?: number;
  readonly oomKills?: number;
}

export interface FoundLimits {
  readonly limits: readonly MemoryLimit[];
  /** Why limits of control groups may be missing. */
  readonly unseen?: string;
}

/** `folder`: that of the process. `root`: of the tree; groups are looked at only where it is this host's. */
export function memoryLimitsOf(folder: string, root: string): FoundLimits {
  const { addressSpace, data } = parseMemoryLimits(textOf(`${folder}/limits`) ?? '');
  const own: MemoryLimit[] = [
    ...(addressSpace === undefined ? [] : [{ kind: 'address-space' as const, limit: addressSpace }]),
    ...(data === undefined ? [] : [{ kind: 'data' as const, limit: data }]),
  ];
  const groups = groupLimits(folder, root);
  return { ...groups, limits: [...own, ...groups.limits, ...hostLimit(root)] };
}

function groupLimits(folder: string, root: string): FoundLimits {
  if (root !== '/proc') return { limits: [], unseen: 'the tree is not that of this host' };
  const hierarchy = attempt(() => memoryHierarchyOf(readFileSync('/proc/self/mountinfo', 'latin1')));
  if (!hierarchy) return { limits: [], unseen: 'no hierarchy of control groups is mounted here' };
  const group = memoryGroupPath(parseCgroups(textOf(`${folder}/cgroup`) ?? ''), hierarchy.version);
  if (group === undefined) return { limits: [], unseen: 'its control group is not told' };
  const limits = groupsAbove(group).flatMap((each) => limitsOfGroup(hierarchy, each));
  const isOutOfSight = group !== '/' && Object.keys(readMemoryGroup(hierarchy, group)).length === 0;
  return { limits, ...(isOutOfSight ? { unseen: 'its control group is out of sight here' } : {}) };
}

function limitsOfGroup(hierarchy: MemoryHierarchy, group: string): MemoryLimit[] {
  const { max, high, peak, oomKills } = readMemoryGroup(hierarchy, group);
  if (max === undefined && high === undefined) return [];
  const cache = pageCacheOf(hierarchy, group);
  const about = {
    path: group,
    used: () => readMemoryGroup(hierarchy, group).current ?? Number.NaN,
    ...known({ peak, oomKills, cache }),
  };
  return [
    ...(max === undefined ? [] : [{ kind: 'group-max' as const, limit: max, ...about }]),
    ...(high === undefined ? [] : [{ kind: 'group-high' as const, limit: high, ...about }]),
  ];
}

/** The lists of page cache that is not in use by tmpfs or locked: what can be dropped. */
function pageCacheOf(hierarchy: MemoryHierarchy, group: string): number | undefined {
  const text = textOf(path.join(groupFolder(hierarchy, group), 'memory.stat'));
  if (text === undefined) return undefined;
  const prefix = hierarchy.version === 1 ? 'total_' : '';
  const parts = ['inactive_file', 'active_file'].map((name) => new RegExp(`^${prefix}${name} (\\d+)$`, 'm').exec(text));
  return parts.every((part) => part !== null) ? parts.reduce((sum, part) => sum + Number(part![1]), 0) : undefined;
}

function hostLimit(root: string): MemoryLimit[] {
  const read = () => {
    const meminfo = attempt(() => readMeminfo(root));
    return { total: meminfo?.get('MemTotal'), available: meminfo?.get('MemAvailable') };
  };
  const { total, available } = read();
  if (total === undefined || available === undefined) return [];
  return [{ kind: 'host', limit: total, used: () => total - (read().available ?? Number.NaN) }];
}

function known(
  values: Record<'peak' | 'oomKills' | 'cache', number | undefined>,
): Partial<Record<keyof typeof values, number>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function textOf(file: string): string | undefined {
  return attempt(() => readBoundedText(file));
}
