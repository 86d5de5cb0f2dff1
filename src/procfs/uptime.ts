/**
 * `/proc/uptime`: how long the host has been up, and how long its CPUs were idle, in seconds with two decimals.
 *
 * The traps: the idle time is the sum over all CPUs, so it exceeds the uptime; and the step of 10 ms is coarse, so a rate
 * over a short interval is only as good as that.
 */
import path from 'node:path';
import { readBoundedText } from './bounded-file.js';

export interface Uptime {
  /** Nanoseconds since boot, time asleep included, in steps of 10 ms. */
  readonly upNs: number;
  /** Nanoseconds that the CPUs were idle, all together. */
  readonly idleNs: number;
}

/** Parses the text. Throws when it does not hold two numbers. */
export function parseUptime(text: string): Uptime {
  const found = /^\s*(\d+(?:\.\d+)?)\s+(\d+(?:\.\d+)?)(?:\s|$)/.exec(text);
  if (!found) throw new Error('uptime: not two numbers of seconds');
  return { upNs: nanoseconds(found[1]!), idleNs: nanoseconds(found[2]!) };
}

/** Reads and parses it. Throws the errno when it cannot be read. */
export function readUptime(root: string): Uptime {
  return parseUptime(readBoundedText(path.join(root, 'uptime')));
}

/** Rounded, since 0.29 times a billion is not a whole number of nanoseconds in a double. */
function nanoseconds(seconds: string): number {
  return Math.round(Number(seconds) * 1e9);
}
