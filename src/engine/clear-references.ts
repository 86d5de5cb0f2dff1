/**
 * Clearing the referenced bits of a process through its `clear_refs`, within a deadline.
 *
 * The trap: the write waits for the target's mmap lock, to hold it alone, and whoever holds that lock may never let go.
 * Meanwhile nobody else gets it either. Node cannot take a write back, but the kernel gives up the wait of a process that is
 * being killed: so a process of its own writes, and is killed when its time is over.
 */
import { spawnSync } from 'node:child_process';
import { constants, openSync } from 'node:fs';

/** Prints how long the write took, in nanoseconds, or the name of its error. */
const WRITER = `
const { writeSync } = require('node:fs');
const from = process.hrtime.bigint();
try {
  writeSync(3, '1');
  console.log(String(process.hrtime.bigint() - from));
} catch (error) {
  console.log(error.code);
}`;
/** What an empty Node needs to start on a busy machine. */
const START_MS = 5000;

/** Opens `clear_refs` of the process whose folder of procfs that is. Throws the error of the system. */
export function openClearReferences(folder: string): number {
  // Where a tree has a FIFO in its place, nobody who reads it is waited for.
  return openSync(`${folder}/clear_refs`, constants.O_WRONLY | constants.O_NONBLOCK);
}

/**
 * Clears the referenced bits of all pages of the process whose `clear_refs` is open there. Returns how long the write took, in
 * nanoseconds: an upper bound of how long the memory map was locked. Throws the error of the system; `ETIMEDOUT` when the
 * lock was not to be had within `deadlineMs`.
 */
export function clearReferences(fd: number, deadlineMs: number): number {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { stdout, error } = spawnSync(process.execPath, ['-e', WRITER], {
    stdio: ['ignore', 'pipe', 'ignore', fd],
    env,
    timeout: START_MS + deadlineMs,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
  });
  if (error) throw error;
  const answer = stdout.trim();
  if (/^\d+$/.test(answer)) return Number(answer);
  throw Object.assign(new Error(`${answer || 'nothing'}: cannot clear referenced bits`), { code: answer || 'EIO' });
}
