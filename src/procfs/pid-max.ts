/**
 * `/proc/sys/kernel/pid_max`: one more than the largest pid. procps makes its pid columns as wide as this number.
 *
 * The trap: a container's or a captured tree often lacks it; five digits are what procps takes then.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const USUAL_DIGITS = 5;

/** Digits of the largest number that a pid may reach in this tree; 5 where the tree does not tell. */
export function readPidDigits(root: string): number {
  try {
    const line = readFileSync(path.join(root, 'sys/kernel/pid_max'), 'latin1').split('\n', 1)[0]!;
    return /^\d+$/.test(line) ? line.length : USUAL_DIGITS;
  } catch {
    return USUAL_DIGITS;
  }
}
