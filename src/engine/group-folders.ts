/** The groups in a group, by the folders in its folder. */
import { readdirSync } from 'node:fs';
import { toOs } from './byte-path.js';

/** More are not followed: whoever makes so many does it by mistake, or to do harm. */
export const MOST_GROUPS = 16_384;

/** Their names, one character for each byte; undefined where the folder cannot be listed. */
export function foldersIn(folder: string): string[] | undefined {
  try {
    const entries = readdirSync(toOs(folder), { withFileTypes: true, encoding: 'latin1' });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return undefined;
  }
}
