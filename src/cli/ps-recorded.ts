/**
 * `ps --in F --at T`: the processes of a recording as they were then, in the columns of the living as far as they were
 * recorded.
 *
 * The trap: a recording knows no users, terminals or sessions, so it cannot choose by them: that is refused, and where
 * nothing is chosen, all are shown.
 */

import { Status } from '../schema.js';
import { escapeTerminal } from '../text/escape.js';
import { isUtf8Locale } from '../text/locale.js';
import { compare, inTrees, type PsQuery } from '../views/ps-list.js';
import {
  RECORDED_COLUMNS,
  type RecordedHost,
  RecordedRow,
  recordedField,
  recordedObject,
  tableRow,
} from '../views/ps-recorded.js';
import type { PsSelection } from '../views/ps-select.js';
import { type PsPage, PsTable } from '../views/ps-table.js';
import { UsageError } from './command-error.js';
import type { DirectWords } from './direct-command.js';
import { hasSwitch } from './direct-options.js';
import { ExitCode } from './exit-codes.js';
import { writeJson } from './output.js';
import type { PsWords } from './ps-asked.js';
import { queryOf } from './ps-query.js';
import { instantText, openInstant, type RecordedInstant, tellWhen } from './recorded-instant.js';
import { atOf } from './recorded-words.js';
import { isTerminal, writeStdout } from './standard-streams.js';

const DEFAULT_COLUMNS = 'pid,ppid,nlwp,time,rss,pss,uss,swap,pss_age,args';
const LEAST_PID_DIGITS = 5;

export async function printRecorded(options: DirectWords, file: string, asked: PsWords, page: PsPage): Promise<void> {
  if (hasSwitch(options, 'by')) throw new UsageError('--by: not of a recording; tidemark top --in groups by command');
  const isPlain = asked.formats.length === 0 && asked.sets.size === 0 && asked.letters.size === 0;
  if (isPlain && !process.env.PS_FORMAT) asked.formats.push({ kind: 'o', list: DEFAULT_COLUMNS });
  const { query, fields } = queryOf(asked, process.env);
  checkRecorded(asked, query);
  using instant = openInstant('ps', file, atOf(options));
  instant.view.findReads();
  const rows = chosenRows(instant, query, asked);
  tellWhen('ps', `${instant.recording.metadata.host.hostname} at ${instantText(instant)}`);
  if (rows.length === 0) process.exitCode = ExitCode.failed;
  if (hasSwitch(options, 'json')) {
    const { timeNs, view } = instant;
    const processes = rows.map((row) => recordedObject(row, fields, query.modes));
    await writeJson({ schema: 1, timeNs: `${timeNs}`, stepNs: `${view.frame.stepNs}`, processes });
    return;
  }
  const digits = Math.max(LEAST_PID_DIGITS, ...rows.map(({ pid }) => String(pid).length));
  const table = new PsTable(fields.map(recordedField), query.modes, page, digits);
  for (const row of rows) table.add(tableRow(row));
  if (rows.length === 0) table.addHeading();
  await writeStdout(table.bytes);
}

function checkRecorded({ lists, runningOnly }: PsWords, { order }: PsQuery): void {
  const stray = lists.find(({ kind }) => kind !== 'pid' && kind !== 'ppid' && kind !== 'comm');
  if (stray || runningOnly) {
    throw new UsageError(
      'a recording can choose by -p, --ppid and -C: users, terminals, sessions and states are not in it',
    );
  }
  for (const { name } of order) {
    if (!RECORDED_COLUMNS.has(name)) throw new UsageError(`--sort: "${escapeTerminal(name)}" is not in a recording`);
  }
}

function chosenRows(
  instant: RecordedInstant,
  { selection, quick, order, forest, modes }: PsQuery,
  asked: PsWords,
): RecordedRow[] {
  const { view } = instant;
  const host = hostOf(instant);
  const { slots, count } = view.frame.rows;
  const there = Array.from(slots.subarray(0, count))
    .filter((slot) => view.frame.identity(slot) && view.frame.status(slot) !== Status.gone)
    .map((slot) => new RecordedRow(host, view, slot));
  if (quick) return quick.flatMap((pid) => there.find((row) => row.pid === pid) ?? []);
  const isOfLists = asked.lists.length > 0 && !selection.all && asked.simple.size === 0;
  const rows = there
    .filter((row) => (isOfLists ? isListed(row, selection) : true) !== (selection.negated && isOfLists))
    .sort((a, b) => a.pid - b.pid);
  const sorted = rows.sort((a, b) => {
    for (const { name, descending } of order) {
      const { value } = RECORDED_COLUMNS.get(name)!;
      const difference = compare(value(a, modes), value(b, modes), descending);
      if (difference !== 0) return difference;
    }
    return 0;
  });
  if (!forest) return sorted;
  const places = sorted.map((row) => ({ pid: row.pid, prefix: '', row }));
  return inTrees(places, ({ row }) => row.parent, forest).map(({ row, prefix }) => {
    row.forest = prefix;
    return row;
  });
}

function isListed(row: RecordedRow, { lists }: PsSelection): boolean {
  return lists.some(({ kind, values }) => {
    if (kind === 'comm')
      return values.some((value) => String(value).startsWith(row.name.toString()) && isName(row, value));
    return values.includes(kind === 'pid' ? row.pid : row.parent);
  });
}

/** The kernel keeps 15 bytes of a name. */
function isName(row: RecordedRow, value: number | string): boolean {
  const name = row.name.toString();
  return name === String(value) || (row.name.length === 15 && String(value).startsWith(name));
}

function hostOf({ recording, timeNs }: RecordedInstant): RecordedHost {
  const { host, startedAt } = recording.metadata;
  const bootTime = Number(BigInt(startedAt.realNs) - BigInt(startedAt.boottimeNs)) / 1e9;
  return {
    clockTicksPerSecond: host.clockTicksPerSecond,
    memoryBytes: host.memoryBytes ?? Number.NaN,
    bootTime: startedAt.boottimeNs === '0' ? Number.NaN : bootTime,
    now: Math.floor(Number(timeNs) / 1e9),
    locale: { utf8: isUtf8Locale(), terminal: isTerminal() },
    programs: recording.programs(),
  };
}
