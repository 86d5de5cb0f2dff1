/**
 * What a column of a process list is, and the kinds of columns there are: one function each, so that the table of
 * columns has a line for each and says only how it differs.
 *
 * The trap: procps prints 0 where it could read nothing. That is kept where a process truly has none (the RSS of a kernel
 * thread); what was denied is `-` here.
 */
import { StatusNumber } from '../procfs/status-lines.js';
import { argumentsOf, environmentOf, nameOf } from './ps-command.js';
import type { PsFile, PsRow } from './ps-row.js';
import * as show from './ps-values.js';

/** Where a text stands: `user` is left unless users are numbers; `unlimited` is cut at its width, or at the line's end. */
export type PsPlace = 'left' | 'right' | 'user' | 'unlimited' | 'wchan' | 'signal';

/** What changes the text of columns for the whole list. */
export interface PsModes {
  /** Users and `wchan` as numbers: `n`. */
  readonly numbers: boolean;
  /** The name in place of the arguments: `c`. */
  readonly names: boolean;
  /** The arguments in place of the name: `-f`. */
  readonly full: boolean;
  /** The environment behind the command: `e`. */
  readonly environment: boolean;
  /** Times and faults with those of children that ended: `S`. */
  readonly deadChildren: boolean;
}

export type PsUnit = 'bytes' | 'nanoseconds' | 'percent' | 'seconds' | 'pid' | 'count' | 'text';

export interface PsColumn {
  readonly header: string;
  readonly width: number;
  readonly place: PsPlace;
  /** As wide as the largest pid of the host, at least. */
  readonly isPid?: boolean;
  readonly files: readonly PsFile[];
  /** Made of fields of `stat` behind the start time. */
  readonly needsAllOfStat?: boolean;
  /** Made of lines of `status` behind that of resident memory. */
  readonly needsAllOfStatus?: boolean;
  /** Exact, in the unit of `json`; NaN or undefined when it is not known. Sorting goes by it. */
  readonly value: (row: PsRow, modes: PsModes) => number | string | undefined;
  /** What sorting goes by where it is not the value. */
  readonly order?: (row: PsRow, modes: PsModes) => number | string | undefined;
  /** What is printed, in at most `room` columns where the place asks for it. */
  readonly text: (row: PsRow, room: number, modes: PsModes) => string;
  /** Name in JSON and unit; a column without one is there for people only. */
  readonly json?: readonly [name: string, unit: PsUnit];
}

type Value = PsColumn['value'];
type Text = PsColumn['text'];

export const STATUS: readonly PsFile[] = ['status'];
export const ROLLUP: readonly PsFile[] = ['smaps_rollup'];
export const NONE: readonly PsFile[] = [];

export function number(
  header: string,
  width: number,
  json: PsColumn['json'],
  value: (row: PsRow, modes: PsModes) => number,
  files = NONE,
  text: Text = (row, _, modes) => show.whole(value(row, modes)),
): PsColumn {
  return { header, width, place: 'right', files, value, text, ...(json ? { json } : {}) };
}

export function pidColumn(header: string, name: string, value: (row: PsRow) => number): PsColumn {
  return { ...number(header, 5, [name, 'pid'], value), isPid: true };
}

/** A size in bytes, printed in kB. `absent` is what a process without memory has. */
export function size(
  header: string,
  width: number,
  name: string,
  value: (row: PsRow) => number,
  files: readonly PsFile[],
  absent = '-',
): PsColumn {
  return number(header, width, [name, 'bytes'], value, files, (row) => show.kilobytes(value(row), absent));
}

/** A size from `status`, which procps shows as 0 for a process that has no memory. */
export function statusSize(
  header: string,
  width: number,
  name: string,
  line: keyof typeof StatusNumber,
  zero = false,
): PsColumn {
  const value = (row: PsRow) => row.size(line);
  const text: Text = (row) => show.kilobytes(value(row), zero && row.hasStatus ? '0' : '-');
  const needsAllOfStatus = StatusNumber[line] > StatusNumber.vmRSS;
  // A process without memory stands among the smallest in procps' order.
  const order: Value = (row) => (zero && row.hasStatus && Number.isNaN(value(row)) ? 0 : value(row));
  return { ...number(header, width, [name, 'bytes'], value, STATUS, text), needsAllOfStatus, order };
}

export function rollup(header: string, name: string, ...keys: string[]): PsColumn {
  return size(header, 6, name, (row) => keys.reduce((sum, key) => sum + row.lineValue('smaps_rollup', key), 0), ROLLUP);
}

