/**
 * The command line of `pmap` as procps has it, and its exit code for what procps refuses.
 *
 * The trap: a pid is read as C reads a number, so `010` is 8 and `0x10` is 16, and `/proc/self` is passed over without a
 * word; scripts that go through `/proc/*` rely on it.
 */

import { escapeTerminal } from '../text/escape.js';
import type { AddressRange } from '../views/pmap-head.js';
import { CommandError, UsageError } from './command-error.js';
import { type DirectCommand, type DirectWords, parseDirectWords } from './direct-command.js';
import { ExitCode } from './exit-codes.js';

/** procps ends with 1 for whatever it cannot read of its command line. */
export class PmapUsageError extends CommandError {
  constructor(message: string) {
    super(message, ExitCode.failed);
  }
}

export type PmapForm = 'plain' | 'extended' | 'device' | 'detail' | 'all' | 'configured';

const MAX_PID = 0x7fffffff;

/** Parses the words; long options may be shortened, as getopt_long lets them. */
export function parsePmapWords(command: DirectCommand, given: readonly string[]): DirectWords {
  const names = Object.keys(command.options).filter((name) => name.length > 1);
  const end = given.indexOf('--');
  const full = given.map((word, index) => {
    if (!word.startsWith('--') || word === '--' || (end >= 0 && index > end)) return word;
    const [, name, value = ''] = /^--([^=]*)(=.*)?$/s.exec(word)!;
    const meant = names.filter((candidate) => candidate.startsWith(name));
    return names.includes(name) || meant.length !== 1 ? word : `--${meant[0]}${value}`;
  });
  try {
    return parseDirectWords(command, full);
  } catch (error) {
    if (error instanceof UsageError) throw new PmapUsageError(error.message);
    throw error;
  }
}

/** Which of the exclusive forms was asked for. */
export function formOf({ options }: DirectWords): PmapForm {
  if (options.has('create-rc') || options.has('create-rc-to')) {
    throw new PmapUsageError('-n and -N: no configuration is written here; pmap of procps does that');
  }
  const forms: readonly [string, PmapForm][] = [
    ['extended', 'extended'],
    ['device', 'device'],
    ['X', (options.get('X')?.length ?? 0) > 1 ? 'all' : 'detail'],
    ['read-rc', 'configured'],
    ['read-rc-from', 'configured'],
  ];
  const asked = forms.filter(([name]) => options.has(name));
  if (asked.length > 1) throw new PmapUsageError('only one of -c, -C, -d, -x and -X can be given');
  return asked[0]?.[1] ?? 'plain';
}

/** The pids among the words, in their order. Throws `PmapUsageError` for a word that is none. */
export function pidsOf(words: readonly string[]): number[] {
  if (words.length === 0) throw new PmapUsageError('expected a pid, got none');
  const pids: number[] = [];
  for (const word of words) {
    const inProc = word.startsWith('/proc/');
    const text = inProc ? word.slice('/proc/'.length) : word;
    if (inProc && !/^\d/.test(text)) continue;
    const pid = /^0[0-7]*$/.test(text)
      ? Number.parseInt(text, 8)
      : /^(?:[1-9]\d*|0x[\da-f]+)$/i.test(text)
        ? Number(text)
        : 0;
    if (pid < 1 || pid > MAX_PID) throw new PmapUsageError(`"${escapeTerminal(word)}" is not a pid`);
    pids.push(pid);
  }
  if (pids.length === 0) throw new PmapUsageError('none of the words names a process');
  return pids;
}

/** Two hexadecimal addresses with a comma between them; one alone is both, an empty one leaves its end open. */
export function rangeOf({ options }: DirectWords): AddressRange {
  const range = { low: Uint32Array.of(0, 0), high: Uint32Array.of(0xffffffff, 0xffffffff) };
  for (const text of options.get('range') ?? []) {
    const comma = text.indexOf(',');
    const low = comma < 0 ? text : text.slice(0, comma);
    const high = comma < 0 ? text : text.slice(comma + 1);
    setAddress(range.low, low, text);
    setAddress(range.high, high, text);
  }
  return range;
}

function setAddress(halves: Uint32Array, text: string, whole: string): void {
  if (text === '') return;
  const match = /^[ \t\n\v\f\r]*([+-]?)(?:0x(?=[\da-f]))?([\da-f]+)$/i.exec(text);
  if (!match) throw new PmapUsageError(`--range: "${escapeTerminal(whole)}" is not two hexadecimal addresses`);
  const value = BigInt(`0x${match[2]}`);
  const most = (1n << 64n) - 1n;
  const address = value > most ? most : BigInt.asUintN(64, match[1] === '-' ? -value : value);
  halves[0] = Number(address & 0xffffffffn);
  halves[1] = Number(address >> 32n);
}
