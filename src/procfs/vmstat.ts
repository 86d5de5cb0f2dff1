/**
 * `/proc/vmstat`: counters of the host's memory management since boot, one `key value` per line.
 *
 * The traps: keys come and go with the kernel, and a missing one is not 0; it costs more than most (a sum over all CPUs),
 * so it is read once a frame at most; and `oom_kill` counts the kills inside control groups too.
 */
import path from 'node:path';
import { readBoundedText } from './bounded-file.js';

/** Values by the kernel's key, in the kernel's units (pages, events). */
export type Vmstat = ReadonlyMap<string, number>;

/** Parses the text; a line of any other form is left out. */
export function parseVmstat(text: string): Vmstat {
  const values = new Map<string, number>();
  for (const [, key, value] of text.matchAll(/^(\S+) (\d+)$/gm)) values.set(key!, Number(value));
  return values;
}

/** Reads and parses it. Throws the errno when it cannot be read. */
export function readVmstat(root: string): Vmstat {
  return parseVmstat(readBoundedText(path.join(root, 'vmstat')));
}
