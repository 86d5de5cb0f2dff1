/**
 * The folder of a new recording, where it is missing: for its owner alone, or for a group to look into.
 *
 * The trap: a path with a mistake in its first parts would make a tree of folders that nobody meant. So only the last one
 * is made, and whoever wants more makes them by hand.
 */
import { chmodSync, chownSync, mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { StorageError } from '../ring/storage-error.js';

/**
 * Makes the folder that `file` lies in if it is the only one that is missing: 0700, or 0750 and of that group. Returns
 * it if it was made. Throws `StorageError` when it cannot be made or given to the group; a missing folder above it is left to the creation of the file.
 */
export function makeFolderOf(file: string, group?: number): string | undefined {
  const folder = path.dirname(file);
  try {
    mkdirSync(folder, 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // There already, or too much is missing: what comes next says what is wrong with it.
    if (code === 'EEXIST' || code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw StorageError.from(error, folder, 'make the folder');
  }
  if (group === undefined) return folder;
  try {
    chownSync(folder, -1, group);
    chmodSync(folder, 0o750);
  } catch (error) {
    rmdirSync(folder);
    throw StorageError.from(error, folder, `give group ${group}`);
  }
  return folder;
}
