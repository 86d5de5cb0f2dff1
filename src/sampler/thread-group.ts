/**
 * Whether a pid is that of a process and not of one of its threads.
 *
 * The trap: /proc lists processes alone, but has a folder for every thread to whoever asks for it by number.
 */
import { closeSync, openSync, readSync } from 'node:fs';

const bytes = Buffer.alloc(1024);

/** False for a thread, and for a pid that nobody has. */
export function isThreadGroup(root: string, pid: number): boolean {
  let fd: number | undefined;
  try {
    fd = openSync(`${root}/${pid}/status`, 'r');
    const text = bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0));
    return Number(/^Tgid:\s*(\d+)/m.exec(text)?.[1]) === pid;
  } catch {
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
