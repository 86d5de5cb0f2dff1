/**
 * Small files of processes that cannot block, read where only their text matters.
 *
 * The trap: the process may have ended, or may not be looked at; neither is an error of who asks.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** What of the file fits into one read into `bytes`, as characters of one byte each; '' when it cannot be read. */
export function readSmallText(file: string, bytes: Buffer): string {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0));
  } catch {
    return '';
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
