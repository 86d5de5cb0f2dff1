/**
 * Who writes a ring: 32 bytes in its header region, so that a second writer can be refused with the pid of the first, and
 * a reader can tell a writer that is slow from one that is dead.
 *
 * The trap: a pid alone says nothing after a reboot or a wrap of the pid space, so its start time and a checksum of the
 * boot id stand beside it. Whether such a process lives is for the caller to find out: this room knows no processes.
 */
import { crc32 } from 'node:zlib';
import { CLOSE_RECORD, WRITER_MAGIC, WRITER_RECORD } from './layout.js';
import type { Storage } from './storage.js';

export interface RingOwner {
  readonly pid: number;
  /** Clock ticks between boot and the start of the process. */
  readonly startTicks: number;
  /** CRC-32 of the boot id, as text. */
  readonly bootCrc: number;
}

/** Signs the ring. `undefined` takes the signature away. */
export function writeOwner(
  storage: Storage,
  headerBytes: number,
  fileSeed: number,
  owner: RingOwner | undefined,
): void {
  const bytes = new Uint8Array(WRITER_RECORD.bytes);
  if (owner !== undefined) {
    const view = new DataView(bytes.buffer);
    view.setUint32(WRITER_RECORD.magic, WRITER_MAGIC, true);
    view.setUint32(WRITER_RECORD.pid, owner.pid, true);
    view.setBigUint64(WRITER_RECORD.startTicks, BigInt(owner.startTicks), true);
    view.setUint32(WRITER_RECORD.bootCrc, owner.bootCrc, true);
    view.setUint32(WRITER_RECORD.crc, crc32(bytes.subarray(0, WRITER_RECORD.crc), fileSeed), true);
  }
  storage.write(placeOf(headerBytes), bytes, 0, bytes.length);
}

/** The writer that signed last and has not ended in order, or undefined. */
export function readOwner(storage: Storage, headerBytes: number, fileSeed: number): RingOwner | undefined {
  const bytes = new Uint8Array(WRITER_RECORD.bytes);
  if (storage.read(placeOf(headerBytes), bytes, 0, bytes.length) < bytes.length) return undefined;
  const view = new DataView(bytes.buffer);
  if (view.getUint32(WRITER_RECORD.magic, true) !== WRITER_MAGIC) return undefined;
  if (view.getUint32(WRITER_RECORD.crc, true) !== crc32(bytes.subarray(0, WRITER_RECORD.crc), fileSeed))
    return undefined;
  return {
    pid: view.getUint32(WRITER_RECORD.pid, true),
    startTicks: Number(view.getBigUint64(WRITER_RECORD.startTicks, true)),
    bootCrc: view.getUint32(WRITER_RECORD.bootCrc, true),
  };
}

function placeOf(headerBytes: number): number {
  return headerBytes - CLOSE_RECORD.bytes - WRITER_RECORD.bytes;
}
