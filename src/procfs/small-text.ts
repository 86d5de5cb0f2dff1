/**
 * Small files of processes that cannot block, read where only their text matters.
 *
 * The traps: the process may have ended, or may not be looked at; neither is an error of who asks. A tree that somebody makes up may
 * hold a FIFO, which stops whoever opens it; and files of some kernels cannot seek, so each is read where it begins.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** What of the file fits into one read into `bytes`, as characters of one byte each; '' when it cannot be read. */
export function readSmallText(file: string, bytes: Buffer): string {
  let fd: number | undefined;
  try {
    fd = openSync(file, OPEN_FLAGS);
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, null));
  } catch {
    return '';
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
