/**
 * `/proc/PID/stat`: the pid, the name in parentheses, a letter, and about 50 numbers on one line.
 *
 * The trap: the name is raw. It may hold spaces, `)` and newlines, so everything is counted from the *last* `)` of the
 * text, and the text is never split into lines or words before that.
 */
import { scan, signedHalves } from './digits.js';

/** The fields in the order of the text; `comm` and `state` are not numbers. Names as in `proc(5)`. */
export const STAT_FIELDS = [
  'pid',
  'comm',
  'state',
  'ppid',
  'pgrp',
  'session',
  'tty_nr',
  'tpgid',
  'flags',
  'minflt',
  'cminflt',
  'majflt',
  'cmajflt',
  'utime',
  'stime',
  'cutime',
  'cstime',
  'priority',
  'nice',
  'num_threads',
  'itrealvalue',
  'starttime',
  'vsize',
  'rss',
  'rsslim',
  'startcode',
  'endcode',
  'startstack',
  'kstkesp',
  'kstkeip',
  'signal',
  'blocked',
  'sigignore',
  'sigcatch',
  'wchan',
  'nswap',
  'cnswap',
  'exit_signal',
  'processor',
  'rt_priority',
  'policy',
  'delayacct_blkio_ticks',
  'guest_time',
  'cguest_time',
  'start_data',
  'end_data',
  'start_brk',
  'arg_start',
  'arg_end',
  'env_start',
  'env_end',
  'exit_code',
] as const;

/** Index into the fields by name. */
export const StatField = Object.fromEntries(STAT_FIELDS.map((name, index) => [name, index])) as Record<
  (typeof STAT_FIELDS)[number],
  number
>;

/** Fields up to and including `starttime`: fewer make no identity, so the text is refused. */
const REQUIRED_FIELDS = StatField.starttime + 1;

/** The fields of one `stat`: 64-bit two's complement, reused from read to read. */
export class StatValues {
  readonly fields = new BigUint64Array(STAT_FIELDS.length);
  readonly halves = new Uint32Array(this.fields.buffer);
  /** [fields in the text, byte of the state letter, offset of the name, bytes of the name] */
  readonly words = new Uint32Array(4);

  get count(): number {
    return this.words[0]!;
  }
  get state(): number {
    return this.words[1]!;
  }
  get commStart(): number {
    return this.words[2]!;
  }
  get commLength(): number {
    return this.words[3]!;
  }
}

/**
 * Fills `out` from the text; false when it has no name in parentheses or ends before `starttime`. Reads no more than the
 * first `most` fields.
 */
export function tokenizeStat(
  bytes: Uint8Array,
  length: number,
  out: StatValues,
  most: number = STAT_FIELDS.length,
): boolean {
  if (!signedHalves(bytes, 0, length, out.halves, 0)) return false;
  const open = scan.end + 1;
  if (open >= length || bytes[scan.end] !== 32 || bytes[open] !== 40) return false;
  let close = length - 1;
  while (close > open && bytes[close] !== 41) close--;
  if (close <= open) return false;
  if (close + 2 >= length || bytes[close + 1] !== 32) return false;
  let count = 3;
  let at = close + 3;
  while (count < most && at < length && bytes[at] === 32) {
    if (!signedHalves(bytes, at + 1, length, out.halves, count * 2)) break;
    at = scan.end;
    // At the end of a text without a last newline the number itself may be cut: then it is not known.
    if (at === length) break;
    count++;
  }
  out.words[0] = count;
  out.words[1] = bytes[close + 2]!;
  out.words[2] = open + 1;
  out.words[3] = close - open - 1;
  return count >= REQUIRED_FIELDS;
}
