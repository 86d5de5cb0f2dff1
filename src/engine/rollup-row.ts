/** Rows of the rollup tier in an engine without the addon. */
import type { MappingTable } from '../procfs/mapping-table.js';
import { rollupValue } from '../procfs/smaps-rollup.js';
import { HOLD_COLUMNS, ROLLUP_COLUMNS, Status } from '../schema.js';
import type { TierColumns } from './tier-columns.js';

const FIELDS = ROLLUP_COLUMNS.length - HOLD_COLUMNS.length;
/** What is no time; of a whole read nothing is sampled. */
const WHOLE: Readonly<Record<string, number>> = {
  rollupPaced: 0,
  sharedPartPpm: Number.NaN,
  sharedPartErrorPpm: Number.NaN,
};

/** Fills the row of a slot from a text that was read whole, in one hold of so many nanoseconds. */
export function fillWholeRollup(out: TierColumns, slot: number, table: MappingTable, holdNs: number): void {
  ROLLUP_COLUMNS.slice(0, FIELDS).forEach((name, column) => {
    out.columns[column]![slot] = rollupValue(table, name);
  });
  fillWholeHold(out, slot, holdNs);
}

/** Fills what a row tells of the read itself, made whole in one hold of so many nanoseconds. */
export function fillWholeHold(out: TierColumns, slot: number, holdNs: number): void {
  HOLD_COLUMNS.forEach((name, index) => {
    out.columns[FIELDS + index]![slot] = WHOLE[name] ?? holdNs;
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
