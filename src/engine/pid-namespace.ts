/**
 * Which pid namespace we live in, and which one a procfs tree shows.
 *
 * The trap: pids mean nothing without their namespace. A tree that was mounted for another one than ours shows numbers that
 * the kernel would take for somebody else's.
 */
import { readlinkSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';

/** The inode of the initial pid namespace, part of the kernel's interface. */
const INITIAL = 0xeffffffc;
const PROC_SUPER_MAGIC = 0x9fa0;

export function isInitialPidNamespace(): boolean {
  try {
    return statSync('/proc/self/ns/pid').ino === INITIAL;
  } catch {
    return false;
  }
}

/** Why a program of this process could not know the pids of that tree, or undefined when it does. */
export function foreignTree(root: string): string | undefined {
  try {
    if (statfsSync(root).type !== PROC_SUPER_MAGIC) return `${root} is no procfs`;
    if (readlinkSync(path.join(root, 'self')) === String(process.pid)) return undefined;
  } catch {
    // No `self` there: we have no number in its namespace.
  }
  return `${root} shows another pid namespace than ours`;
}
