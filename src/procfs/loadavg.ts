/**
 * `/proc/loadavg`: three load averages, running and all tasks, and last the pid that was given out last.
 *
 * When it has not changed, nothing has been forked, and the list of processes (650 us for 2,000) need not be read. The
 * trap: it counts threads too, and in the reader's pid namespace; a captured tree's never changes.
 */
import { decimal, scan } from './digits.js';
import { MOST_PID } from './pid-max.js';

/** The last pid that was given out in a tree, from the text of its `loadavg`; -1 when the text does not tell. */
export function lastPidOf(loadavg: Uint8Array, length: number): number {
  let end = length;
  while (end > 0 && loadavg[end - 1] === 10) end--;
  let start = end;
  while (start > 0 && loadavg[start - 1] !== 32) start--;
  const pid = decimal(loadavg, start, end);
  return end > start && scan.end === end && pid <= MOST_PID ? pid : -1;
}

/** The load averages of the last 1, 5 and 15 minutes, or undefined when the text does not begin with three numbers. */
export function parseLoadAverages(loadavg: string): readonly [number, number, number] | undefined {
  const found = /^\s*(\d+(?:\.\d+)?)\s+(\d+(?:\.\d+)?)\s+(\d+(?:\.\d+)?)(?:\s|$)/.exec(loadavg);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3])] : undefined;
}
