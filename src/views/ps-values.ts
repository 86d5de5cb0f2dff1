/** What columns of a process list show, one function each: exact values, and the text that procps makes of them. */
import { readlinkSync } from 'node:fs';
import type { StatFieldName } from '../procfs/stat-span.js';
import { StatusText } from '../procfs/status-lines.js';
import type { PsModes } from './ps-column.js';
import { shownText } from './ps-command.js';
import type { PsFile, PsRow } from './ps-row.js';

const NS_PER_SECOND = 1e9;
const KILOBYTE = 1024;
/** `RLIM_INFINITY`, as the double that is nearest. */
const UNLIMITED = 2 ** 64;
/** Names of scheduling policies by number; above, `?`. */
const POLICIES = ['TS', 'FF', 'RR', 'B', 'ISO', 'IDL', 'DLN', '#7', '#8', '#9'];

export function whole(value: number): string {
  return Number.isNaN(value) ? '-' : String(value);
}

export function kilobytes(bytes: number, absent: string): string {
  return Number.isNaN(bytes) ? absent : String(Math.floor(bytes / KILOBYTE));
}

export function tenths(value: number): string {
  return `${Math.floor(value / 10)}.${value % 10}`;
}

/** Unsigned ids as procps prints them: the last one is -1. */
export function idNumber(id: number): string {
  return Number.isNaN(id) ? '?' : String(id | 0);
}

export function nanoseconds(row: PsRow, ticks: number): number {
  return (ticks * NS_PER_SECOND) / row.host.units.clockTicksPerSecond;
}

export function seconds(row: PsRow, ticks: number, text: (seconds: number) => string): string {
  return Number.isNaN(ticks) ? '-' : text(Math.floor(ticks / row.host.units.clockTicksPerSecond));
}

const startTexts = new Map<(seconds: number, now: number) => string, Map<number, string>>();

/** The start of a process by one of the clock's texts, which changes every `step` seconds; many start in the same. */
export function startText(row: PsRow, step: number, text: (seconds: number, now: number) => string): string {
  const at = row.startedAt;
  if (Number.isNaN(at)) return '-';
  let known = startTexts.get(text);
  if (known === undefined) {
    known = new Map();
    startTexts.set(text, known);
  }
  const from = at - (at % step);
  const shown = known.get(from);
  if (shown !== undefined) return shown;
  const made = text(at, row.host.now);
  known.set(from, made);
  return made;
}

/** Processor time as a share of the time since the start, in percent of one processor. */
export function cpuPercent(row: PsRow, modes: PsModes): number {
  const { elapsedTicks } = row;
  return elapsedTicks > 0 ? (row.cpuTicks(modes.deadChildren) * 100) / elapsedTicks : elapsedTicks;
}

/** The same as procps counts it: whole parts of `scale`, over an elapsed time that went through seconds. */
export function cpuShare(row: PsRow, dead: boolean, scale: number, text: (share: number) => string): string {
  const { elapsedTicks, host } = row;
  if (Number.isNaN(elapsedTicks)) return '-';
  const ticks = host.units.clockTicksPerSecond;
  const elapsed = Math.trunc((elapsedTicks / ticks) * ticks);
  return text(elapsed > 0 ? Math.floor((row.cpuTicks(dead) * scale) / elapsed) : 0);
}

/** Resident memory in percent of the host's. */
export function memoryPercent(row: PsRow): number {
  return (row.size('vmRSS') * 100) / row.host.facts.memoryTotal;
}

export function memoryShare(row: PsRow): string {
  const total = row.host.facts.memoryTotal;
  if (!row.hasStatus || Number.isNaN(total)) return '-';
  return tenths(Math.min(999, Math.floor(((row.size('vmRSS') || 0) * 1000) / total))).padStart(4);
}

