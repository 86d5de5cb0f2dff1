/**
 * The lines of `/proc/PID/status` that a process list prints, and no more of the text than reaches to the last of them:
 * thousands of processes are read for one answer, and `tokenizeStatus` looks at every line.
 *
 * The trap: a key is known by its first four bytes here, so the fifth and the colon are checked as well, or a line of a
 * later kernel would be taken for one of these.
 */
import { decimal, scan } from './digits.js';

/** Numbers, kB in bytes; `uid` and `gid` are the first of four: real, effective, saved, file system. */
const NUMBERS = {
  ppid: { key: 'PPid', at: 0, count: 1 },
  uid: { key: 'Uid', at: 1, count: 4 },
  gid: { key: 'Gid', at: 5, count: 4 },
  vmPeak: { key: 'VmPeak', at: 9, count: 1 },
  vmSize: { key: 'VmSize', at: 10, count: 1 },
  vmLck: { key: 'VmLck', at: 11, count: 1 },
  vmHWM: { key: 'VmHWM', at: 12, count: 1 },
  vmRSS: { key: 'VmRSS', at: 13, count: 1 },
  rssAnon: { key: 'RssAnon', at: 14, count: 1 },
  rssFile: { key: 'RssFile', at: 15, count: 1 },
  rssShmem: { key: 'RssShmem', at: 16, count: 1 },
  vmData: { key: 'VmData', at: 17, count: 1 },
  vmStk: { key: 'VmStk', at: 18, count: 1 },
  vmSwap: { key: 'VmSwap', at: 19, count: 1 },
} as const;

const TEXTS = {
  state: { key: 'State', at: 0 },
  groups: { key: 'Groups', at: 1 },
  sigPnd: { key: 'SigPnd', at: 2 },
  shdPnd: { key: 'ShdPnd', at: 3 },
  sigBlk: { key: 'SigBlk', at: 4 },
  sigIgn: { key: 'SigIgn', at: 5 },
  sigCgt: { key: 'SigCgt', at: 6 },
} as const;

/** Index into `numbers`. */
export const StatusNumber = Object.fromEntries(Object.entries(NUMBERS).map(([name, { at }]) => [name, at])) as Record<
  keyof typeof NUMBERS,
  number
>;

/** Index into `spans`, which holds start and end. */
export const StatusText = Object.fromEntries(Object.entries(TEXTS).map(([name, { at }]) => [name, at])) as Record<
  keyof typeof TEXTS,
  number
>;

export class StatusLines {
  /** NaN where the text has no such line. */
  readonly numbers = new Float64Array(20);
  /** Start and end of each text within the bytes that were scanned; 0 and 0 where there is none. */
  readonly spans = new Uint32Array(Object.keys(TEXTS).length * 2);
}

interface Known {
  readonly key: Uint8Array;
  readonly at: number;
  /** Numbers in the line, or 0 for a text. */
  readonly count: number;
}

const KNOWN = new Map<number, Known[]>();
for (const { key, at, ...rest } of [...Object.values(NUMBERS), ...Object.values(TEXTS)]) {
  const bytes = new TextEncoder().encode(`${key}:`);
  const head = headOf(bytes, 0);
  const same = KNOWN.get(head) ?? [];
  same.push({ key: bytes, at, count: 'count' in rest ? (rest as { count: number }).count : 0 });
  KNOWN.set(head, same);
}

/** The lines up to this one are enough for most of what is asked; it is behind all that `ps aux` prints. */
const LAST_OF_USUAL = headOf(new TextEncoder().encode('RssA'), 0);

/** Scans `[start, end)`; with `usual`, only as far as the line of resident memory. */
export function scanStatusLines(bytes: Uint8Array, start: number, end: number, out: StatusLines, usual: boolean): void {
  out.numbers.fill(Number.NaN);
  out.spans.fill(0);
  let at = start;
  while (at + 4 < end) {
    const head = headOf(bytes, at);
    if (usual && head === LAST_OF_USUAL) return;
    const known = KNOWN.get(head);
    if (known !== undefined) at = takeLine(bytes, at, end, known, out);
    while (at < end && bytes[at] !== 10) at++;
    at++;
  }
}

/** Stores what the line at `at` says; returns where it stopped reading, which is not behind the end of the line. */
function takeLine(bytes: Uint8Array, at: number, end: number, known: readonly Known[], out: StatusLines): number {
  for (const { key, at: index, count } of known) {
    let matched = 4;
    while (matched < key.length && bytes[at + matched] === key[matched]) matched++;
    if (matched < key.length) continue;
    let next = at + key.length;
    if (count === 0) {
      while (next < end && isBlank(bytes[next])) next++;
      out.spans[index * 2] = next;
      while (next < end && bytes[next] !== 10) next++;
      out.spans[index * 2 + 1] = next;
      return next;
    }
    for (let value = 0; value < count; value++) {
      while (next < end && isBlank(bytes[next])) next++;
      const number = decimal(bytes, next, end);
      if (scan.end === next || scan.end === end) break;
      next = scan.end;
      const isKilobytes = bytes[next] === 32 && bytes[next + 1] === 107;
      out.numbers[index + value] = isKilobytes ? number * 1024 : number;
    }
    return next;
  }
  return at;
}

function headOf(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9;
}
