/**
 * Where a container is among the control groups of its host, when those of the host are mounted into it.
 *
 * The trap: in a name space of its own a container is told every path from its own group on, `/../../other`, which leads to no
 * file, and the kernel does not say where that group is. But the group of this process has it in its list, and how deep it lies is told.
 */
import { readFileSync } from 'node:fs';
import { parseCgroups } from '../procfs/cgroup.js';
import { type MemoryHierarchy, memoryGroupPath } from '../procfs/memory-group.js';
import { toOs } from './byte-path.js';
import { foldersIn, MOST_GROUPS } from './group-folders.js';

/** What is mounted where our name space does not reach: only its height above us is told. */
const ABOVE = /^(?:\/\.\.)+$/;

/**
 * The same hierarchy with the paths of its host, and where we are in it; as it was where that cannot be found out. `groups` tells
 * the text of `cgroup` of the process `pid`, by default ourselves.
 */
export function withHome(hierarchy: MemoryHierarchy, groups = ownGroups, pid = process.pid): MemoryHierarchy {
  if (!ABOVE.test(hierarchy.root)) return hierarchy;
  const own = memoryGroupPath(parseCgroups(groups()), hierarchy.version);
  if (own === undefined || own.startsWith('/..')) return hierarchy;
  const below = partsOf(own);
  const found = groupOf(pid, hierarchy.folder, partsOf(hierarchy.root).length + below.length);
  if (found === undefined) return hierarchy;
  const home = `/${partsOf(found)
    .slice(0, -below.length || undefined)
    .join('/')}`;
  return { ...hierarchy, root: '/', home };
}

function ownGroups(): string {
  return readFileSync('/proc/self/cgroup', 'latin1');
}

/** The path of the group of a process which lies so deep. */
function groupOf(pid: number, folder: string, depth: number): string | undefined {
  let level = [''];
  let count = 0;
  for (let at = 0; at < depth; at++) {
    level = level.flatMap((group) => (foldersIn(folder + group) ?? []).map((name) => `${group}/${name}`));
    count += level.length;
    if (count > MOST_GROUPS) return undefined;
  }
  return level.find((group) => membersOf(folder + group).includes(String(pid)));
}

function membersOf(folder: string): string[] {
  try {
    return readFileSync(toOs(`${folder}/cgroup.procs`), 'latin1').split('\n');
  } catch {
    return [];
  }
}

function partsOf(group: string): string[] {
  return group.split('/').filter((part) => part !== '');
}
