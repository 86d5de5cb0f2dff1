/**
 * The columns of a process list that a recording can fill, by the names that they have for the living.
 *
 * The traps: a share of memory was read at another time than the counters beside it, so its age is a column; and what was
 * not recorded is `-`, also where procps would print 0.
 */
import { identityKey } from '../engine/identity.js';
import type { DeepReading } from '../recording/deep-index.js';
import type { InstantView } from '../recording/instant-view.js';
import type { ProgramPart } from '../recording/program-part.js';
import { COUNTER_COLUMNS, type MetricName, ROLLUP_COLUMNS, STATUSES, Status } from '../schema.js';
import { formatDurationShort } from '../text/duration.js';
import { escaped, escapeProcps, type ProcpsLocale } from '../text/procps-escape.js';
import { bsdStart, bsdTime, cpuTime, elapsedTime, fullTime, longStart, startTime } from './ps-clock.js';
import type { PsColumn, PsModes } from './ps-column.js';
import type { PsField } from './ps-formats.js';
import type { PsRow } from './ps-row.js';
import * as show from './ps-values.js';

/** What is the same for all processes of the instant. */
export interface RecordedHost {
  readonly clockTicksPerSecond: number;
  /** NaN where it was not recorded. */
  readonly memoryBytes: number;
  /** Seconds since the epoch: when the host was booted, and the instant; NaN where it was not recorded. */
  readonly bootTime: number;
  readonly now: number;
  readonly locale: ProcpsLocale;
  readonly programs: ReadonlyMap<string, ProgramPart>;
}

/** One process at the instant. */
export class RecordedRow {
  /** Columns that the text given last takes on a terminal, or -1 for as many as it has characters. */
  cells = -1;
  forest = '';
  readonly pid: number;
  readonly startTicks: number;
  readonly name: Buffer;
  readonly reading: DeepReading | undefined;
  readonly program: ProgramPart;

  constructor(
    readonly host: RecordedHost,
    readonly view: InstantView,
    readonly slot: number,
  ) {
    const identity = view.frame.identity(slot)!;
    const key = identityKey(identity);
    this.pid = identity.pid;
    this.startTicks = identity.startTicks;
    this.name = Buffer.from(identity.comm);
    this.reading = view.reading(key);
    this.program = host.programs.get(key) ?? {};
  }

  get status(): number {
    return this.view.frame.status(this.slot);
  }

  /** A metric of the counters or of the last deep read; NaN when it was not measured. */
  metric(name: MetricName): number {
    const counter = COUNTER_COLUMNS.indexOf(name);
    if (counter >= 0) return this.view.frame.heldCounter(counter, this.slot);
    return this.reading?.values[ROLLUP_COLUMNS.indexOf(name)] ?? Number.NaN;
  }

  get parent(): number {
    const parent = this.metric('parentPid');
    return Number.isNaN(parent) ? this.view.frame.identity(this.slot)!.parentPid : parent;
  }

  get cpuNs(): number {
    return this.metric('userTime') + this.metric('systemTime');
  }

  get startedAt(): number {
    return this.host.bootTime + this.startTicks / this.host.clockTicksPerSecond;
  }

  get elapsedSeconds(): number {
    return Math.max(0, this.host.now - this.startedAt);
  }

  get ageNs(): number {
    const age = this.reading && this.view.ageNs(this.reading);
    return age === undefined ? Number.NaN : Number(age);
  }

  /** Why there is no value of the counters, or of the deep reads. */
  reason(isDeep: boolean): string {
    const { status } = this;
    if (status !== Status.ok) return STATUSES[status] ?? 'lost';
    if (!isDeep) return 'unsupported';
    return this.reading === undefined ? 'not-due' : (STATUSES[this.reading.status] ?? 'lost');
  }
}

interface RecordedColumn {
  readonly value: (row: RecordedRow, modes: PsModes) => number | string | undefined;
  readonly text: (row: RecordedRow, room: number, modes: PsModes) => string;
  readonly isDeep?: boolean;
}

