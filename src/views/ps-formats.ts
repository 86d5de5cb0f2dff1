/**
 * The sets of columns that have an option of their own, and how a list of columns is written: `pid,pss:12=MEMORY`.
 *
 * The trap: the option letters overlap. `-f`, `-l`, `-j` and their kin build one list together, while the letters
 * without a dash pick a whole list each, and two of those contradict each other.
 */
import type { PsColumn } from './ps-column.js';
import { PS_COLUMNS } from './ps-columns.js';

/** A column as it is asked for. */
export interface PsField {
  readonly name: string;
  readonly column: PsColumn;
  readonly header: string;
  /** Undefined for the column's own. */
  readonly width?: number;
}

/** Sets that `-o` takes as a name, as procps has them. */
export const PS_SETS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    DefBSD: 'pid,tname,stat,bsdtime,args',
    DefSysV: 'pid,tname,time,cmd',
    END_BSD: 'state,tname,cputime,comm',
    END_SYS5: 'state,tname,time,command',
    FLASK_context: 'pid,context,command',
    OL_X: 'pid,start_stack,esp,eip,timeout,alarm,stat,tname,bsdtime,args',
    OL_j: 'ppid,pid,pgid,sid,tname,tpgid,stat,uid,bsdtime,args',
    OL_l: 'flags,uid,pid,ppid,priority,nice,vsz,rss,wchan,stat,tname,bsdtime,args',
    OL_s: 'uid,pid,pending,sig_block,sig_ignore,caught,stat,tname,bsdtime,args',
    OL_u: 'user,pid,pcpu,pmem,vsz,rss,tname,stat,start_time,bsdtime,args',
    OL_v: 'pid,tname,stat,bsdtime,maj_flt,m_trs,m_drs,rss,pmem,args',
  }),
);

/** The set of each letter without a dash. */
const SET_OF_LETTER: Readonly<Record<string, string>> = {
  j: 'OL_j',
  l: 'OL_l',
  s: 'OL_s',
  u: 'OL_u',
  v: 'OL_v',
  context: 'FLASK_context',
};

/** What the format options asked for. */
export interface PsFormatOptions {
  /** Letters without a dash that pick a set, and `context` for the option of that name. */
  readonly sets: ReadonlySet<string>;
  /** Of the letters behind a dash: `f`, `l` pick columns, `F j y c M P` change them. */
  readonly letters: ReadonlySet<string>;
  readonly bsdDefaults: boolean;
}

/** A sentence that says why a format cannot be, for people. */
export class PsFormatError extends Error {}

export function fieldOf(name: string, header?: string, width?: number): PsField {
  const column = PS_COLUMNS.get(name);
  if (column === undefined) throw new PsFormatError(`there is no column "${name}"`);
  // A heading widens its column; a width that was asked for stands.
  const least = header === undefined ? undefined : Math.max(column.width, Buffer.byteLength(header));
  const asked = width ?? least;
  return { name, column, header: header ?? column.header, ...(asked === undefined ? {} : { width: asked }) };
}

export function fieldsOfSet(set: string): PsField[] {
  return set.split(',').map((name) => fieldOf(name));
}

/** The fields of a list of columns. Throws `PsFormatError`. */
export function parseFields(list: string): PsField[] {
  const items = list.replace(/[ ,\t\n]$/, '').split(/[ ,\t\n]/);
  if (items.some((item) => item === ''))
    throw new PsFormatError(list === '' ? 'the list of columns is empty' : 'an entry of the list of columns is empty');
  return items.flatMap(parseField);
}

function parseField(item: string): PsField[] {
  const [, name, width, header] = /^([^=:]*)(?::([^=]*))?(?:=(.*))?$/s.exec(item) ?? [];
  if (width !== undefined && !/^[1-9]\d*$/.test(width)) {
    throw new PsFormatError(`the width of "${name}" must be a whole number from 1, got "${width}"`);
  }
  const set = PS_COLUMNS.has(name) ? undefined : PS_SETS.get(name);
  if (set === undefined) return [fieldOf(name, header, width === undefined ? undefined : Number(width))];
  if (width !== undefined) throw new PsFormatError(`"${name}" is several columns and takes no width`);
  return set.split(',').map((one) => fieldOf(one, header));
}

/** The fields of the format options, or of the default. Throws `PsFormatError` when they contradict each other. */
export function fieldsOfOptions({ sets, letters, bsdDefaults }: PsFormatOptions): PsField[] {
  const isFull = letters.has('f') || letters.has('F');
  const isLong = letters.has('l');
  if (sets.size > 1 || (sets.size === 1 && (isFull || isLong)))
    throw new PsFormatError('these formats contradict each other');
  if (letters.has('y') && !isLong) throw new PsFormatError('-y makes no sense without -l');
  const label = letters.has('M') ? ['label'] : [];
  if (sets.size === 1) {
    const [letter] = sets;
    const others = [...letters].filter((one) => one !== 'M');
    if (others.length > 0) throw new PsFormatError(`-${others[0]} cannot change the format ${letter}`);
    return [...label, ...PS_SETS.get(SET_OF_LETTER[letter])!.split(',')].map((name) => fieldOf(name));
  }
  const names = [...label];
  const add = (wanted: boolean, ...more: string[]) => wanted && names.push(...more);
  const [hasF, hasY, hasP, hasC] = ['F', 'y', 'P', 'c'].map((letter) => letters.has(letter));
  add(isLong && !hasY, 'f');
  add(isLong, 's');
  add(isFull, 'uid_hack');
  add(isLong && !isFull, 'uid');
  add(true, 'pid');
  add(isFull || isLong, 'ppid');
  add(letters.has('j'), 'pgid', 'sid');
  add(hasP, 'psr');
  add((isFull || isLong) && !hasC, 'c');
  if (hasC) add(true, 'class', 'pri');
  else add(isLong, 'opri', 'ni');
  add(isLong, hasY ? 'rss' : 'addr_1');
  add(hasF || isLong, 'sz');
  add(isLong, 'wchan');
  add(hasF && !(isLong && hasY), 'rss');
  add(hasF && !hasP, 'psr');
  add(isFull, 'stime');
  add(true, 'tname');
  if (bsdDefaults) {
    add(!isLong, 'stat');
    add(true, 'bsdtime', isFull || isLong ? 'cmd' : 'args');
  } else {
    add(true, 'time', isFull ? 'cmd' : 'ucmd');
  }
  return names.map((name) => fieldOf(name));
}
