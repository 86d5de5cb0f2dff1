/**
 * How much shmem processes map, as far as what each tells of itself can say.
 *
 * The trap: a page that ten processes map is resident in all ten, so the sum is no amount of memory; it bounds one, as the
 * most of a single process does from below. Who cannot be seen here adds to neither.
 */
import path from 'node:path';
import { readBounded } from '../procfs/bounded-file.js';
import { listProcesses } from '../procfs/list-processes.js';
import { StatusLines, StatusNumber, scanStatusLines } from '../procfs/status-lines.js';

/** Bytes of `RssShmem` of all processes of a tree: the sum, and the most of one. Throws the errno of the tree itself. */
export function readMappedShmem(root: string): { readonly most: number; readonly sum: number } {
  const lines = new StatusLines();
  let [most, sum] = [0, 0];
  for (const pid of listProcesses(root)) {
    let bytes: Uint8Array;
    try {
      bytes = readBounded(path.join(root, String(pid), 'status'));
    } catch {
      // Ended meanwhile.
      continue;
    }
    scanStatusLines(bytes, 0, bytes.length, lines, false);
    const shmem = lines.numbers[StatusNumber.rssShmem]!;
    // A kernel thread has none.
    if (Number.isNaN(shmem)) continue;
    most = Math.max(most, shmem);
    sum += shmem;
  }
  return { most, sum };
}