const count = (value: (row: RecordedRow) => number): RecordedColumn => ({
  value,
  text: (row) => show.whole(value(row)),
});
const bytes = (value: (row: RecordedRow) => number, isDeep = false): RecordedColumn => ({
  value,
  text: (row) => show.kilobytes(value(row), '-'),
  isDeep,
});
const deep = (name: MetricName) => bytes((row) => row.metric(name), true);
const duration = (value: (row: RecordedRow) => number, text: (seconds: number) => string): RecordedColumn => ({
  value: (row) => value(row),
  text: (row) => (Number.isNaN(value(row)) ? '-' : text(Math.floor(value(row) / 1e9))),
});
const cpu = (text: (seconds: number) => string) => duration((row) => row.cpuNs, text);
const elapsed = (text: (seconds: number) => string) => duration((row) => row.elapsedSeconds * 1e9, text);
const start = (text: (seconds: number, now: number) => string): RecordedColumn => ({
  value: (row) => Math.floor(row.startedAt),
  text: (row) => (Number.isNaN(row.startedAt) ? '-' : text(Math.floor(row.startedAt), row.host.now)),
});
/** Processor time since the start, as a share of one processor. */
const share: RecordedColumn = {
  value: (row) => (row.cpuNs / 1e9 / row.elapsedSeconds) * 100,
  text: (row) => {
    const percent = (row.cpuNs / 1e9 / row.elapsedSeconds) * 100;
    return Number.isFinite(percent) ? show.tenths(Math.floor(percent * 10)) : '-';
  },
};
const memoryShare: RecordedColumn = {
  value: (row) => (row.metric('rss') * 100) / row.host.memoryBytes,
  text: (row) => {
    const tenths = Math.floor((row.metric('rss') * 1000) / row.host.memoryBytes);
    return Number.isNaN(tenths) ? '-' : show.tenths(tenths);
  },
};
const age: RecordedColumn = {
  value: (row) => row.ageNs,
  text: (row) => formatDurationShort(row.ageNs),
  isDeep: true,
};
const name: RecordedColumn = {
  value: (row) => row.name.toString('latin1'),
  text: (row, room) => shown(row, row.name, room),
};
const args: RecordedColumn = {
  value: (row) => argumentsOf(row)?.toString('latin1'),
  text: (row, room, modes) => {
    const found = modes.names ? undefined : argumentsOf(row);
    if (modes.names) return shown(row, row.name, room);
    return shown(row, found ?? Buffer.concat([Buffer.from('['), row.name, Buffer.from(']')]), room);
  },
};
const exe: RecordedColumn = {
  value: ({ program }) =>
    program.exeHex === undefined ? program.exe : Buffer.from(program.exeHex, 'hex').toString('latin1'),
  text: (row, room) => shown(row, Buffer.from(row.program.exe ?? '-'), room),
};
const pid = count((row) => row.pid);
const rss = bytes((row) => row.metric('rss'));
const vsize = bytes((row) => row.metric('vsize'));
const threads = count((row) => row.metric('threads'));
const minorFaults = count((row) => row.metric('minorFaults'));
const majorFaults = count((row) => row.metric('majorFaults'));

