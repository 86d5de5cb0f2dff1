/**
 * The lists that options of `ps` take: pids, terminals, and what stands between them.
 *
 * The trap: what is wrong here may be right in procps' second reading of the words, so it is a `Misread`, not yet a
 * refusal.
 */
import { statSync } from 'node:fs';
import { escapeTerminal } from '../text/escape.js';

/** The words have no meaning in this grammar. The sentence is escaped. */
export class Misread extends Error {}

export function entriesOf(list: string, option: string): string[] {
  const entries = list.split(/[ ,\t]/);
  if (!entries.includes('')) return entries;
  throw new Misread(`${option}: an entry of the list "${escapeTerminal(list)}" is empty`);
}

export function pidOf(text: string, option: string): number {
  // procps reads a leading 0 as octal and 0x as hexadecimal.
  const digits = /^0[0-7]+$/.test(text) ? `0o${text.slice(1)}` : text;
  const pid = /^(?:0[ox])?[\da-f]+$/i.test(digits) ? Number(digits) : Number.NaN;
  if (pid >= 1 && pid < 2 ** 31) return pid;
  throw new Misread(`${option}: expected pids, whole numbers from 1 to 2^31 - 1, got "${escapeTerminal(text)}"`);
}

/** The device number of a terminal by its name, in whole or in part; `-` and `?` are none. */
export function ttyOf(text: string, option: string): number {
  const places = text.startsWith('/') ? [text] : ['pts/', '', 'tty', 'pty'].map((part) => `/dev/${part}${text}`);
  for (const place of text.startsWith('/') ? places : [...places, `/dev/${text}nsole`]) {
    const stat = statSync(place, { throwIfNoEntry: false });
    if (stat?.isCharacterDevice()) return stat.rdev;
    if (stat) throw new Misread(`${option}: "${escapeTerminal(place)}" is no terminal`);
  }
  if (text === '-' || text === '?') return 0;
  throw new Misread(`${option}: there is no terminal "${escapeTerminal(text)}"`);
}
