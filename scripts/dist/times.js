/** Times and rights of a tree, such that two builds of the same sources are the same bytes. */
import { chmodSync, lutimesSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Every file and folder from `epoch`, in seconds; readable by all, written by its owner. */
export function setTimes(tree, epoch) {
  const names = readdirSync(tree, { recursive: true });
  for (const name of ['', ...names]) {
    const file = path.join(tree, name);
    const status = statSync(file);
    chmodSync(file, status.isDirectory() || (status.mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
  // Folders last: a change of rights does not touch them, and a new file would.
  for (const name of [...names, '']) lutimesSync(path.join(tree, name), epoch, epoch);
}
