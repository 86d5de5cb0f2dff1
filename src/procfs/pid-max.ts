/**
 * `/proc/sys/kernel/pid_max`: one more than the largest pid. procps makes its pid columns as wide as this number.
 *
 * The trap: a container's or a captured tree often lacks it; five digits are what procps takes then.
 */
import path from 'node:path';
import { readBoundedText } from './bounded-file.js';

const USUAL_MAX = 32_768;
/** No kernel can give out a larger one: pids are 32 bits with a sign. */
export const MOST_PID = 0x7fffffff;

/** Digits of the largest number that a pid may reach in this tree; 5 where the tree does not tell. */
export function readPidDigits(root: string): number {
  return String(readPidMax(root)).length;
}

/** One more than the largest pid that may be given out in this tree; 32768 where the tree does not tell. */
export function readPidMax(root: string): number {
  try {
    const line = readBoundedText(path.join(root, 'sys/kernel/pid_max')).split('\n', 1)[0]!;
    return /^\d+$/.test(line) ? Number(line) : USUAL_MAX;
  } catch {
    return USUAL_MAX;
  }
}
