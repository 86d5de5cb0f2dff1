/** Rows of the rollup tier in an engine without the addon. */

import { readBoundedText } from '../procfs/bounded-file.js';
import type { MappingTable } from '../procfs/mapping-table.js';
import { rollupValue } from '../procfs/smaps-rollup.js';
import { HOLD_COLUMNS, ROLLUP_FIELDS, SCORE_COLUMNS, Status } from '../schema.js';
import type { TierColumns } from './tier-columns.js';

const FIELDS = ROLLUP_FIELDS.length;
const FIRST_SCORE = FIELDS + HOLD_COLUMNS.length;
/** By column of `SCORE_COLUMNS`. */
const SCORE_FILES = ['oom_score', 'oom_score_adj'];
/** What is no time; of a whole read nothing is sampled. */
const WHOLE: Readonly<Record<string, number>> = {
  rollupPaced: 0,
  sharedPartPpm: Number.NaN,
  sharedPartErrorPpm: Number.NaN,
};

/**
 * Fills the row of a slot from a text that was read whole, in one hold of so many nanoseconds, and from what lies beside it in
 * the folder of the process.
 */
export function fillWholeRollup(
  out: TierColumns,
  slot: number,
  table: MappingTable,
  holdNs: number,
  folder: string,
): void {
  ROLLUP_FIELDS.forEach((name, column) => {
    out.columns[column]![slot] = rollupValue(table, name);
  });
  fillWholeHold(out, slot, holdNs);
  SCORE_FILES.forEach((name, index) => {
    out.columns[FIRST_SCORE + index]![slot] = readScore(`${folder}/${name}`);
  });
}

/** NaN where it cannot be read. */
function readScore(file: string): number {
  try {
    const text = readBoundedText(file);
    return /^-?\d{1,9}\n?$/.test(text) ? Number(text) : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

/** Fills what a row tells of the read itself, made whole in one hold of so many nanoseconds; what lies beside it was not read. */
export function fillWholeHold(out: TierColumns, slot: number, holdNs: number): void {
  HOLD_COLUMNS.forEach((name, index) => {
    out.columns[FIELDS + index]![slot] = WHOLE[name] ?? holdNs;
  });
  SCORE_COLUMNS.forEach((_, index) => {
    out.columns[FIRST_SCORE + index]![slot] = Number.NaN;
  });
}

/** A sweep in pieces where that cannot be done: Node has no system call for it. Returns `count`. */
export function refusePaced(slots: Uint32Array, count: number, out: TierColumns): number {
  for (const slot of slots.subarray(0, count)) {
    out.clear(slot);
    out.status[slot] = Status.unsupported;
  }
  return count;
}
