/** What the kernel says that a process costs: its CPU time and its resident memory. */
import { readFileSync } from 'node:fs';

const TICK_MS = 10;

/** CPU time of all its threads, milliseconds, in steps of 10. With `isFamily` also that of its children that have ended. */
export function cpuMsOf(pid: number, isFamily = false): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user, system, childUser, childSystem] = fields.slice(11, 15) as [number, number, number, number];
  return (user + system + (isFamily ? childUser + childSystem : 0)) * TICK_MS;
}

/** Bytes: now, and the most that it ever was. */
export function residentOf(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
  return { now: bytes('VmRSS'), most: bytes('VmHWM') };
}