/** By the name that `-o` and `--sort` take; all others were not recorded. */
export const RECORDED_COLUMNS: ReadonlyMap<string, RecordedColumn> = new Map(
  Object.entries({
    ...{ pid, tgid: pid, tid: pid, lwp: pid, spid: pid, ppid: count((row) => row.parent) },
    ...{ comm: name, ucmd: name, ucomm: name, fname: name, args, command: args, exe },
    cmd: { ...args, text: (row, room, modes) => (modes.full ? args : name).text(row, room, modes) },
    ...{ rss, rssize: rss, rsz: rss, vsz: vsize, vsize, m_size: vsize },
    ...{ nlwp: threads, thcount: threads, pmem: memoryShare, '%mem': memoryShare, pcpu: share, '%cpu': share },
    ...{ minflt: minorFaults, min_flt: minorFaults, majflt: majorFaults, maj_flt: majorFaults, pagein: majorFaults },
    ...{ time: cpu(cpuTime), cputime: cpu(cpuTime), atime: cpu(cpuTime), bsdtime: cpu(bsdTime) },
    ...{ cputimes: cpu(String), times: cpu(String), etime: elapsed(elapsedTime), etimes: elapsed(String) },
    ...{ bsdstart: start(bsdStart), lstart: start(fullTime), start: start(longStart) },
    ...{ start_time: start(startTime), stime: start(startTime) },
    ...{ pss: deep('pss'), uss: deep('uss'), pss_anon: deep('pssAnon'), pss_file: deep('pssFile') },
    ...{ pss_shmem: deep('pssShmem'), pss_dirty: deep('pssDirty'), swap: deep('swap'), swap_pss: deep('swapPss') },
    ...{ referenced: deep('referenced'), locked: deep('locked'), thp: deep('anonHugePages'), pss_age: age },
    anon: bytes((row) => row.metric('rssAnon')),
    file: bytes((row) => row.metric('rssFile')),
    shmem: bytes((row) => row.metric('rssShmem')),
  } satisfies Record<string, RecordedColumn>),
);

const NOT_RECORDED: RecordedColumn = { value: () => undefined, text: () => '-' };

/** A field that prints rows of a recording in the place, width and heading that it has for the living. */
export function recordedField(field: PsField): PsField {
  const { value, text } = RECORDED_COLUMNS.get(field.name) ?? NOT_RECORDED;
  // The table moves texts about and looks at nothing of a row but `cells`.
  const column: PsColumn = {
    ...field.column,
    value: (row, modes) => value(row as unknown as RecordedRow, modes),
    text: (row, room, modes) => text(row as unknown as RecordedRow, room, modes),
  };
  return { ...field, column };
}

/** The row for a table of fields that `recordedField` made. */
export function tableRow(row: RecordedRow): PsRow {
  return row as unknown as PsRow;
}

/** One process by the names of the schema; `missing` says what was not measured, and why. */
export function recordedObject(row: RecordedRow, fields: readonly PsField[], modes: PsModes): Record<string, unknown> {
  const out: Record<string, unknown> = { pid: row.pid, startTicks: row.startTicks };
  const missing: Record<string, string> = {};
  for (const { name: field, column } of fields) {
    if (column.json === undefined) continue;
    const [key] = column.json;
    const recorded = RECORDED_COLUMNS.get(field);
    const value = recorded?.value(row, modes);
    if (value === undefined || Number.isNaN(value)) {
      missing[key] = recorded ? row.reason(recorded.isDeep ?? false) : 'unsupported';
    } else if (typeof value === 'string') out[key] = Buffer.from(value, 'latin1').toString('utf8');
    else out[key] = value;
  }
  return Object.keys(missing).length > 0 ? { ...out, missing } : out;
}

function argumentsOf({ program }: RecordedRow): Buffer | undefined {
  const { args: words, argsHex } = program;
  if (words === undefined && argsHex === undefined) return undefined;
  const text = argsHex === undefined ? Buffer.from(words!.join(' ')) : Buffer.from(argsHex, 'hex');
  let end = text.length;
  while (end > 0 && text[end - 1] === 0) end--;
  const line = Buffer.from(text.subarray(0, end));
  for (let at = 0; at < line.length; at++) if (line[at] === 0 || line[at] === 10) line[at] = 32;
  return line;
}

function shown(row: RecordedRow, text: Buffer, room: number): string {
  const own = room - row.forest.length;
  if (own <= 0) return row.forest.slice(0, room);
  const zero = text.indexOf(0);
  const escapedText = escapeProcps(text, 0, zero < 0 ? text.length : zero, own, row.host.locale);
  row.cells = row.forest.length + escaped.cells;
  return row.forest + escapedText;
}
