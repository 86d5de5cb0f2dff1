/**
 * The live processes that somebody means by a name.
 *
 * The traps: the kernel keeps 15 bytes of a name, and threads rename themselves, so the name by which a program was called
 * counts as well; and reading arguments can block for ever on a stuck process, so it has a deadline.
 */
import path from 'node:path';
import { readGuardedFile } from '../engine/guarded-file.js';
import { readBounded } from '../procfs/bounded-file.js';
import { listProcesses } from '../procfs/list-processes.js';
import { attempt } from './attempt.js';

export interface NamedProcess {
  readonly pid: number;
  readonly comm: Uint8Array;
  /** Arguments with spaces between them; '' where they cannot be read. */
  readonly commandLine: string;
}

const LONGEST = 4096;

/** Processes with memory whose name, or the last part of whose first argument, is `name`; we ourselves are left out. */
export function findProcesses(root: string, name: string): NamedProcess[] {
  const own = root === '/proc' ? process.pid : -1;
  return listProcesses(root).flatMap((pid) => {
    if (pid === own) return [];
    const comm = commOf(root, pid);
    if (comm === undefined) return [];
    const args = argumentsOf(`${root}/${pid}`);
    // Kernel threads and zombies have no arguments; a process that does not answer is known by its name alone.
    if (args !== undefined && args.length === 0) return [];
    const called = args?.[0] === undefined ? undefined : path.basename(args[0]);
    if (Buffer.from(comm).toString('utf8') !== name && called !== name) return [];
    return [{ pid, comm, commandLine: (args ?? []).join(' ') }];
  });
}

/** The arguments; none of a process without memory, undefined where they cannot be read. */
export function argumentsOf(folder: string): string[] | undefined {
  const bytes = attempt(() => readGuardedFile(`${folder}/cmdline`));
  if (!bytes) return undefined;
  const text = Buffer.from(bytes.subarray(0, LONGEST)).toString('utf8').replace(/\0+$/, '');
  return text === '' ? [] : text.split('\0');
}

function commOf(root: string, pid: number): Uint8Array | undefined {
  const bytes = attempt(() => readBounded(`${root}/${pid}/comm`));
  return bytes?.subarray(0, bytes.at(-1) === 10 ? -1 : bytes.length);
}