export function account(header: string, json: string, kind: 'uid' | 'gid', which: number): PsColumn {
  return {
    header,
    width: 8,
    place: 'user',
    files: STATUS,
    json: [json, 'text'],
    value: (row) => show.accountName(row, kind, row.id(kind, which)),
    text: (row, room, modes) => show.account(row, kind, row.id(kind, which), room, modes.numbers),
  };
}

export function id(header: string, json: string, kind: 'uid' | 'gid', which: number): PsColumn {
  return number(
    header,
    5,
    [json, 'count'],
    (row) => row.id(kind, which),
    STATUS,
    (row) => show.idNumber(row.id(kind, which)),
  );
}

export function left(
  header: string,
  width: number,
  json: PsColumn['json'],
  value: Value,
  files = NONE,
  text: Text = (row, _, modes) => String(value(row, modes) ?? '-'),
): PsColumn {
  return { header, width, place: 'left', files, value, text, ...(json ? { json } : {}) };
}

export function command(header: string, width: number, isLong: boolean): PsColumn {
  const text: Text = (row, room, modes) => {
    const long = isLong ? !modes.names : modes.full;
    const own = room - row.forest.length;
    let shown = row.forest + (long ? argumentsOf(row, own) : nameOf(row, own));
    let cells = row.forest.length + Math.max(row.cells, 0);
    if (modes.environment && room - cells > 1) {
      const environment = environmentOf(row, room - cells - 1);
      if (environment !== '-') {
        shown += ` ${environment}`;
        cells += 1 + row.cells;
      }
    }
    row.cells = cells;
    return shown;
  };
  const json = isLong ? (['args', 'text'] as const) : (['comm', 'text'] as const);
  const value: Value = (row) => (isLong ? show.sortedArguments(row) : show.latin1Name(row));
  return { header, width, place: 'unlimited', files: isLong ? ['cmdline'] : NONE, value, text, json };
}

export function unlimited(
  header: string,
  width: number,
  name: string,
  files: readonly PsFile[],
  value: (row: PsRow) => string | undefined,
  shown = value,
): PsColumn {
  return {
    header,
    width,
    place: 'unlimited',
    files,
    value,
    json: [name, 'text'],
    text: (row, room) => show.limited(row, shown(row), room),
  };
}

export function mask(header: string, name: string, text: (row: PsRow) => string): PsColumn {
  return {
    header,
    width: 9,
    place: 'signal',
    files: STATUS,
    needsAllOfStatus: true,
    value: text,
    json: [name, 'text'],
    text: (row, room) => show.signals(text(row), room),
  };
}

export function priority(header: string, of: (priority: number) => number): PsColumn {
  return number(
    header,
    3,
    ['priority', 'count'],
    (row) => row.int('priority'),
    NONE,
    (row) => String(of(row.int('priority'))),
  );
}

export function start(
  header: string,
  width: number,
  text: (seconds: number, now: number) => string,
  step = 1,
): PsColumn {
  return number(
    header,
    width,
    ['startSeconds', 'seconds'],
    (row) => row.startedAt,
    NONE,
    (row) => show.startText(row, step, text),
  );
}

export function cpu(header: string, width: number, text: (seconds: number) => string, dead = false): PsColumn {
  const ticks = (row: PsRow, modes: PsModes) => row.cpuTicks(dead && modes.deadChildren);
  return number(
    header,
    width,
    ['cpuTime', 'nanoseconds'],
    (row, modes) => show.nanoseconds(row, ticks(row, modes)),
    NONE,
    (row, _, modes) => text(Math.floor(ticks(row, modes) / row.host.units.clockTicksPerSecond)),
  );
}

/** Share of one processor since the start; `scale` is how many of a whole procps counts, `text` how it prints them. */
export function share(header: string, width: number, scale: number, text: (share: number) => string): PsColumn {
  return number(header, width, ['cpuPercent', 'percent'], show.cpuPercent, NONE, (row, _, modes) =>
    show.cpuShare(row, modes.deadChildren, scale, text),
  );
}

export function elapsed(header: string, width: number, text: (seconds: number) => string): PsColumn {
  const value = (row: PsRow) => show.nanoseconds(row, row.elapsedTicks);
  return number(header, width, ['elapsed', 'nanoseconds'], value, NONE, (row) =>
    show.seconds(row, row.elapsedTicks, text),
  );
}

export function renamed(column: PsColumn, header: string, width = column.width): PsColumn {
  return { ...column, header, width };
}

/** The same, of a field of `stat` behind the start time. */
export function late(column: PsColumn): PsColumn {
  return { ...column, needsAllOfStat: true };
}
