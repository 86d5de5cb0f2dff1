/**
 * Reading a file of any length into a padded buffer that is used again for the next one.
 *
 * The trap: `smaps` comes in pieces of a page or so, says size 0, and reaches gigabytes; a file that has no end must end
 * somewhere.
 */
import { closeSync, readSync } from 'node:fs';
import { isBoundless, MOST_BYTES } from '../procfs/bounded-file.js';
import { PADDING } from '../procfs/padding.js';
import type { KeptFiles } from './kept-files.js';

const CHUNK = 64 * 1024;
/** `readSync` takes no more than 2^31-1 bytes at once. */
const MAX_READ = 2 ** 30;
/** Spans of a text are 32 bits wide; 2.2 million mappings, the most seen in the field, make 1.8 GB. */
const MAX_TEXT = 3 * 2 ** 30;

export class WholeFile {
  bytes = new Uint8Array(4 * CHUNK);

  /** `most`: bytes after which a file has no end. */
  constructor(private readonly most = MAX_TEXT) {}

  /** Fills `bytes`. Returns how many; throws the errno of open or read, `EFBIG` for a file that does not end. */
  read(files: Pick<KeptFiles, 'open'>, path: string): number {
    const fd = files.open(path);
    let length = 0;
    try {
      for (;;) {
        if (length > this.most) throw endless(path);
        if (this.bytes.length < length + CHUNK + PADDING) {
          const larger = new Uint8Array(this.bytes.length * 2);
          larger.set(this.bytes);
          this.bytes = larger;
        }
        const room = Math.min(MAX_READ, this.bytes.length - PADDING - length);
        const got = readSync(fd, this.bytes, length, room, null);
        if (got === 0) return length;
        length += got;
        if (length > MOST_BYTES && length - got <= MOST_BYTES && isBoundless(path, length)) throw endless(path);
      }
    } finally {
      closeSync(fd);
    }
  }
}

function endless(path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${path} does not end`), { code: 'EFBIG' });
}
