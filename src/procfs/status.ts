/**
 * `/proc/PID/status`: one `Key:<tab>value` line per fact, for people.
 *
 * The traps: `Name:` is escaped (a newline is `\n`, a backslash `\\`) where `stat` is raw; a kernel thread has no Vm
 * lines at all, which is "no memory map", not 0; the set of keys grows with every kernel; masks use all 64 bits, so
 * they stay text.
 */
import { decimal, scan } from './digits.js';

/** Numbers by the kernel's key; `kB` values in bytes. */
export const STATUS_KEYS = [
  { key: 'Tgid', name: 'tgid' },
  { key: 'Ngid', name: 'ngid' },
  { key: 'Pid', name: 'pid' },
  { key: 'PPid', name: 'ppid' },
  { key: 'TracerPid', name: 'tracerPid' },
  { key: 'FDSize', name: 'fdSize' },
  { key: 'VmPeak', name: 'vmPeak', kB: true },
  { key: 'VmSize', name: 'vmSize', kB: true },
  { key: 'VmLck', name: 'vmLck', kB: true },
  { key: 'VmPin', name: 'vmPin', kB: true },
  { key: 'VmHWM', name: 'vmHWM', kB: true },
  { key: 'VmRSS', name: 'vmRSS', kB: true },
  { key: 'RssAnon', name: 'rssAnon', kB: true },
  { key: 'RssFile', name: 'rssFile', kB: true },
  { key: 'RssShmem', name: 'rssShmem', kB: true },
  { key: 'VmData', name: 'vmData', kB: true },
  { key: 'VmStk', name: 'vmStk', kB: true },
  { key: 'VmExe', name: 'vmExe', kB: true },
  { key: 'VmLib', name: 'vmLib', kB: true },
  { key: 'VmPTE', name: 'vmPTE', kB: true },
  { key: 'VmSwap', name: 'vmSwap', kB: true },
  { key: 'HugetlbPages', name: 'hugetlbPages', kB: true },
  { key: 'Threads', name: 'threads' },
  { key: 'voluntary_ctxt_switches', name: 'voluntaryCtxtSwitches' },
  { key: 'nonvoluntary_ctxt_switches', name: 'nonvoluntaryCtxtSwitches' },
] as const;

export type StatusField = (typeof STATUS_KEYS)[number]['name'];

/** Index into the values by name. */
export const StatusColumn = Object.fromEntries(STATUS_KEYS.map(({ name }, index) => [name, index])) as Record<
  StatusField,
  number
>;

/** Most lines of a `status` that can be kept as text; kernels of 2026 print under 70. */
const MAX_OTHERS = 256;
const OTHER_WORDS = 4;

/** The fields of one `status`; reused from read to read. */
export class StatusValues {
  /** One per entry of `STATUS_KEYS`, NaN where the text has no such line. */
  readonly fields = new Float64Array(STATUS_KEYS.length);
  /** keyStart, keyLength, valueStart, valueLength of every other line, in the order of the text. */
  readonly others = new Uint32Array(MAX_OTHERS * OTHER_WORDS);
  /** [number of others, lines that are no `Key: value` or did not fit] */
  readonly counts = new Uint32Array(2);
}

const NEWLINE = 10;
const COLON = 58;
const KNOWN_KEYS = STATUS_KEYS.map(({ key }) => new TextEncoder().encode(`${key}:`));
const IN_KILOBYTES = STATUS_KEYS.map((entry) => 'kB' in entry);

/** Fills `out` from the text; false when not one line of it is `Key:<blank>value`. */
export function tokenizeStatus(bytes: Uint8Array, length: number, out: StatusValues): boolean {
  out.fields.fill(Number.NaN);
  out.counts.fill(0);
  let lines = 0;
  let next = 0;
  let at = 0;
  while (at < length) {
    let end = at;
    let colon = -1;
    while (end < length && bytes[end] !== NEWLINE) {
      if (colon < 0 && bytes[end] === COLON) colon = end;
      end++;
    }
    if (colon <= at) {
      out.counts[1]!++;
    } else {
      lines++;
      const key = findKey(bytes, at, colon, next);
      if (key >= 0) next = key + 1;
      if (key < 0 || !storeNumber(bytes, colon + 1, end, length, key, out)) noteOther(bytes, at, colon, end, out);
    }
    at = end + 1;
  }
  return lines > 0;
}

/** The known key of `[at, colon]`, trying the one after the last found first. */
function findKey(bytes: Uint8Array, at: number, colon: number, next: number): number {
  for (let tried = 0; tried < KNOWN_KEYS.length; tried++) {
    const key = (next + tried) % KNOWN_KEYS.length;
    const text = KNOWN_KEYS[key]!;
    if (text.length !== colon - at + 1) continue;
    let index = 0;
    while (index < text.length && bytes[at + index] === text[index]) index++;
    if (index === text.length) return key;
  }
  return -1;
}

/** Stores the number of a known line; false when it holds anything else. A cut last number is left absent. */
function storeNumber(
  bytes: Uint8Array,
  from: number,
  end: number,
  length: number,
  key: number,
  out: StatusValues,
): boolean {
  const start = skipBlanks(bytes, from, end);
  const value = decimal(bytes, start, end);
  const behind = scan.end;
  const unit = skipBlanks(bytes, behind, end);
  const isWhole = IN_KILOBYTES[key]
    ? unit + 2 === end && bytes[unit] === 107 && bytes[unit + 1] === 66
    : behind === end && end < length;
  if (behind === start || !isWhole) return end === length;
  out.fields[key] = IN_KILOBYTES[key] ? value * 1024 : value;
  return true;
}

function noteOther(bytes: Uint8Array, at: number, colon: number, end: number, out: StatusValues): void {
  const other = out.counts[0]!;
  if (other === MAX_OTHERS) {
    out.counts[1]!++;
    return;
  }
  const start = skipBlanks(bytes, colon + 1, end);
  const word = other * OTHER_WORDS;
  out.others[word] = at;
  out.others[word + 1] = colon - at;
  out.others[word + 2] = start;
  out.others[word + 3] = end - start;
  out.counts[0] = other + 1;
}

function skipBlanks(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && (bytes[at] === 32 || bytes[at] === 9)) at++;
  return at;
}
