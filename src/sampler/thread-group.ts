/**
 * Whether a pid is that of a process and not of one of its threads.
 *
 * The trap: /proc lists processes alone, but has a folder for every thread to whoever asks for it by number.
 */
import { readSmallText } from '../procfs/small-text.js';

const bytes = Buffer.alloc(1024);

/** False for a thread, and for a pid that nobody has. */
export function isThreadGroup(root: string, pid: number): boolean {
  return Number(/^Tgid:\s*(\d+)/m.exec(readSmallText(`${root}/${pid}/status`, bytes))?.[1]) === pid;
}
