/**
 * `/proc/PID/smaps_rollup`: the fields of `smaps` summed over all mappings, in the form of one record named `[rollup]`.
 *
 * The traps: the sums are floored to kB once while `smaps` floors every mapping, so they differ by less than one kB per
 * mapping; hugetlb pages are in neither Rss nor Pss; before 4.19 only one read from offset 0 gives right sums.
 */
import { type MappingTable, SmapsColumn } from './mapping-table.js';
import { tokenizeSmaps } from './smaps.js';

/** The schema's name of each rollup column that is one field of the text; `uss` is the sum of two. */
const FIELD_OF_COLUMN = {
  pss: SmapsColumn.pss,
  pssAnon: SmapsColumn.pssAnon,
  pssFile: SmapsColumn.pssFile,
  pssShmem: SmapsColumn.pssShmem,
  pssDirty: SmapsColumn.pssDirty,
  ussHugetlb: SmapsColumn.privateHugetlb,
  swap: SmapsColumn.swap,
  swapPss: SmapsColumn.swapPss,
  referenced: SmapsColumn.referenced,
  anonHugePages: SmapsColumn.anonHugePages,
  locked: SmapsColumn.locked,
} as const;

/** Fills row 0 of the table; false when the text is not one record. */
export function tokenizeSmapsRollup(bytes: Uint8Array, length: number, table: MappingTable): boolean {
  tokenizeSmaps(bytes, length, table);
  return table.rows === 1;
}

/** The value of a rollup column of the schema in bytes, from row 0; NaN where this kernel does not say. */
export function rollupValue(table: MappingTable, column: string): number {
  if (column === 'uss') return table.sizes[SmapsColumn.privateClean]![0]! + table.sizes[SmapsColumn.privateDirty]![0]!;
  const field = FIELD_OF_COLUMN[column as keyof typeof FIELD_OF_COLUMN];
  return field === undefined ? Number.NaN : table.sizes[field]![0]!;
}
