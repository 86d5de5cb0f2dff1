/**
 * The parts of one read of very many mappings as one table.
 *
 * The trap: the spans of a part count from the start of its own text.
 */
import { ADDRESS_COLUMNS, MappingTable, NO_SPAN, WORD_COLUMNS } from '../procfs/mapping-table.js';
import type { RecordedMappings } from './mapping-record.js';

/** The rows of all parts, in their order, and the text that their spans lie in. */
export function joinParts(parts: readonly RecordedMappings[]): {
  readonly table: MappingTable;
  readonly text: Uint8Array;
} {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const table = new MappingTable(parts.reduce((sum, part) => sum + part.table.rows, 0));
  let row = 0;
  let offset = 0;
  for (const { table: own, text } of parts) {
    const { rows } = own;
    for (const name of ADDRESS_COLUMNS) table[name].set(own[name].subarray(0, rows), row);
    for (const name of WORD_COLUMNS) table[name].set(own[name].subarray(0, rows), row);
    table.sizes.forEach((column, index) => {
      column.set(own.sizes[index]!.subarray(0, rows), row);
    });
    table.perms.set(own.perms.subarray(0, rows), row);
    for (let index = row; index < row + rows; index++) {
      table.nameStart[index]! += offset;
      if (table.flagsStart[index] !== NO_SPAN) table.flagsStart[index]! += offset;
    }
    row += rows;
    offset += text.length;
  }
  table.header[0] = row;
  return { table, text: Buffer.concat(parts.map(({ text }) => text)) };
}
