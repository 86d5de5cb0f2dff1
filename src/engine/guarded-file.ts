/**
 * Reading a file of a process that may never answer: `cmdline`, `environ`, `maps`, `smaps` and `smaps_rollup` of one whose
 * memory map is locked by somebody who does not let go.
 *
 * The trap: such a read cannot be taken back, not even by the end of a worker. The addon makes it in a thread that it can
 * leave behind. Without the addon Node has nothing of the kind, and the read is made here: then only a signal helps.
 */
import { readFileSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { nativeBinding } from './native-binding.js';

/** Spans of a text are 32 bits wide; 2.2 million mappings, the most seen in the field, make 1.8 GB. */
const MOST_BYTES = 2 ** 31;

/** The bytes of a file. Throws the error of the system, with `code` `ETIMEDOUT` when it did not answer in time. */
export function readGuardedFile(path: string): Uint8Array {
  const binding = nativeBinding();
  if (binding.state !== 'loaded') return readFileSync(path);
  const bytes = binding.addon.readGuarded(path, MOST_BYTES);
  if (typeof bytes !== 'number') return bytes;
  throw guardedError(bytes, path);
}

/** The error of a read by a thread of the addon, from its negative errno. */
export function guardedError(errno: number, path: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno);
  const what = code === 'ETIMEDOUT' ? 'its memory map is locked, and the read did not come back' : 'cannot read';
  return Object.assign(new Error(`${code}: ${what}, open '${path}'`), { code, errno, path });
}
