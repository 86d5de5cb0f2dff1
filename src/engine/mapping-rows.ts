/** Copying the tokenized mappings of one process behind those of others; the twin of `AppendRows` in the addon. */
import { HeaderWord, type MappingTable, NO_SPAN } from '../procfs/mapping-table.js';
import { Status } from '../schema.js';
import type { MappingSweep } from './mapping-sweep.js';

/** The answer of an engine that cannot read in pieces. */
export function refusePacedMappings(slots: Uint32Array, count: number, out: MappingSweep): number {
  slots.subarray(0, count).forEach((slot, index) => {
    out.status[slot] = Status.unsupported;
    out.spans[index] = out.spans[count + index] = 0;
    out.holds[index] = 0n;
  });
  out.table.header[HeaderWord.rows] = 0;
  return count;
}

/** Whether the rows and the text of `from` fit behind what is there; else `out.needed` says what they need. */
export function fitsMappings(from: MappingTable, out: MappingSweep, row: number, textUsed: number): boolean {
  let bytes = 0;
  for (let index = 0; index < from.rows; index++) bytes += from.nameLength[index]! + from.flagsLength[index]!;
  out.needed[0] = from.rows;
  out.needed[1] = bytes;
  return row + from.rows <= out.table.capacity && textUsed + bytes <= out.text.length;
}

/** Copies all rows of `from`, whose spans lie in `text`. Returns the bytes of text used then. */
export function appendMappings(
  from: MappingTable,
  text: Uint8Array,
  out: MappingSweep,
  row: number,
  textUsed: number,
): number {
  const to = out.table;
  const { rows } = from;
  for (const name of ['start', 'end', 'offset', 'inode'] as const) to[name].set(from[name].subarray(0, rows), row);
  from.sizes.forEach((column, index) => {
    to.sizes[index]!.set(column.subarray(0, rows), row);
  });
  for (const name of ['deviceMajor', 'deviceMinor', 'perms'] as const) to[name].set(from[name].subarray(0, rows), row);
  to.firstOther.fill(0, row, row + rows);
  to.otherCount.fill(0, row, row + rows);
  let used = textUsed;
  for (let index = 0; index < rows; index++) {
    used = copySpan(text, from.nameStart, from.nameLength, index, out.text, to.nameStart, to.nameLength, row, used);
    used = copySpan(text, from.flagsStart, from.flagsLength, index, out.text, to.flagsStart, to.flagsLength, row, used);
  }
  return used;
}

function copySpan(
  text: Uint8Array,
  starts: Uint32Array,
  lengths: Uint32Array,
  index: number,
  into: Uint8Array,
  toStarts: Uint32Array,
  toLengths: Uint32Array,
  row: number,
  used: number,
): number {
  const start = starts[index]!;
  const length = lengths[index]!;
  toLengths[row + index] = length;
  toStarts[row + index] = start === NO_SPAN ? NO_SPAN : used;
  if (start === NO_SPAN) return used;
  into.set(text.subarray(start, start + length), used);
  return used + length;
}
