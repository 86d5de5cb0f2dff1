/**
 * Where control groups that account memory are mounted, as far as this process can read them.
 *
 * The traps: a hierarchy of version 2 may be mounted without the controller of memory, which version 1 has then; and whose
 * procfs is read may be another host's or container's, whose groups are beside it if anywhere.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { groupFilesOf } from '../procfs/cgroup-files.js';
import { type MemoryHierarchy, memoryHierarchyOf } from '../procfs/memory-group.js';
import { toOs } from './byte-path.js';
import { withHome } from './group-namespace.js';

/**
 * The hierarchy of the host of a procfs tree; undefined where there is none or it may not be read. `mountinfo`: the file that
 * tells what this process has mounted.
 */
export function findGroupHierarchy(procfs: string, mountinfo = '/proc/self/mountinfo'): MemoryHierarchy | undefined {
  try {
    const hierarchy = memoryHierarchyOf(mountsFor(procfs, readFileSync(mountinfo, 'latin1')));
    return hierarchy && accountsMemory(hierarchy) ? withHome(hierarchy) : undefined;
  } catch {
    return undefined;
  }
}

/** Of this process's own mounts: all, or those beside another tree, as where both of a host are mounted into a container. */
export function mountsFor(procfs: string, mountinfo: string): string {
  const tree = path.resolve(procfs);
  if (tree === '/proc') return mountinfo;
  const beside = `${path.join(tree, '..', 'sys')}/`;
  return mountinfo
    .split('\n')
    .filter((line) => line.split(' ')[4]?.startsWith(beside))
    .join('\n');
}

function accountsMemory({ version, folder }: MemoryHierarchy): boolean {
  if (existsSync(toOs(`${folder}/${groupFilesOf(version)[0]!.name}`))) return true;
  return version === 2 && /\bmemory\b/.test(readFileSync(toOs(`${folder}/cgroup.controllers`), 'latin1'));
}
