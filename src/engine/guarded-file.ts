/**
 * Reading a file of a process that may never answer: `cmdline`, `environ`, `maps`, `smaps` and `smaps_rollup` of one whose
 * memory map is locked by somebody who does not let go.
 *
 * The trap: such a read cannot be taken back, not even by the end of a worker. The addon makes it in a thread that it can
 * leave behind. Without the addon Node has nothing of the kind, and the read is made here: then only a signal helps.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { nativeBinding } from './native-binding.js';

/** Spans of a text are 32 bits wide; 2.2 million mappings, the most seen in the field, make 1.8 GB. */
const MOST_BYTES = 2 ** 31;

/** The bytes of a file as far as they can be read, once it is open. Throws as `readGuardedFile` does. */
export function readGuardedPart(path: string): Uint8Array {
  return read(path, true);
}

/** The bytes of a file. Throws the error of the system, with `code` `ETIMEDOUT` when it did not answer in time. */
export function readGuardedFile(path: string): Uint8Array {
  return read(path, false);
}

function read(path: string, takesPart: boolean): Uint8Array {
  const binding = nativeBinding();
  if (binding.state !== 'loaded') return readHere(path, takesPart);
  const bytes = binding.addon.readGuarded(path, MOST_BYTES, takesPart);
  if (typeof bytes !== 'number') return bytes;
  const code = getSystemErrorName(bytes);
  const what = code === 'ETIMEDOUT' ? 'its memory map is locked, and the read did not come back' : 'cannot read';
  throw Object.assign(new Error(`${code}: ${what}, open '${path}'`), { code, errno: bytes, path });
}

/** Bytes that a first read has room for: the smaps of some hundred mappings. */
const FIRST_ROOM = 1 << 20;

/** The kernel gives about a page at a time, so each piece is read to where it belongs. */
function readHere(path: string, takesPart: boolean): Uint8Array {
  if (!takesPart) return readFileSync(path);
  const fd = openSync(path, 'r');
  let bytes = Buffer.allocUnsafeSlow(FIRST_ROOM);
  let length = 0;
  try {
    for (;;) {
      if (length === bytes.length) {
        const larger = Buffer.allocUnsafeSlow(bytes.length * 2);
        larger.set(bytes);
        bytes = larger;
      }
      const got = readSync(fd, bytes, length, bytes.length - length, null);
      if (got === 0) break;
      length += got;
    }
  } catch {
    // ESRCH: it has just ended.
  } finally {
    closeSync(fd);
  }
  return bytes.subarray(0, length);
}
