/**
 * The text of `maps` and `smaps` from a table of mappings, as the kernel writes it: what was recorded goes the way of what
 * was read.
 *
 * The traps: a field that was not measured has no line, and is not 0; and the columns of the kernel's text are part of it,
 * since people and programs cut at them.
 */

import { permissionText } from '../procfs/mapping-objects.js';
import { type MappingTable, NO_SPAN, SMAPS_KEYS } from '../procfs/mapping-table.js';
import { ByteWriter } from '../text/byte-writer.js';

const KIBIBYTE = 1024;
/** Columns before the blank that stands before a name. */
const NAME_COLUMN = 72;
/** Columns of a key with its colon, and of a number, which is longer where it has to be: a mapping from 96 GiB on. */
const LABEL_COLUMNS = 16;
const VALUE_COLUMNS = 8;
const LABELS = SMAPS_KEYS.map(({ key }) => `${key}:`.padEnd(LABEL_COLUMNS));

/** One line for each mapping. */
export function mapsText(table: MappingTable, text: Uint8Array): Uint8Array {
  const out = new ByteWriter();
  for (let row = 0; row < table.rows; row++) writeHead(out, table, text, row);
  return out.written();
}

/** The same with the fields that were measured below each line. */
export function smapsText(table: MappingTable, text: Uint8Array): Uint8Array {
  const out = new ByteWriter();
  for (let row = 0; row < table.rows; row++) {
    writeHead(out, table, text, row);
    SMAPS_KEYS.forEach((field, column) => {
      const value = table.sizes[column]![row]!;
      if (Number.isNaN(value)) return;
      const isPlain = 'plain' in field;
      const digits = String(isPlain ? value : value / KIBIBYTE);
      out.ascii(LABELS[column]! + digits.padStart(VALUE_COLUMNS) + (isPlain ? '\n' : ' kB\n'));
    });
    const flags = table.flagsStart[row]!;
    if (flags === NO_SPAN) continue;
    out.ascii('VmFlags: ');
    out.span(text, flags, flags + table.flagsLength[row]!);
    out.newline();
  }
  return out.written();
}

function writeHead(out: ByteWriter, table: MappingTable, text: Uint8Array, row: number): void {
  const hex = (value: bigint) => value.toString(16).padStart(8, '0');
  const device = [table.deviceMajor[row]!, table.deviceMinor[row]!].map((part) => part.toString(16).padStart(2, '0'));
  const head =
    `${hex(table.start[row]!)}-${hex(table.end[row]!)} ${permissionText(table.perms[row]!)} ` +
    `${hex(table.offset[row]!)} ${device.join(':')} ${table.inode[row]!} `;
  const from = table.nameStart[row]!;
  const length = table.nameLength[row]!;
  if (length === 0) out.ascii(head);
  else {
    out.ascii(`${head.padEnd(NAME_COLUMN)} `);
    out.span(text, from, from + length);
  }
  out.newline();
}
