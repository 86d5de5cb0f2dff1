/**
 * The folder of a new ring.
 *
 * The trap: a folder that others can write to is a hole; so one that is made here belongs to its owner alone, or can be
 * read by a group. One that is there already is left as it is.
 */
import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs';

/** Makes the folder, not those above it, unless it is there. */
export function makeRingFolder(folder: string, group: number | undefined): void {
  if (existsSync(folder)) return;
  mkdirSync(folder, { mode: 0o700 });
  if (group === undefined) return;
  chownSync(folder, -1, group);
  chmodSync(folder, 0o750);
}
