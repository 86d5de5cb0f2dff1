/**
 * What procfs tells of a process that a target may ask for.
 *
 * The trap: the pid namespace of another user's process, and its path and arguments, are told to whoever may trace it and to
 * nobody else: then they are not known, which is not the same as not belonging.
 */
import { readlinkSync } from 'node:fs';
import path from 'node:path';
import { readGuardedFile } from '../engine/guarded-file.js';
import type { ProcessIdentity } from '../engine/identity.js';
import { readBounded, readBoundedText } from '../procfs/bounded-file.js';

export type MatchSubject = 'comm' | 'exe' | 'cmdline';

/** Of the host and not of the process: the next read may be answered. */
const PASSING: ReadonlySet<string | undefined> = new Set(['EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR']);

/** The text that a pattern is matched with; empty where there is none to be had, undefined where it could not be read now. */
export function subjectOf(subject: MatchSubject, root: string, identity: ProcessIdentity): string | undefined {
  if (subject === 'comm') return Buffer.from(identity.comm).toString('utf8');
  try {
    if (subject === 'exe') return readlinkSync(path.join(root, String(identity.pid), 'exe'));
    return Buffer.from(readGuardedFile(path.join(root, String(identity.pid), 'cmdline')))
      .toString('utf8')
      .replace(/\0+$/, '')
      .replaceAll('\0', ' ');
  } catch (error) {
    // Denied, gone, or a kernel thread, which has neither: nothing to match.
    return PASSING.has((error as NodeJS.ErrnoException).code) ? undefined : '';
  }
}

/** The cgroup paths of a process, one per hierarchy. */
export function cgroupsOf(root: string, pid: number): string[] {
  try {
    return readBounded(path.join(root, String(pid), 'cgroup'))
      .toString('utf8')
      .split('\n')
      .map((line) => line.replace(/^\d+:[^:]*:/, ''))
      .filter((cgroup) => cgroup.startsWith('/'));
  } catch {
    return [];
  }
}

/** The effective user; undefined when it cannot be told. */
export function userOf(root: string, pid: number): number | undefined {
  try {
    const found = /^Uid:\s*\d+\s+(\d+)/m.exec(readBoundedText(path.join(root, String(pid), 'status')));
    return found ? Number(found[1]) : undefined;
  } catch {
    return undefined;
  }
}

/** The number of the pid namespace that it lives in; undefined when it cannot be told. */
export function pidNamespaceOf(root: string, pid: number): number | undefined {
  try {
    const found = /^pid:\[(\d+)\]$/.exec(readlinkSync(path.join(root, String(pid), 'ns', 'pid')));
    return found ? Number(found[1]) : undefined;
  } catch {
    return undefined;
  }
}
