/**
 * Reading a file of a process that may never answer: `cmdline`, `environ`, `maps`, `smaps` and `smaps_rollup` of one whose
 * memory map is locked by somebody who does not let go.
 *
 * The trap: such a read cannot be taken back, not even by the end of a worker. The addon makes it in a thread that it can
 * leave behind. Without the addon Node has nothing of the kind, and the read is made here: then only a signal helps.
 */
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { mostBytesOf, readBounded } from '../procfs/bounded-file.js';
import { nativeBinding } from './native-binding.js';

/**
 * The bytes of a file. Throws the error of the system, with `code` `ETIMEDOUT` when it did not answer in time, and `EFBIG` for one that
 * does not end.
 */
export function readGuardedFile(path: string): Uint8Array {
  const binding = nativeBinding();
  const most = mostBytesOf(path);
  if (binding.state !== 'loaded') return readBounded(path, most);
  const bytes = binding.addon.readGuarded(path, most + 1);
  if (typeof bytes === 'number') throw guardedError(bytes, path);
  if (bytes.length > most) throw guardedError(-constants.errno.EFBIG, path);
  return bytes;
}

const SENTENCES: Readonly<Record<string, (path: string) => string>> = {
  ETIMEDOUT: (path) => `ETIMEDOUT: its memory map is locked, and the read did not come back, open '${path}'`,
  EFBIG: (path) => `${path} does not end`,
  ENOTSUP: (path) => `${path} is a device and no file of a procfs`,
};

/** The error of a read by a thread of the addon, from its negative errno. */
export function guardedError(errno: number, path: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno);
  const sentence = SENTENCES[code]?.(path) ?? `${code}: cannot read, open '${path}'`;
  return Object.assign(new Error(sentence), { code, errno, path });
}
