/**
 * Why no process of a tree can be read, in a sentence that names a file.
 *
 * The trap: a list without a process looks the same whether nobody was asked for, or whether every file that tells of one is denied,
 * cut, a FIFO or without an end.
 */
import { mostBytesOf, readBounded } from '../procfs/bounded-file.js';
import { listProcesses } from '../procfs/list-processes.js';
import { pad } from '../procfs/padding.js';
import { StatValues, tokenizeStat } from '../procfs/stat.js';

/** Who has ended meanwhile is no reason. */
const MOST_TRIED = 16;

/** By the first processes, or by one; undefined where there are none, or the `stat` of one can be read. */
export function whyUnread(root: string, pid?: number): string | undefined {
  for (const name of (pid === undefined ? pidsOf(root) : [pid]).slice(0, MOST_TRIED)) {
    const file = `${root}/${name}/stat`;
    try {
      const { bytes, length } = pad(readBounded(file, mostBytesOf('stat')));
      if (tokenizeStat(bytes, length, new StatValues())) return undefined;
      return length === 0 ? `${file} is empty` : `${file} is no text of a kernel`;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ESRCH') return message;
    }
  }
  return undefined;
}

function pidsOf(root: string): number[] {
  try {
    return listProcesses(root);
  } catch {
    return [];
  }
}
