/**
 * Writing a result into a new file.
 *
 * The trap: a disk that is full half-way leaves a file that looks whole. So the result is written beside its final name
 * and takes it only when all of it is on disk.
 */
import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { escapeTerminal } from '../text/escape.js';
import { CommandError, exitCodeOf, reasonOf } from './command-error.js';

/** Writes all pieces, or leaves nothing. Throws `CommandError` when the file exists, unless `force` lets it be replaced. */
export function writeNewFile(file: string, pieces: Iterable<string>, force: boolean): void {
  writeAside(file, force, (partial) => {
    const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
    const fd = openSync(partial, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
    try {
      for (const piece of pieces) writeWhole(fd, Buffer.from(piece));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}

/**
 * Lets `write` make a file beside the final name, and gives it that name when it is whole. `write` must not follow a link
 * nor take what is there. Throws as `writeNewFile` does, and what `write` throws.
 */
export function writeAside<T>(file: string, force: boolean, write: (partial: string) => T): T {
  const existing = lstatSync(file, { throwIfNoEntry: false });
  const shown = escapeTerminal(file);
  if (existing?.isDirectory()) throw new CommandError(`-o: ${shown} is a directory`);
  if (existing && !force) throw new CommandError(`-o: ${shown} exists already; --force replaces it`);
  if (existing && !existing.isFile()) throw new CommandError(`-o: ${shown} is no regular file; use - and redirect`);
  const partial = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.partial`);
  const isTaken = lstatSync(partial, { throwIfNoEntry: false }) !== undefined;
  const forget = () => {
    if (!isTaken) rmSync(partial, { force: true });
  };
  // Whoever is interrupted leaves no half of it behind either.
  process.once('exit', forget);
  try {
    const result = write(partial);
    // A link never replaces what somebody else put there meanwhile.
    if (force) renameSync(partial, file);
    else linkSync(partial, file);
    return result;
  } catch (error) {
    if (error instanceof CommandError || !(error as NodeJS.ErrnoException).code) throw error;
    throw new CommandError(`-o: cannot write ${shown}: ${reasonOf(error)}`, exitCodeOf(error));
  } finally {
    process.off('exit', forget);
    forget();
  }
}

/** Whether both paths lead to one file. */
export function isSameFile(a: string, b: string): boolean {
  const [first, second] = [a, b].map((file) => statSync(file, { throwIfNoEntry: false }));
  return a !== '-' && b !== '-' && first?.ino !== undefined && first.ino === second?.ino && first.dev === second.dev;
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}
