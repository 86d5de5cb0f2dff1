/**
 * Which process writes a ring, and whether it lives.
 *
 * The traps: a pid is reused, so it counts only with its start time and boot; and the writer may be in another container,
 * where its pid means another process here: then the lock on the file decides.
 */
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { readStat } from '../procfs/read.js';
import type { RingOwner } from '../ring/writer-record.js';

/** The id of this boot, or '' where the kernel does not tell. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

/** A short form of a boot id. */
export function bootCrcOf(bootId: string): number {
  return crc32(bootId);
}

/** This process as the writer of a ring. */
export function ownSignature(): RingOwner {
  return { pid: process.pid, startTicks: startTicksOf(process.pid) ?? 0, bootCrc: bootCrcOf(readBootId()) };
}

/** Whether the process that signed a ring is still there. */
export function isAlive({ pid, startTicks, bootCrc }: RingOwner): boolean {
  return bootCrc === bootCrcOf(readBootId()) && startTicksOf(pid) === startTicks;
}

function startTicksOf(pid: number): number | undefined {
  const stat = readStat(pid);
  return stat.status === 'ok' ? Number(stat.value.startTicks) : undefined;
}
