/**
 * How the mappings of one process grew between two reads.
 *
 * The trap: a mapping has no identity. It grows at either end, merges with its neighbour or splits, so what a mapping had
 * before is taken from all earlier ones at its addresses that have its name, by the share of their range that lies in it.
 */
import { type MappingTable, SmapsColumn } from '../procfs/mapping-table.js';
import { sizeOf } from './class-sums.js';

export interface MappingGrowth {
  readonly row: number;
  /** Change of its resident bytes. */
  readonly growth: number;
}

/** Reads of one process with many mappings come in parts; a part is a table and the text that its spans lie in. */
export interface MappingText {
  readonly table: MappingTable;
  readonly text: Uint8Array;
}

/** One entry per row of `now`; NaN where the text has no sizes. Both in the order of addresses. */
export function mappingGrowth(before: MappingText, now: MappingText): MappingGrowth[] {
  const old = before.table;
  let first = 0;
  return Array.from({ length: now.table.rows }, (_, row) => {
    const start = now.table.start[row]!;
    const end = now.table.end[row]!;
    while (first < old.rows && old.end[first]! <= start) first++;
    let had = 0;
    for (let earlier = first; earlier < old.rows && old.start[earlier]! < end; earlier++) {
      if (!hasSameName(before, earlier, now, row)) continue;
      had += residentOf(old, earlier) * shareOf(old, earlier, start, end);
    }
    return { row, growth: residentOf(now.table, row) - had };
  });
}

/** Resident and swapped bytes of a row: what is swapped out has not been given back. */
export function residentOf(table: MappingTable, row: number): number {
  return table.sizes[SmapsColumn.rss]![row]! + (sizeOf(table, 'swap', row) || 0);
}

function shareOf(table: MappingTable, row: number, start: bigint, end: bigint): number {
  const [from, to] = [table.start[row]!, table.end[row]!];
  const overlap = (to < end ? to : end) - (from > start ? from : start);
  return to <= from || overlap <= 0n ? 0 : Number(overlap) / Number(to - from);
}

function hasSameName(a: MappingText, rowA: number, b: MappingText, rowB: number): boolean {
  const length = a.table.nameLength[rowA]!;
  if (length !== b.table.nameLength[rowB]!) return false;
  const [startA, startB] = [a.table.nameStart[rowA]!, b.table.nameStart[rowB]!];
  for (let at = 0; at < length; at++) if (a.text[startA + at] !== b.text[startB + at]) return false;
  return true;
}