export function stateLetters(row: PsRow): string {
  let letters = row.state;
  const nice = row.number('nice');
  if (nice < 0) letters += '<';
  if (nice > 0) letters += 'N';
  if (row.size('vmLck') > 0) letters += 'L';
  if (row.number('session') === row.pid) letters += 's';
  if (row.number('num_threads') > 1) letters += 'l';
  if (row.number('pgrp') === row.number('tpgid')) letters += '+';
  return letters;
}

/** -1 where the kernel is too old to tell. */
export function policyNumber(row: PsRow): number {
  return row.stat.count > 40 ? row.number('policy') : -1;
}

export function policy(row: PsRow): string {
  const number = policyNumber(row);
  return number === -1 ? '-' : (POLICIES[number] ?? '?');
}

/** Only time-sharing processes have one. */
export function nice(row: PsRow): string {
  const number = policyNumber(row);
  return number === 0 || number === 3 || number === -1 ? String(row.number('nice')) : '-';
}

export function realtimePriority(row: PsRow): string {
  return policyNumber(row) <= 0 ? '-' : String(row.number('rt_priority'));
}

export function runningOn(row: PsRow): string {
  return row.state === 'R' ? String(row.number('processor')) : '*';
}

export function faults(row: PsRow, modes: PsModes, own: StatFieldName, children: StatFieldName): number {
  return row.number(own) + (modes.deadChildren ? row.number(children) : 0);
}

export function accountName(row: PsRow, kind: 'uid' | 'gid', id: number): string | undefined {
  if (Number.isNaN(id)) return undefined;
  const { accounts } = row.host;
  return kind === 'uid' ? accounts.user(id) : accounts.group(id);
}

/** A name, cut with a `+` where it is too long, or its number where a cut would fall into a character. */
export function account(row: PsRow, kind: 'uid' | 'gid', id: number, room: number, asNumber: boolean): string {
  if (Number.isNaN(id)) return '?';
  if (asNumber) return String(id);
  const key = (room * 2 + (kind === 'uid' ? 0 : 1)) * 2 ** 32 + id;
  let known = row.accountTexts.get(key);
  if (known === undefined) {
    known = cutName(row, accountName(row, kind, id) ?? '?', id, room);
    row.accountTexts.set(key, known);
  }
  row.cells = known.cells;
  return known.text;
}

function cutName(row: PsRow, name: string, id: number, room: number): { text: string; cells: number } {
  const text = shownText(row, name, Number.MAX_SAFE_INTEGER);
  if (row.cells <= room) return { text, cells: row.cells };
  const bytes = Buffer.from(text);
  if (room < 1 || bytes[room - 1] >= 127) return { text: String(id), cells: String(id).length };
  return { text: `${bytes.toString('utf8', 0, room - 1)}+`, cells: room };
}

/** The name for sorting and JSON. */
export function latin1Name(row: PsRow): string {
  return row.bytes.toString('latin1', row.stat.commStart, row.stat.commEnd);
}

/** Arguments for sorting and JSON, without the NUL bytes at the end. */
export function sortedArguments(row: PsRow): string | undefined {
  const text = row
    .latin1('cmdline')
    ?.replace(/\0+$/, '')
    .replace(/[\0\n]/g, ' ');
  return text || undefined;
}

export function limited(row: PsRow, latin1: string | undefined, room: number): string {
  return shownText(row, latin1 ?? '-', room);
}

/** The control groups that are not a root, with commas, as procps puts them together. */
export function controlGroups(row: PsRow): string | undefined {
  const lines = row
    .latin1('cgroup')
    ?.split('\n')
    .filter((line) => line !== '' && !line.endsWith('/'));
  return lines?.length ? lines.join(',') : undefined;
}

/** The same, `/` for a process in no group but roots, which procps does not show. */
export function controlGroupsOrRoot(row: PsRow): string | undefined {
  return controlGroups(row) ?? (row.lengthOf('cgroup') > 0 ? '/' : undefined);
}

export function controlGroupName(row: PsRow): string | undefined {
  const groups = controlGroups(row);
  return groups === undefined ? undefined : (/:name=(.+)/.exec(groups)?.[1] ?? groups);
}

