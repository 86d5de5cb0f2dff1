/**
 * `/proc/pressure/memory` and its siblings: the share of time in which tasks waited for memory.
 *
 * The traps: the file is missing without CONFIG_PSI, and reading it fails where PSI was switched off at boot (EOPNOTSUPP),
 * which is no pressure of 0; the averages are percent and lag behind by design, while `total` counts microseconds.
 */
import path from 'node:path';
import { readBoundedText } from './bounded-file.js';

/** Percent of the time, averaged over the last 10, 60 and 300 seconds, and all of it in nanoseconds. */
export interface PressureLine {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly totalNs: number;
}

export interface Pressure {
  /** At least one task waited. */
  readonly some?: PressureLine;
  /** All tasks that were not idle waited. */
  readonly full?: PressureLine;
}

const LINE = /^(some|full) avg10=(\d+\.\d+) avg60=(\d+\.\d+) avg300=(\d+\.\d+) total=(\d+)$/gm;

/** Parses the text; a line of any other form is left out. */
export function parsePressure(text: string): Pressure {
  const found: { some?: PressureLine; full?: PressureLine } = {};
  for (const [, kind, avg10, avg60, avg300, total] of text.matchAll(LINE)) {
    found[kind as 'some' | 'full'] = {
      avg10: Number(avg10),
      avg60: Number(avg60),
      avg300: Number(avg300),
      totalNs: Number(total) * 1000,
    };
  }
  return found;
}

/** What is stored of it: the averages over 10 seconds in percent, and all of it in nanoseconds; NaN for what is not told. */
export interface PressureSums {
  readonly some10: number;
  readonly some: number;
  readonly full10: number;
  readonly full: number;
}

const SUMS =
  /^some avg10=(\d+\.\d+) avg60=\d+\.\d+ avg300=\d+\.\d+ total=(\d+)\n(?:full avg10=(\d+\.\d+) avg60=\d+\.\d+ avg300=\d+\.\d+ total=(\d+)\n)?$/;

/** The same from the lines in the kernel's order, in a third of the time. */
export function pressureSums(text: string): PressureSums {
  const [, some10, some, full10, full] = SUMS.exec(text) ?? [];
  return { some10: Number(some10), some: Number(some) * 1000, full10: Number(full10), full: Number(full) * 1000 };
}

/** Reads and parses it. Throws the errno when it cannot be read. */
export function readMemoryPressure(root: string): Pressure {
  return parsePressure(readBoundedText(path.join(root, 'pressure/memory')));
}
