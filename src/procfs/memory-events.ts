/**
 * How many processes the kernel killed in our own control group because it was out of memory: `memory.events` of
 * version 2, `memory.oom_control` of version 1.
 *
 * The traps: the root group has no such file, and that is not 0; and in a container the path in `/proc/self/cgroup` is
 * that of the container's own root, or of a hierarchy that is not mounted there.
 */
import path from 'node:path';
import { readBoundedText } from './bounded-file.js';
import { parseCgroups } from './cgroup.js';

/** The count of the line `oom_kill`, the same in both files; undefined when there is none. */
export function oomKillsIn(text: string): number | undefined {
  const found = /^oom_kill (\d+)$/m.exec(text);
  return found ? Number(found[1]) : undefined;
}

/** Of the group of this process, by its `cgroup` text and where the hierarchies are mounted. */
export function readOwnOomKills(root: string, mount = '/sys/fs/cgroup'): number | undefined {
  for (const file of filesOf(root, mount)) {
    try {
      const kills = oomKillsIn(readBoundedText(file));
      if (kills !== undefined) return kills;
    } catch {
      // Of another version of control groups, or not mounted here: the next.
    }
  }
  return undefined;
}

function filesOf(root: string, mount: string): string[] {
  try {
    return parseCgroups(readBoundedText(path.join(root, 'self/cgroup'))).flatMap(({ controllers, path: group }) => {
      if (controllers === '') {
        return [path.join(mount, group, 'memory.events'), path.join(mount, 'memory.events')];
      }
      return controllers.split(',').includes('memory') ? [path.join(mount, 'memory', group, 'memory.oom_control')] : [];
    });
  } catch {
    return [];
  }
}
