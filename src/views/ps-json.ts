/**
 * A process list as JSON: the columns that were asked for by their names in the schema, in bytes and nanoseconds.
 *
 * The trap: absent is not zero. A member that could not be read is left out, and `missing` says which and why.
 */
import { statusNameOfErrno } from '../engine/errno-status.js';
import { textAndHex } from '../procfs/object-values.js';
import type { StatusName } from '../schema.js';
import type { PsColumn, PsModes } from './ps-column.js';
import type { PsFile, PsRow } from './ps-row.js';

export type PsMember = number | string | Record<string, string>;

/** One process. It always begins with what identifies it: pid and start in clock ticks. */
export function psObject(row: PsRow, columns: readonly PsColumn[], modes: PsModes): Record<string, PsMember> {
  const out: Record<string, PsMember> = { pid: row.pid, startTicks: row.number('starttime') };
  const missing: Record<string, string> = {};
  for (const column of columns) {
    if (column.json === undefined) continue;
    const [name] = column.json;
    const value = column.value(row, modes);
    // Texts are in latin1 here, a character for each byte.
    if (typeof value === 'string') Object.assign(out, textAndHex(name, Buffer.from(value, 'latin1')));
    else if (value !== undefined && !Number.isNaN(value)) out[name] = value;
    else missing[name] = reasonOf(row, column);
  }
  if (Object.keys(missing).length > 0) out.missing = missing;
  return out;
}

/** Why a column has no value, as a status. */
export function reasonOf(row: PsRow, column: PsColumn): StatusName {
  const [file] = column.files;
  if (file === undefined) return column.json?.[0] === 'exe' ? exeReason(row) : 'unsupported';
  return fileReason(row, file);
}

/** Why a file gave nothing. A process without memory has no sizes in `status`, and its other files end or are empty. */
export function fileReason(row: PsRow, file: PsFile): StatusName {
  const length = row.lengthOf(file);
  if (length < 0) {
    const status = statusNameOfErrno(length);
    return status === 'gone' && hasNoMemory(row) ? 'no-mm' : status;
  }
  return (file === 'status' || file === 'cmdline' || file === 'smaps_rollup') && hasNoMemory(row)
    ? 'no-mm'
    : 'unsupported';
}

function exeReason(row: PsRow): StatusName {
  return hasNoMemory(row) ? 'no-mm' : 'denied';
}

/** A kernel thread or a zombie: its address space has no size. */
function hasNoMemory(row: PsRow): boolean {
  return row.number('vsize') === 0;
}