/** The path of the program in latin1; undefined when the link is closed to us or leads nowhere. */
export function executable(row: PsRow): string | undefined {
  try {
    return readlinkSync(`${row.host.root}/${row.pid}/exe`, 'latin1');
  } catch {
    return undefined;
  }
}

export function statusText(row: PsRow, name: keyof typeof StatusText): string {
  const { spans } = row.status;
  const index = StatusText[name] * 2;
  return row.hasStatus ? row.bytes.toString('latin1', spans[index], spans[index + 1]) : '';
}

export function groupIds(row: PsRow): string | undefined {
  return statusText(row, 'groups').trimEnd().replaceAll(' ', ',') || undefined;
}

export function groupNames(row: PsRow): string | undefined {
  const ids = groupIds(row)?.split(',');
  return ids?.map((id) => row.host.accounts.group(Number(id))).join(',');
}

/** A mask of signals in 16 digits where there is room, else in 9 with `<` where a bit is cut off. */
export function signals(mask: string, room: number): string {
  if (mask === '') return '-';
  if (room >= 16) return mask;
  return mask.replace(/^0+/, '').length > 8 ? `<${mask.slice(-8)}` : mask.slice(-8);
}

/** Where in the kernel a process waits; `-` when it does not, undefined when the file is closed to us. */
export function wchan(row: PsRow): string | undefined {
  const name = row.latin1('wchan');
  if (name === undefined) return undefined;
  return name === '0' ? '-' : name.replace(/^\./, '').replace(/^_+/, '');
}

export function wchanText(row: PsRow, room: number): string {
  return (wchan(row) ?? '?').slice(0, room);
}

/** A security label up to the first character that does not print. */
export function label(row: PsRow): string | undefined {
  return /^[ -~]+/.exec(row.latin1('attr/current') ?? '')?.[0];
}

export function shortTty(row: PsRow): string {
  return row.host.ttys
    .nameOf(row.number('tty_nr'), row.pid)
    .replace(/^tty(?=.)/, '')
    .replace(/^pts\/(?=.)/, '');
}

export function pages(row: PsRow): string {
  const bytes = row.size('vmSize');
  return String(Math.floor((Number.isNaN(bytes) ? 0 : bytes) / row.host.units.pageSize));
}

export function dataAndStack(row: PsRow): number {
  return row.size('vmData') + row.size('vmStk');
}

/** Address space that is not code. Its edges are 0 or 1 where we may not trace the process. */
export function dataSize(row: PsRow): number {
  return row.number('vsize') > 0 ? row.number('vsize') - textSize(row) : 0;
}

export function textSize(row: PsRow): number {
  return row.number('vsize') > 0 ? row.number('endcode') - row.number('startcode') : 0;
}

export function rssLimit(row: PsRow): number {
  const limit = row.number('rsslim');
  return limit >= UNLIMITED ? Number.NaN : limit;
}

export function rssLimitText(row: PsRow): string {
  const limit = rssLimit(row);
  return Number.isNaN(limit) ? 'xx' : String(Math.floor(limit / KILOBYTE)).padStart(5);
}

export function hex(row: PsRow, field: 'startstack' | 'kstkesp' | 'kstkeip'): string {
  return BigInt(row.stat.digits(field) || 0)
    .toString(16)
    .padStart(16, '0');
}

/** A file that is one number. */
export function smallFile(row: PsRow, file: PsFile): number {
  const text = row.latin1(file);
  return text === undefined ? Number.NaN : Number(text);
}

/** Nanoseconds since its memory was shared out among those who map it. */
export function pssAge(row: PsRow): number {
  return row.lengthOf('smaps_rollup') > 0 ? 0 : Number.NaN;
}

/** The user who logged in; unknown where nobody did. */
export function loginUid(row: PsRow): number {
  const uid = smallFile(row, 'loginuid');
  return uid === 2 ** 32 - 1 ? Number.NaN : uid;
}
