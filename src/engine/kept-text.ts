/**
 * One small kernel file, read whole again and again from a descriptor that stays open.
 *
 * The traps: a text comes in pieces of about a page, also where a larger one was asked for, so only a read of nothing is its
 * end; files of some kernels cannot seek (ESPIPE) and are opened for each read; and a captured tree may hold a FIFO, which
 * must not stop us, or a file without end.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { PADDING } from '../procfs/padding.js';

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
const PIECE = 4096;
/** `zoneinfo` of a host with hundreds of CPUs has some hundreds of kilobytes. */
const MAX_TEXT = 16 * 2 ** 20;

export class KeptText {
  readonly path: string;
  /** The text, with padding behind it; another array after a read that needed more room. */
  bytes = Buffer.alloc(2 * PIECE);
  /** Why the last read returned a negative number. */
  error: unknown;
  #fd = -1;
  #canSeek = true;

  /** `isWhole`: the kernel makes its text in one go (`single_open`), so that one read has all of it. */
  constructor(
    path: string,
    private readonly isWhole = false,
  ) {
    this.path = path;
  }

  /** Reads it into `bytes`. Returns how many there are, or -1 and `error`; the next read opens it anew. */
  read(): number {
    this.error = undefined;
    try {
      return this.#readAll();
    } catch (error) {
      this.close();
      if ((error as NodeJS.ErrnoException).code === 'ESPIPE' && this.#canSeek) {
        this.#canSeek = false;
        return this.read();
      }
      this.error = error;
      return -1;
    }
  }

  /** The text as it was read, byte by byte. */
  text(length: number): string {
    return this.bytes.toString('latin1', 0, length);
  }

  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  #readAll(): number {
    if (this.#fd < 0) this.#fd = openSync(this.path, OPEN_FLAGS);
    let length = 0;
    for (;;) {
      if (length > MAX_TEXT) throw Object.assign(new Error(`${this.path} does not end`), { code: 'EFBIG' });
      if (this.bytes.length < length + PIECE + PADDING) {
        const larger = Buffer.alloc(this.bytes.length * 2);
        larger.set(this.bytes);
        this.bytes = larger;
      }
      const room = this.bytes.length - PADDING - length;
      const got = readSync(this.#fd, this.bytes, length, room, this.#canSeek ? length : null);
      length += got;
      if (got === 0 || (this.isWhole && got < room)) break;
    }
    if (!this.#canSeek) this.close();
    return length;
  }
}
