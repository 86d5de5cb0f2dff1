/**
 * The text of `statm`, `stat` and `status` as plain objects, for people and for JSON. The sampler never comes here.
 */
import type { HostUnits } from '../schema.js';
import { decodeText, hex, type Integer, integer, KernelTextError, setOwn, textAndHex } from './object-values.js';
import { pad } from './padding.js';
import { STAT_FIELDS, StatValues } from './stat.js';
import { STATM_FIELDS, StatmValues } from './statm.js';
import { STATUS_KEYS, type StatusField, StatusValues } from './status.js';
import { type Tokenizers, typescriptTokenizers } from './tokenizers.js';

export type StatmText = { kind: 'statm' } & Record<(typeof STATM_FIELDS)[number], Integer>;

export type StatText = { kind: 'stat'; comm: string; commHex?: string; state: string; pid: Integer } & Record<
  string,
  Integer
>;

export type StatusText = {
  kind: 'status';
  name?: string;
  nameHex?: string;
  state?: string;
  uid?: number[];
  gid?: number[];
  other: Record<string, string>;
  /** True when the text did not end with a newline, so that its last line may be cut. */
  unterminated?: true;
  /** Lines that are no `Key: value`. */
  malformedLines?: number;
} & { [field in StatusField]?: number };

/** The seven fields of `/proc/PID/statm` in bytes. Throws `KernelTextError` when the text is not seven numbers. */
export function parseStatm(
  text: Uint8Array,
  host: HostUnits,
  tokenizers: Tokenizers = typescriptTokenizers,
): StatmText {
  const { bytes, length } = pad(text);
  const values = new StatmValues();
  if (!tokenizers.statm(bytes, length, values)) {
    throw new KernelTextError('Not the text of statm: expected seven numbers on one line');
  }
  const pageSize = BigInt(host.pageSize);
  const entries = STATM_FIELDS.map((name, field) => [name, integer(values.fields[field]! * pageSize)]);
  return { kind: 'statm', ...Object.fromEntries(entries) };
}

type StatUnit = 'plain' | 'signed' | 'address' | 'ticks' | 'pages';

/** How each field of `stat` is named and counted; the rest keep the kernel's name and are plain numbers. */
const STAT_OBJECT: Partial<Record<(typeof STAT_FIELDS)[number], [name: string, unit: StatUnit]>> = {
  ppid: ['parentPid', 'plain'],
  pgrp: ['pgrp', 'signed'],
  session: ['session', 'signed'],
  tty_nr: ['ttyNr', 'signed'],
  tpgid: ['tpgid', 'signed'],
  minflt: ['minorFaults', 'plain'],
  cminflt: ['childMinorFaults', 'plain'],
  majflt: ['majorFaults', 'plain'],
  cmajflt: ['childMajorFaults', 'plain'],
  utime: ['userTime', 'ticks'],
  stime: ['systemTime', 'ticks'],
  cutime: ['childUserTime', 'ticks'],
  cstime: ['childSystemTime', 'ticks'],
  priority: ['priority', 'signed'],
  nice: ['nice', 'signed'],
  num_threads: ['threads', 'plain'],
  starttime: ['startTicks', 'plain'],
  rss: ['rss', 'pages'],
  rsslim: ['rssLimit', 'plain'],
  startcode: ['startCode', 'address'],
  endcode: ['endCode', 'address'],
  startstack: ['startStack', 'address'],
  kstkesp: ['stackPointer', 'address'],
  kstkeip: ['instructionPointer', 'address'],
  exit_signal: ['exitSignal', 'signed'],
  rt_priority: ['rtPriority', 'plain'],
  delayacct_blkio_ticks: ['blockIoDelay', 'ticks'],
  guest_time: ['guestTime', 'ticks'],
  cguest_time: ['childGuestTime', 'ticks'],
  start_data: ['startData', 'address'],
  end_data: ['endData', 'address'],
  start_brk: ['startBrk', 'address'],
  arg_start: ['argStart', 'address'],
  arg_end: ['argEnd', 'address'],
  env_start: ['envStart', 'address'],
  env_end: ['envEnd', 'address'],
  exit_code: ['exitCode', 'signed'],
};

