/**
 * The sizes of a process's mappings added up by class.
 *
 * The trap: `maps` has no sizes but that of the address range, so what was not measured stays NaN and never becomes 0; and
 * the sums of the classes must be the sums of the text, to the byte.
 */
import { type MappingTable, SmapsColumn } from '../procfs/mapping-table.js';
import { MAPPING_CLASSES } from './mapping-classes.js';

/** Sums in bytes; NaN where no mapping of the class tells. */
export interface ClassSums {
  count: number;
  size: number;
  rss: number;
  pss: number;
  /** Shared and private dirty pages. */
  dirty: number;
  swap: number;
}

export const SUMMED = ['size', 'rss', 'pss', 'dirty', 'swap'] as const;

const COLUMNS: Record<(typeof SUMMED)[number], readonly number[]> = {
  size: [],
  rss: [SmapsColumn.rss],
  pss: [SmapsColumn.pss],
  dirty: [SmapsColumn.sharedDirty, SmapsColumn.privateDirty],
  swap: [SmapsColumn.swap],
};

/** One entry per class by its number, then the sum of all. `classes` is by row; see `classifyMappings`. */
export function sumByClass(table: MappingTable, classes: Uint8Array): { classes: ClassSums[]; total: ClassSums } {
  const sums = MAPPING_CLASSES.map(nothing);
  const total = nothing();
  for (let row = 0; row < table.rows; row++) {
    for (const sum of [sums[classes[row]!]!, total]) addRow(sum, table, row);
  }
  return { classes: sums, total };
}

/** Adds a row of the table to a sum. */
export function addRow(sum: ClassSums, table: MappingTable, row: number): void {
  sum.count++;
  for (const name of SUMMED) sum[name] = plus(sum[name], sizeOf(table, name, row));
}

/** One value of a row in bytes; NaN when the text does not tell. The size is that of the range of addresses. */
export function sizeOf(table: MappingTable, name: (typeof SUMMED)[number], row: number): number {
  if (name === 'size') {
    const size = table.end[row]! - table.start[row]!;
    return size < 0n ? 0 : Number(size);
  }
  return COLUMNS[name].reduce((sum, column) => plus(sum, table.sizes[column]![row]!), Number.NaN);
}

function plus(sum: number, value: number): number {
  if (Number.isNaN(value)) return sum;
  return Number.isNaN(sum) ? value : sum + value;
}

export function nothing(): ClassSums {
  return { count: 0, size: Number.NaN, rss: Number.NaN, pss: Number.NaN, dirty: Number.NaN, swap: Number.NaN };
}
