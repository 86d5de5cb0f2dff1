/**
 * Copying a ring, also while it is being written, into a new file.
 *
 * What the writer changes under the copy fails its CRC in the copy, as it would under a live reader. Stretches that were
 * never written stay holes, so that a copy of a large ring that holds little takes little.
 */
import { unlinkSync } from 'node:fs';
import { FileStorage } from './file-storage.js';
import type { Storage } from './storage.js';

const CHUNK_BYTES = 64 * 1024;

/**
 * Copies all of `storage` to a new file at `path`; `amend` may add to the copy and close it. Throws `StorageError`: `exists`,
 * `no-space`, `failed`.
 */
export function copyRing(storage: Storage, path: string, amend: (copy: FileStorage) => void = () => {}): void {
  const { sizeBytes } = storage;
  // No space is reserved: the copy is finished at once, and a full disk shows while it is made.
  const copy = FileStorage.create(path, sizeBytes, () => true);
  try {
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
      const length = storage.read(at, chunk, 0, Math.min(CHUNK_BYTES, sizeBytes - at));
      if (length === 0) break;
      if (!isZero(chunk, length)) copy.write(at, chunk, 0, length);
    }
    copy.flush();
    amend(copy);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    copy.close();
  }
}

function isZero(bytes: Uint8Array, length: number): boolean {
  for (let index = 0; index < length; index++) if (bytes[index] !== 0) return false;
  return true;
}
