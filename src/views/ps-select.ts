/**
 * Which processes a list shows, by procps' rules: all of them, those on a terminal or of a user, or those in lists.
 *
 * The trap: lists add up, so `-p 1 -u www` is both, while the switches `a`, `d`, `g`, `x` are one table of four
 * questions (our user? session leader? without a terminal? on ours?) whose answers pick a bit.
 */
import { nameOf } from './ps-command.js';
import type { PsFile, PsRow } from './ps-row.js';

/** What a list of numbers is compared with. */
export type PsListKind = 'pid' | 'ppid' | 'pgrp' | 'session' | 'tty' | 'euid' | 'ruid' | 'egid' | 'rgid' | 'comm';

export interface PsList {
  readonly kind: PsListKind;
  readonly values: readonly (number | string)[];
}

export interface PsSelection {
  readonly all: boolean;
  /** Bit 8 and up: on our terminal; of four: without one; of two: session leader; of one: our user. 0 for no table. */
  readonly bits: number;
  readonly lists: readonly PsList[];
  readonly runningOnly: boolean;
  readonly negated: boolean;
}

/** Who asks. */
export interface PsAsker {
  readonly uid: number;
  /** Device number of our terminal, 0 without one. */
  readonly tty: number;
}

/** Bytes of a name that the kernel keeps; a longer one asked for matches by those. */
const KEPT_NAME = 15;

/** The files that must be read to decide. */
export function filesOfSelection({ all, bits, lists, runningOnly }: PsSelection): PsFile[] {
  const byIds = lists.some(({ kind }) => /^[er][ug]id$/.test(kind));
  return runningOnly || byIds || (!all && bits !== 0) ? ['status'] : [];
}

/** The pids asked for when nothing but pids is: then no other process need be read. */
export function pidsOfSelection({ all, bits, lists, negated }: PsSelection): Set<number> | undefined {
  if (all || bits !== 0 || negated || lists.some(({ kind }) => kind !== 'pid')) return undefined;
  return new Set(lists.flatMap(({ values }) => values as number[]));
}

export function isSelected(row: PsRow, selection: PsSelection, asker: PsAsker): boolean {
  let accepted =
    selection.all || inTable(row, selection.bits, asker) || selection.lists.some((list) => isListed(row, list));
  if (selection.runningOnly && row.state !== 'R' && row.state !== 'D') accepted = false;
  return accepted !== selection.negated;
}

function inTable(row: PsRow, bits: number, asker: PsAsker): boolean {
  if (bits === 0) return false;
  const tty = row.int('tty_nr');
  const isOurs = row.id('uid', 1) === asker.uid ? 1 : 0;
  const isLeader = row.int('session') === row.pid ? 2 : 0;
  const index = isOurs | isLeader | (tty === 0 ? 4 : 0) | (tty === asker.tty ? 8 : 0);
  return (bits & (1 << index)) !== 0;
}

function isListed(row: PsRow, { kind, values }: PsList): boolean {
  if (kind !== 'comm') return values.includes(numberOf(row, kind));
  const name = nameOf(row, Number.MAX_SAFE_INTEGER);
  return values.some((value) => {
    const asked = String(value);
    return name === asked || (name.length === KEPT_NAME && asked.length >= KEPT_NAME && asked.startsWith(name));
  });
}

function numberOf(row: PsRow, kind: Exclude<PsListKind, 'comm'>): number {
  switch (kind) {
    case 'pid':
      return row.pid;
    case 'ppid':
      return row.parent;
    case 'pgrp':
      return row.int('pgrp');
    case 'session':
      return row.int('session');
    case 'tty':
      return row.int('tty_nr');
    case 'euid':
      return row.id('uid', 1);
    case 'ruid':
      return row.id('uid', 0);
    case 'egid':
      return row.id('gid', 1);
    case 'rgid':
      return row.id('gid', 0);
  }
}
