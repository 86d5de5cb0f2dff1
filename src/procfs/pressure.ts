/**
 * `/proc/pressure/memory` and its siblings: the share of time in which tasks waited for memory.
 *
 * The traps: the file is missing without CONFIG_PSI, and reading it fails where PSI was switched off at boot (EOPNOTSUPP),
 * which is no pressure of 0; the averages are percent and lag behind by design, while `total` counts microseconds.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

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

/** Reads and parses it. Throws the errno when it cannot be read. */
export function readMemoryPressure(root: string): Pressure {
  return parsePressure(readFileSync(path.join(root, 'pressure/memory'), 'latin1'));
}