/**
 * The fields of `/proc/PID/stat`: times in nanoseconds, `rss` and `vsize` in bytes (`rss` is the raw count, which may be
 * off by some pages), addresses in hex. Throws `KernelTextError` when the text ends before the start time.
 */
export function parseStat(text: Uint8Array, host: HostUnits, tokenizers: Tokenizers = typescriptTokenizers): StatText {
  const { bytes, length } = pad(text);
  const values = new StatValues();
  if (!tokenizers.stat(bytes, length, values)) {
    throw new KernelTextError('Not the text of stat: expected a pid, a name in parentheses and at least 20 fields');
  }
  const ticksPerSecond = BigInt(host.clockTicksPerSecond);
  const out: StatText = {
    kind: 'stat',
    pid: integer(values.fields[0]!),
    ...textAndHex('comm', bytes.subarray(values.commStart, values.commStart + values.commLength)),
    state: String.fromCharCode(values.state),
  } as StatText;
  for (let field = 3; field < values.count; field++) {
    const kernelName = STAT_FIELDS[field]!;
    const [name, unit] = STAT_OBJECT[kernelName] ?? [kernelName, 'plain'];
    const raw = values.fields[field]!;
    const signed = BigInt.asIntN(64, raw);
    out[name] =
      unit === 'address'
        ? hex(raw)
        : unit === 'ticks'
          ? integer((signed * 1_000_000_000n) / ticksPerSecond)
          : unit === 'pages'
            ? integer(signed * BigInt(host.pageSize))
            : integer(unit === 'signed' ? signed : raw);
  }
  return out;
}

const TAB = 9;
const NEWLINE = 10;
/** What `Uid:` and `Gid:` hold: an empty text is no id, and above all not 0. */
const IDS = /^\d+(?:\s+\d+)*\s*$/;

/** The lines of `/proc/PID/status`. Throws `KernelTextError` when no line is `Key: value`. */
export function parseStatus(text: Uint8Array, tokenizers: Tokenizers = typescriptTokenizers): StatusText {
  const { bytes, length } = pad(text);
  const values = new StatusValues();
  if (!tokenizers.status(bytes, length, values)) {
    throw new KernelTextError('Not the text of status: expected lines of the form "Key: value"');
  }
  const out: StatusText = { kind: 'status', other: {} };
  for (let other = 0; other < values.counts[0]!; other++) {
    const [keyStart, keyLength, valueStart, valueLength] = values.others.subarray(other * 4, other * 4 + 4);
    const key = decodeText(bytes.subarray(keyStart!, keyStart! + keyLength!));
    const value = bytes.subarray(valueStart!, valueStart! + valueLength!);
    const text = decodeText(value);
    if (key === 'Name') {
      // One tab stands before it; blanks after that are its own.
      const name = bytes.subarray(keyStart! + keyLength! + 1, valueStart! + valueLength!);
      Object.assign(out, textAndHex('name', unescapeName(name[0] === TAB ? name.subarray(1) : name)));
    } else if (key === 'State' && text !== '') out.state = text.slice(0, 1);
    else if (key === 'Uid' && IDS.test(text)) out.uid = text.trim().split(/\s+/).map(Number);
    else if (key === 'Gid' && IDS.test(text)) out.gid = text.trim().split(/\s+/).map(Number);
    else setOwn(out.other, key, text);
  }
  STATUS_KEYS.forEach(({ name }, index) => {
    const value = values.fields[index]!;
    if (!Number.isNaN(value)) out[name] = value;
  });
  if (length > 0 && bytes[length - 1] !== NEWLINE) out.unterminated = true;
  if (values.counts[1]! > 0) out.malformedLines = values.counts[1]!;
  return out;
}

/** Undoes what `status` does to a name: `\n` and `\\`. */
function unescapeName(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const next = bytes[at + 1];
    if (bytes[at] === 92 && (next === 110 || next === 92)) {
      out[length++] = next === 110 ? 10 : 92;
      at++;
    } else {
      out[length++] = bytes[at]!;
    }
  }
  return out.subarray(0, length);
}
