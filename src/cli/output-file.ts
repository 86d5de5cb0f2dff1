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
import { ExportError } from '../export/export-error.js';
import { escapeTerminal } from '../text/escape.js';
import { CommandError, exitCodeOf, reasonOf } from './command-error.js';

/** Writes all pieces, or leaves nothing. Throws `CommandError` when the file exists, unless `force` lets it be replaced. */
export async function writeNewFile(file: string, pieces: AsyncIterable<Uint8Array>, force: boolean): Promise<void> {
  const aside = new AsideFile(file, force);
  try {
    const fd = openNew(aside.partial);
    try {
      for await (const piece of pieces) writeWhole(fd, piece);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    aside.keep();
  } catch (error) {
    throw aside.explained(error);
  } finally {
    aside.forget();
  }
}

/** The same of text that is there, or is made without waiting. */
export function writeTextFile(file: string, pieces: Iterable<string>, force: boolean): void {
  writeAside(file, force, (partial) => {
    const fd = openNew(partial);
    try {
      for (const piece of pieces) writeWhole(fd, Buffer.from(piece));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}

/** Opens a file that must not be there yet, for writing. */
export function openNew(file: string): number {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  return openSync(file, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
}

/**
 * Lets `write` make a file beside the final name, and gives it that name when it is whole. `write` must not follow a link
 * nor take what is there. Throws as `writeNewFile` does, and what `write` throws.
 */
export function writeAside<T>(file: string, force: boolean, write: (partial: string) => T): T {
  const aside = new AsideFile(file, force);
  try {
    const result = write(aside.partial);
    aside.keep();
    return result;
  } catch (error) {
    throw aside.explained(error);
  } finally {
    aside.forget();
  }
}

/** Whether both paths lead to one file. */
export function isSameFile(a: string, b: string): boolean {
  const [first, second] = [a, b].map((file) => statSync(file, { throwIfNoEntry: false }));
  return a !== '-' && b !== '-' && first?.ino !== undefined && first.ino === second?.ino && first.dev === second.dev;
}

/** A file beside its final name. Whoever makes one calls `forget` in the end, whether it was kept or not. */
export class AsideFile {
  readonly partial: string;
  readonly #isTaken: boolean;
  readonly #remove = () => {
    if (!this.#isTaken) rmSync(this.partial, { force: true });
  };

  /** Throws `CommandError` when the final name is taken, unless `force` lets it be replaced. */
  constructor(
    private readonly file: string,
    private readonly force: boolean,
  ) {
    const existing = lstatSync(file, { throwIfNoEntry: false });
    const shown = escapeTerminal(file);
    if (existing?.isDirectory()) throw new CommandError(`-o: ${shown} is a directory`);
    if (existing && !force) throw new CommandError(`-o: ${shown} exists already; --force replaces it`);
    if (existing && !existing.isFile()) throw new CommandError(`-o: ${shown} is no regular file; use - and redirect`);
    this.partial = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.partial`);
    this.#isTaken = lstatSync(this.partial, { throwIfNoEntry: false }) !== undefined;
    // Whoever is interrupted leaves no half of it behind either.
    process.once('exit', this.#remove);
  }

  /** Gives it its final name. */
  keep(): void {
    // A link never replaces what somebody else put there meanwhile.
    if (this.force) renameSync(this.partial, this.file);
    else linkSync(this.partial, this.file);
  }

  /** What went wrong in words, where it was the file. */
  explained(error: unknown): unknown {
    if (error instanceof CommandError || error instanceof ExportError) return error;
    if (!(error as NodeJS.ErrnoException).code) return error;
    return new CommandError(`-o: cannot write ${escapeTerminal(this.file)}: ${reasonOf(error)}`, exitCodeOf(error));
  }

  forget(): void {
    process.off('exit', this.#remove);
    this.#remove();
  }
}

export function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}
