/**
 * One process of a list, as its columns see it: a cursor over the texts of a sweep. There is one for the whole list, and
 * it is moved from process to process, so that a list of thousands makes no object per process.
 *
 * The trap: the files of a process are read one after the other, and it may end between two of them. What only a later
 * file tells is then not known, which is not 0.
 */
import type { StatRows } from '../engine/stat-rows.js';
import type { TextSweep } from '../engine/text-sweep.js';
import type { AccountNames } from '../procfs/accounts.js';
import { decimal } from '../procfs/digits.js';
import type { HostFacts } from '../procfs/host-facts.js';
import type { StatFieldName } from '../procfs/stat-span.js';
import { StatusLines, StatusNumber, scanStatusLines } from '../procfs/status-lines.js';
import type { TtyNames } from '../procfs/tty-names.js';
import type { HostUnits } from '../schema.js';
import type { ProcpsLocale } from '../text/procps-escape.js';

const KILOBYTE = 1024;
/** procps reads no more of a command line. */
const MOST_ARGUMENTS = 128 * KILOBYTE;

/** The files that columns are made of, and the bytes that are read of each at most. */
export const PS_FILES = {
  stat: 2 * KILOBYTE,
  // A process can be in 65,536 groups, and they stand before its memory.
  status: 1024 * KILOBYTE,
  cmdline: MOST_ARGUMENTS,
  smaps_rollup: 8 * KILOBYTE,
  cgroup: MOST_ARGUMENTS,
  wchan: 63,
  environ: MOST_ARGUMENTS,
  io: KILOBYTE,
  oom_score: 63,
  oom_score_adj: 63,
  loginuid: 63,
  'attr/current': 4 * KILOBYTE,
} as const;

export type PsFile = keyof typeof PS_FILES;

/** What columns need beside the process itself. */
export interface PsHost {
  readonly root: string;
  readonly units: HostUnits;
  readonly facts: HostFacts;
  readonly accounts: AccountNames;
  readonly ttys: TtyNames;
  readonly locale: ProcpsLocale;
  /** Seconds since the epoch at which the list is made. */
  readonly now: number;
}

export class PsRow {
  readonly stat: StatRows;
  readonly status = new StatusLines();
  readonly host: PsHost;
  readonly files: readonly PsFile[];
  /** The texts, as a Buffer for its fast slices. */
  bytes = Buffer.alloc(0);
  pid = 0;
  /** Prefix of the command in a tree of processes. */
  forest = '';
  /** Columns that the text given last takes on a terminal, or -1 for as many as it has characters. */
  cells = -1;
  #sweep: TextSweep;
  #base = 0;
  readonly #indexes: ReadonlyMap<PsFile, number>;
  readonly #usualStatus: boolean;
  readonly #upTicks: number;
  readonly accountTexts = new Map<number, { readonly text: string; readonly cells: number }>();
  #hasStatus = false;

  constructor(host: PsHost, sweep: TextSweep, stat: StatRows, files: readonly PsFile[], usualStatus: boolean) {
    this.stat = stat;
    this.host = host;
    this.files = files;
    this.#sweep = sweep;
    this.#indexes = new Map(files.map((file, index) => [file, index]));
    this.#usualStatus = usualStatus;
    this.#upTicks = Math.trunc(host.facts.uptime * host.units.clockTicksPerSecond);
  }

  /** Moves to a row of the sweep; false when that process was gone, or its `stat` is in no known form. */
  load(row: number, pid: number): boolean {
    const { starts, lengths, bytes } = this.#sweep;
    if (this.bytes.buffer !== bytes.buffer) this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#base = row * this.files.length;
    this.pid = pid;
    if (!this.stat.load(row)) return false;
    const status = this.#indexes.get('status');
    this.#hasStatus = status !== undefined && lengths[this.#base + status] > 0;
    if (status === undefined) return true;
    const from = starts[this.#base + status];
    const to = from + Math.max(0, lengths[this.#base + status]);
    scanStatusLines(bytes, from, to, this.status, this.#usualStatus);
    return true;
  }

  get hasStatus(): boolean {
    return this.#hasStatus;
  }

  /** Bytes of a file, or the negative errno of its open or read; 0 when it is not among those that are read. */
  lengthOf(file: PsFile): number {
    const index = this.#indexes.get(file);
    return index === undefined ? 0 : this.#sweep.lengths[this.#base + index];
  }

  startOf(file: PsFile): number {
    return this.#sweep.starts[this.#base + (this.#indexes.get(file) ?? 0)];
  }

  /** A field of `stat`. */
  number(field: StatFieldName): number {
    return this.stat.number(field);
  }

  /** The letter of the state: of `status` where it was read, since it was read later. */
  get state(): string {
    const letter = this.#hasStatus ? this.bytes[this.status.spans[0]] : 0;
    return String.fromCharCode(letter > 32 ? letter : this.stat.state);
  }

  /** The parent, from the file that was read later. */
  get parent(): number {
    const parent = this.status.numbers[StatusNumber.ppid];
    return this.#hasStatus && !Number.isNaN(parent) ? parent : this.number('ppid');
  }

  /** Bytes of a size in `status`. A process without memory has no such line, which procps prints as 0. */
  size(name: keyof typeof StatusNumber): number {
    return this.status.numbers[StatusNumber[name]];
  }

  /** One of the four user (`uid`) or group (`gid`) numbers: 0 real, 1 effective, 2 saved, 3 file system. */
  id(name: 'uid' | 'gid', which: number): number {
    return this.status.numbers[StatusNumber[name] + which];
  }

  /** Clock ticks since the process started; NaN when the tree does not say how long the host is up. */
  get elapsedTicks(): number {
    return Math.max(0, this.#upTicks - this.number('starttime'));
  }

  /** Seconds from the epoch to the start of the process, whole as procps counts them. */
  get startedAt(): number {
    return this.host.facts.bootTime + Math.floor(this.number('starttime') / this.host.units.clockTicksPerSecond);
  }

  /** Clock ticks of processor time, with those of children that ended when `dead`. */
  cpuTicks(dead: boolean): number {
    const own = this.number('utime') + this.number('stime');
    return dead ? own + this.number('cutime') + this.number('cstime') : own;
  }

  /** The number in kB or without unit behind `key` at the beginning of a line, in bytes where it is kB; NaN without. */
  lineValue(file: PsFile, key: string): number {
    const length = this.lengthOf(file);
    const start = this.startOf(file);
    const end = start + length;
    for (let at = start; at < end; ) {
      let matched = 0;
      while (matched < key.length && this.bytes[at + matched] === key.charCodeAt(matched)) matched++;
      if (matched === key.length && this.bytes[at + matched] === 58) {
        at += matched + 1;
        while (this.bytes[at] === 32 || this.bytes[at] === 9) at++;
        const value = decimal(this.bytes, at, end);
        return file === 'smaps_rollup' ? value * KILOBYTE : value;
      }
      const newline = this.bytes.indexOf(10, at);
      if (newline < 0) break;
      at = newline + 1;
    }
    return Number.NaN;
  }

  /** The bytes of a text in latin1, without a last newline; undefined when it was not read. */
  latin1(file: PsFile): string | undefined {
    const length = this.lengthOf(file);
    if (length <= 0) return undefined;
    const start = this.startOf(file);
    const end = start + length;
    return this.bytes.toString('latin1', start, this.bytes[end - 1] === 10 ? end - 1 : end);
  }
}
