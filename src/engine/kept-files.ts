/**
 * The small files of processes, read again and again from descriptors that stay open.
 *
 * The traps: a kept descriptor of `statm` or `stat` follows the process through exec and says ESRCH once it is gone;
 * descriptors run out, so beyond a limit files are opened per use, and when the whole process has none left the kept ones
 * are given back; procfs files of some kernels cannot seek (ESPIPE), then none is kept at all.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';

/** `O_NONBLOCK`: a captured or hostile tree may hold a FIFO, which must not stop a sweep. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** A file that may be kept open: its path, and its descriptor or -1. */
export interface KeptFile {
  readonly path: string | Buffer;
  fd: number;
}

export class KeptFiles {
  #maxKept: number;
  #canKeep = true;
  readonly #kept = new Set<KeptFile>();

  constructor(maxKept: number) {
    this.#maxKept = maxKept;
  }

  /** Whether no further file will be kept. */
  get isFull(): boolean {
    return this.#kept.size >= this.#maxKept;
  }

  get count(): number {
    return this.#kept.size;
  }

  /** Reads a file that comes whole in one read. Returns the number of bytes; throws the errno of open or read. */
  read(file: KeptFile, into: Uint8Array, size: number): number {
    if (file.fd >= 0) {
      try {
        return readSync(file.fd, into, 0, size, 0);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESPIPE') throw error;
        this.#canKeep = false;
        this.close(file);
      }
    }
    const fd = this.open(file.path);
    let keep = false;
    try {
      const got = readSync(fd, into, 0, size, null);
      keep = this.#canKeep && this.#kept.size < this.#maxKept;
      return got;
    } finally {
      if (keep) {
        file.fd = fd;
        this.#kept.add(file);
      } else {
        closeSync(fd);
      }
    }
  }

  /** Opens a file for one use, giving kept descriptors back when there is none left. Throws the errno. */
  open(path: string | Buffer): number {
    return this.withRoom(() => openSync(path, OPEN_FLAGS));
  }

  /** Does what needs a descriptor, likewise. */
  withRoom<T>(use: () => T): T {
    for (;;) {
      try {
        return use();
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if ((code !== 'EMFILE' && code !== 'ENFILE') || this.#kept.size === 0) throw error;
        this.#giveBack();
      }
    }
  }

  /** Opens a file that stays open until `settle`. Throws the errno. */
  hold(file: KeptFile): void {
    file.fd = this.open(file.path);
    this.#kept.add(file);
  }

  /** Closes a file that was held when it is not wanted any longer, or when there is no room to keep it. */
  settle(file: KeptFile, isWanted: boolean): void {
    if (!isWanted || this.#kept.size > this.#maxKept) this.close(file);
  }

  close(file: KeptFile): void {
    if (file.fd < 0) return;
    closeSync(file.fd);
    file.fd = -1;
    this.#kept.delete(file);
  }

  closeAll(): void {
    for (const file of this.#kept) this.close(file);
  }

  /** Someone else in this process may need descriptors too, so a quarter of the kept ones goes at once. */
  #giveBack(): void {
    this.#maxKept = this.#kept.size - Math.floor(this.#kept.size / 4) - 1;
    for (const file of this.#kept) {
      if (this.#kept.size <= this.#maxKept) break;
      this.close(file);
    }
  }
}
