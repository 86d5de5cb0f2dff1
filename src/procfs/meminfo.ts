/**
 * `/proc/meminfo`: the memory of the host, one `Key: value kB` per line.
 *
 * The traps: the set of keys grows with every kernel, and a key that is missing is not 0; a few values are counts of
 * pages (`HugePages_Total`) and have no `kB`; and in some containers the host's numbers stand beside the container's, so
 * `MemAvailable` may exceed `MemTotal`.
 */
import path from 'node:path';
import { readBoundedText } from './bounded-file.js';

/** Values by the kernel's key: bytes where the kernel says `kB`, else as they are. */
export type Meminfo = ReadonlyMap<string, number>;

const LINE = /^([^\s:]+):[ \t]*(\d+)([ \t]+kB)?[ \t]*$/gm;

/** Parses the text; a line of any other form is left out. */
export function parseMeminfo(text: string): Meminfo {
  const values = new Map<string, number>();
  for (const [, key, value, kB] of text.matchAll(LINE)) {
    values.set(key!, Number(value) * (kB === undefined ? 1 : 1024));
  }
  return values;
}

/** Reads and parses it. Throws the errno when it cannot be read. */
export function readMeminfo(root: string): Meminfo {
  return parseMeminfo(readBoundedText(path.join(root, 'meminfo')));
}
