/**
 * How many processes can be seen here, and of how many the memory can be read.
 *
 * The trap: finding out must not cost what it measures. Opening `smaps_rollup` makes the kernel decide about permission;
 * only reading it walks the target's pages, so nothing is read.
 */
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import path from 'node:path';
import { listProcesses } from '../procfs/list-processes.js';

export interface VisibleProcesses {
  /** Listed in the tree; the sum of the others. */
  visible: number;
  /** `smaps_rollup` may be read. */
  readable: number;
  denied: number;
  /** Kernel threads and zombies, which have no memory of their own. */
  noMm: number;
  /** Ended meanwhile, or without the file. */
  other: number;
}

/** Counts the processes of a tree. Throws the errno when the tree itself cannot be read. */
export function countVisibleProcesses(root: string): VisibleProcesses {
  const counts: VisibleProcesses = { visible: 0, readable: 0, denied: 0, noMm: 0, other: 0 };
  for (const pid of listProcesses(root)) {
    counts.visible++;
    counts[tryOpen(path.join(root, String(pid), 'smaps_rollup'))]++;
  }
  return counts;
}

/** Whether this kernel, or the captured tree, has `smaps_rollup` at all (4.14 and later). */
export function hasSmapsRollup(root: string): boolean {
  if (existsSync(path.join(root, 'self', 'smaps_rollup'))) return true;
  return listProcesses(root).some((pid) => existsSync(path.join(root, String(pid), 'smaps_rollup')));
}

function tryOpen(file: string): 'readable' | 'denied' | 'noMm' | 'other' {
  try {
    closeSync(openSync(file, constants.O_RDONLY | constants.O_NONBLOCK));
    return 'readable';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') return 'denied';
    return code === 'ESRCH' ? 'noMm' : 'other';
  }
}
