/**
 * The bytes of one file of one process for a command that prints them, or the error that says why there are none.
 *
 * The trap: an empty `maps` is no error. A kernel thread has no memory, and whoever sees nothing printed wants to be told
 * that rather than guess.
 */
import { existsSync } from 'node:fs';
import { readGuardedFile } from '../engine/guarded-file.js';
import { readBounded } from '../procfs/bounded-file.js';
import { pad } from '../procfs/padding.js';
import { StatField, StatValues, tokenizeStat } from '../procfs/stat.js';
import { escapeTerminal } from '../text/escape.js';
import { CommandError, exitCodeOf, reasonOf } from './command-error.js';
import { ExitCode } from './exit-codes.js';

const PF_KTHREAD = 0x00200000;
const ZOMBIE = 90;

/** Reads `root/pid/file` at once. Throws `CommandError`: 4 when there is no such process, 5 when it is denied. */
export function readProcessBytes(root: string, pid: number, file: string): Uint8Array {
  try {
    return readGuardedFile(`${root}/${pid}/${file}`);
  } catch (error) {
    throw processFileError(root, pid, file, error);
  }
}

/** The sentence and the exit code for an error of reading a file of a process. */
export function processFileError(root: string, pid: number, file: string, error: unknown): CommandError {
  const { code } = error as NodeJS.ErrnoException;
  const where = root === '/proc' ? '' : ` in "${escapeTerminal(root)}"`;
  if (code === 'ENOENT' && existsSync(`${root}/${pid}`)) {
    return new CommandError(`there is no ${file} of process ${pid}${where}`);
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new CommandError(`there is no process ${pid}${where}`, ExitCode.notFound);
  }
  if (code === 'ESRCH') return new CommandError(`process ${pid}${where} has ended`, ExitCode.notFound);
  return new CommandError(`the ${file} of process ${pid}${where}: ${reasonOf(error)}`, exitCodeOf(error));
}

/** Why the maps of a process that is there are empty, as the end of a sentence. */
export function whyNoMemory(root: string, pid: number): string {
  try {
    const { bytes, length } = pad(readBounded(`${root}/${pid}/stat`));
    const stat = new StatValues();
    if (tokenizeStat(bytes, length, stat)) {
      if (stat.state === ZOMBIE) return 'is a zombie: it has given its memory back';
      if (Number(stat.fields[StatField.flags]) & PF_KTHREAD) return 'is a kernel thread: it has no memory of its own';
    }
  } catch {
    // It ended meanwhile, or the tree has no stat.
  }
  return 'has no memory of its own, or has just replaced or lost it';
}
