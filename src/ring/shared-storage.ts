/**
 * A ring in a SharedArrayBuffer: same bytes as a file, read live by other threads.
 *
 * The trap: plain stores to shared memory may be seen in any order. The commit word is two Atomics stores, CRC then
 * length; a reader that sees the new length sees all that was stored before. A copy torn by a recycling writer is
 * caught by the CRC, whose seed carries the block's generation.
 */
import type { Storage } from './storage.js';

export class SharedStorage implements Storage {
  private readonly bytes: Uint8Array;
  private readonly words: Int32Array;

  constructor(readonly buffer: SharedArrayBuffer) {
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer, 0, buffer.byteLength >>> 2);
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  write(at: number, bytes: Uint8Array, from: number, length: number): void {
    if (at + length > this.bytes.length) throw new RangeError(`Expected a write inside the ring, found offset ${at}`);
    this.bytes.set(bytes.subarray(from, from + length), at);
  }

  commit(at: number, length: number, crc: number): void {
    Atomics.store(this.words, (at >>> 2) + 1, crc | 0);
    Atomics.store(this.words, at >>> 2, length);
  }

  read(at: number, into: Uint8Array, from: number, length: number): number {
    const count = Math.max(0, Math.min(length, this.bytes.length - at));
    if (count === 0) return 0;
    // Pairs with the store of the length in `commit`, so that the copy below is not older than it.
    if (at % 4 === 0 && at >>> 2 < this.words.length) Atomics.load(this.words, at >>> 2);
    into.set(this.bytes.subarray(at, at + count), from);
    return count;
  }

  /** Memory has nothing to wait for, to flush, to trim or to close. */
  gather(): void {}

  settle(): void {}
  flush(): void {}
  flushBehind(): void {}
  trim(_sizeBytes: number): void {}
  close(): void {}
}
