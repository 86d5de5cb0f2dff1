/**
 * The number under which the kernel knows a cgroup.
 *
 * The trap: only the second version of cgroups has such numbers, and where both versions are in use its tree is mounted
 * somewhere below the first one's.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const OWN_MOUNTS = '/proc/self/mountinfo';

/** The number of a cgroup by its path, such as `/system.slice`; undefined when no tree of version 2 has it. */
export function cgroupIdOf(name: string, mountinfo = OWN_MOUNTS): bigint | undefined {
  for (const mount of mountsOf('cgroup2', mountinfo)) {
    try {
      return statSync(path.join(mount, name), { bigint: true }).ino;
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}

/** Whether a tree of version 1 has a cgroup of that path. */
export function isInVersion1(name: string, mountinfo = OWN_MOUNTS): boolean {
  return mountsOf('cgroup', mountinfo).some((mount) => existsSync(path.join(mount, name)));
}

/** Lines are `ID PARENT DEVICE ROOT PLACE OPTIONS.. - TYPE SOURCE OPTIONS`, with blanks of the place as `\\040`. */
function mountsOf(kind: 'cgroup' | 'cgroup2', mountinfo: string): string[] {
  const places: string[] = [];
  for (const line of readFileSync(mountinfo, 'utf8').split('\n')) {
    const [left, right] = line.split(' - ');
    const place = left?.split(' ')[4];
    if (!right?.startsWith(`${kind} `) || place === undefined) continue;
    places.push(place.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
  }
  return places;
}
