/** The pids of a procfs tree. A tree of another host may have any; a name that is no pid is not one of them. */
import { readdirSync } from 'node:fs';

/** Pids in the order of the tree. Throws the errno when the tree itself cannot be read. */
export function listProcesses(root: string): number[] {
  return readdirSync(root)
    .filter((name) => /^[1-9]\d{0,9}$/.test(name))
    .map(Number);
}
