/**
 * Writing a result as many files below a folder.
 *
 * The trap: all of them or none. So every file is written beside its final name, and they take their names together, when
 * the last byte of the last one is on disk.
 */
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import type { PartitionPiece } from '../export/partitions.js';
import { escapeTerminal } from '../text/escape.js';
import { CommandError, exitCodeOf, reasonOf } from './command-error.js';
import { AsideFile, openNew, writeWhole } from './output-file.js';

/** Writes the pieces below the folder, which is made if it is not there. Throws `CommandError`, and leaves no new file. */
export async function writeFolder(
  folder: string,
  pieces: AsyncIterable<PartitionPiece>,
  force: boolean,
): Promise<void> {
  const files = new Map<string, AsideFile>();
  const fileOf = (name: string): AsideFile => {
    const known = files.get(name);
    if (known) return known;
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    const made = new AsideFile(file, force);
    files.set(name, made);
    closeSync(openNew(made.partial));
    return made;
  };
  try {
    // As many files as days and hosts: none of them is kept open.
    for await (const { path: name, bytes } of pieces) append(fileOf(name).partial, bytes);
    for (const { partial } of files.values()) flush(partial);
    for (const file of files.values()) file.keep();
  } catch (error) {
    if (error instanceof CommandError || !(error as NodeJS.ErrnoException).code) throw error;
    throw new CommandError(`-o: cannot write ${escapeTerminal(folder)}: ${reasonOf(error)}`, exitCodeOf(error));
  } finally {
    for (const file of files.values()) file.forget();
  }
}

function append(file: string, bytes: Uint8Array): void {
  const fd = openSync(file, 'a');
  try {
    writeWhole(fd, bytes);
  } finally {
    closeSync(fd);
  }
}

function flush(file: string): void {
  const fd = openSync(file, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
