/**
 * Where a ring's bytes live. One byte layout over a file or a SharedArrayBuffer; nothing above this seam knows which.
 *
 * The trap: readers look while the writer writes. `write` gives no order and no atomicity; `commit` does: once its
 * 8 bytes are seen, everything written before it is there.
 */
export interface Storage {
  /** Present size; a file that is cut or trimmed becomes smaller while it is open. */
  readonly sizeBytes: number;
  /** Writes `bytes[from, from + length)` at offset `at`. */
  write(at: number, bytes: Uint8Array, from: number, length: number): void;
  /** Writes the commit word of a frame, u32 length and u32 CRC, at the 8-aligned offset `at`. */
  commit(at: number, length: number, crc: number): void;
  /** Copies up to `length` bytes at offset `at` to `into[from..]`; returns how many there were. */
  read(at: number, into: Uint8Array, from: number, length: number): number;
  /**
   * Between true and false, what is committed may be stored in one go, where another thread stores: to wake it for each costs more
   * than what it does. Whoever waits, by `settle` or `read`, has it at once all the same.
   */
  gather(gathers: boolean): void;
  /**
   * Returns once everything written is where readers see it and where the end of this process does no harm; that is so at
   * once, or a moment later where another thread stores. Throws when it cannot be.
   */
  settle(): void;
  /** Returns once everything written is on stable storage. */
  flush(): void;
  /**
   * Starts the same on another thread and returns at once; a failure shows up in the next `flush`. Storage that can be
   * flushed does so by itself as well, within a second of each commit.
   */
  flushBehind(): void;
  /** Cuts to `sizeBytes`, where that is possible. */
  trim(sizeBytes: number): void;
  close(): void;
}
