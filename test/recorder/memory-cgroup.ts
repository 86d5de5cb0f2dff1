/** A control group with a limit of memory, for tests that run something into it. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseCgroups } from '../../src/procfs/cgroup.js';
import { memoryGroupPath, memoryHierarchyOf } from '../../src/procfs/memory-group.js';
import { until } from './workload.js';

export interface MadeCgroup {
  /** As `/proc/PID/cgroup` of its processes tells it. */
  readonly path: string;
  add(pid: number): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** One below our own, limited to so many bytes; why there is none, where none may be made. */
export function makeCgroup(name: string, maxBytes: number): MadeCgroup | string {
  const hierarchy = memoryHierarchyOf(readFileSync('/proc/self/mountinfo', 'latin1'));
  if (!hierarchy) return 'no control groups are mounted here';
  const own = memoryGroupPath(parseCgroups(readFileSync('/proc/self/cgroup', 'latin1')), hierarchy.version) ?? '/';
  const group = path.join(hierarchy.version === 1 ? '/' : own, name);
  const folder = path.join(hierarchy.folder, group);
  try {
    mkdirSync(folder);
    const file = hierarchy.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
    writeFileSync(path.join(folder, file), String(maxBytes));
  } catch (error) {
    return `no control group may be made: ${(error as Error).message}`;
  }
  return {
    path: group,
    add: (pid) => writeFileSync(path.join(folder, 'cgroup.procs'), String(pid)),
    // The kernel lets go of it a moment after its last process has ended.
    [Symbol.asyncDispose]: async () => {
      await until(() => {
        try {
          rmdirSync(folder);
          return true;
        } catch (error) {
          return (error as NodeJS.ErrnoException).code === 'ENOENT';
        }
      }, 'the end of the group');
    },
  };
}
