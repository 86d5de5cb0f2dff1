/**
 * The begin of a file that may never answer, read beside what the caller does: `cmdline` and `environ` of a process whose
 * memory map is locked by somebody who does not let go.
 *
 * The trap: a read that is stuck keeps its thread. Those of the addon have a deadline and are replaced. Without the addon
 * they are Node's, of which it has four, and needs them for files: so two may be stuck, and then nothing is read any more.
 */
import { close, open, read } from 'node:fs';
import { nativeBinding } from './native-binding.js';

/** `unread`: it could not be read, or did not come back in time. */
export type BegunResult = Uint8Array | 'unread';

export interface BegunRead {
  /** What was read, or undefined while it is under way; it is waited for until the monotonic time `stopNs`. */
  take(stopNs: bigint): BegunResult | undefined;
}

/** Without the addon: a read that takes longer is taken for stuck. */
const STUCK_NS = 1_000_000_000n;
const MOST_STUCK = 2;

const UNREAD: BegunRead = { take: () => 'unread' };
let stuck = 0;

/** Begins to read up to `most` bytes of a file. */
export function beginRead(path: string, most: number): BegunRead {
  const binding = nativeBinding();
  if (binding.state !== 'loaded') return beginByNode(path, most);
  const { addon } = binding;
  const handle = addon.beginGuarded(path, most);
  if (typeof handle === 'number') return UNREAD;
  return {
    take: (stopNs) => {
      const got = addon.takeGuarded(handle, stopNs);
      return typeof got === 'number' ? 'unread' : got;
    },
  };
}

function beginByNode(path: string, most: number): BegunRead {
  if (stuck >= MOST_STUCK) return UNREAD;
  const startedNs = process.hrtime.bigint();
  let result: BegunResult | undefined;
  let isStuck = false;
  const end = (bytes: BegunResult) => {
    if (isStuck) stuck--;
    else result = bytes;
  };
  open(path, 'r', (failed, fd) => {
    if (failed) return end('unread');
    const bytes = Buffer.alloc(most);
    read(fd, bytes, 0, most, null, (error, count) => {
      close(fd, () => {});
      end(error ? 'unread' : bytes.subarray(0, count));
    });
  });
  return {
    take: () => {
      if (result !== undefined || process.hrtime.bigint() - startedNs < STUCK_NS) return result;
      isStuck = true;
      stuck++;
      result = 'unread';
      return result;
    },
  };
}
