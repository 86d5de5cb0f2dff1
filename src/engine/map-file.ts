/**
 * Writing a file through memory, where the addon is there to map it: threads of the addon store and flush, so nobody here
 * waits for a disk.
 *
 * The trap: what the addon answers are errnos, of which EFAULT means here that the file was cut, or that the disk had no
 * room after all, under a mapping that held; and ENOBUFS that the disk takes nothing while more and more is handed over.
 */
import { getSystemErrorName } from 'node:util';
import { nativeBinding } from './native-binding.js';

/** At most this much passes between a frame and the flush that puts it on stable storage. */
const FLUSH_EVERY_MS = 500;

const REASONS: Record<string, string> = {
  EFAULT: 'the file was cut, or its disk is full',
  ENOBUFS: 'its disk is too slow, and 8 MiB wait for it',
};

/** Maps the first `sizeBytes` of a file that is open for writing. Undefined when nobody here can. */
export function mapFile(fd: number, sizeBytes: number) {
  const binding = nativeBinding();
  if (binding.state !== 'loaded') return undefined;
  const mapped = new binding.addon.MappedFile(fd, sizeBytes, FLUSH_EVERY_MS);
  if (mapped.error() !== 0) return undefined;
  return {
    write: (at: number, bytes: Uint8Array, from: number, length: number) =>
      check(mapped.write(at, bytes, from, length)),
    commit: (at: number, length: number, crc: number) => check(mapped.commit(at, length, crc)),
    settle: () => check(mapped.settle()),
    gather: (gathers: boolean) => mapped.gather(gathers),
    flushBehind: () => mapped.kick(),
    check: () => check(-mapped.takeError()),
    close: () => mapped.close(),
  };
}

function check(errno: number): void {
  if (errno === 0) return;
  const code = getSystemErrorName(errno);
  const reason = REASONS[code] ?? code;
  throw Object.assign(new Error(`write to a mapped file: ${reason}`), { code });
}
