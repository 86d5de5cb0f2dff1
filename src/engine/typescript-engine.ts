/**
 * The reference engine: the same reads and the same values as the addon's, without it.
 *
 * The traps are those of native/sweep/sweeper.h: `statm` is read before `stat`, and the start time in `stat` then proves
 * whose both were; `smaps` and `smaps_rollup` do not follow exec and are opened per use.
 */
import { closeSync, readSync, statSync } from 'node:fs';
import { halvesToNumber } from '../procfs/digits.js';
import { HeaderWord, MappingTable, tokenizeGrowing } from '../procfs/mapping-table.js';
import { PADDING } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { tokenizeSmapsRollup } from '../procfs/smaps-rollup.js';
import { StatField, StatValues, tokenizeStat } from '../procfs/stat.js';
import { StatmValues, tokenizeStatm } from '../procfs/statm.js';
import { COUNTER_COLUMNS, IS_FROM_STAT, STATUSES, Status } from '../schema.js';
import type { Attached, Engine, EngineOptions } from './engine.js';
import { statusOfError } from './errno-status.js';
import { MAX_COMM } from './identity.js';
import { type KeptFile, KeptFiles } from './kept-files.js';
import { appendMappings, fitsMappings, refusePacedMappings } from './mapping-rows.js';
import type { MappingSweep } from './mapping-sweep.js';
import { ProcessList } from './process-list.js';
import { fillWholeRollup, refusePaced } from './rollup-row.js';
import type { TierColumns } from './tier-columns.js';
import { WholeFile } from './whole-file.js';

const SMALL_TEXT = 4096;
const PF_KTHREAD = 0x00200000;

/** The columns that come from statm are the first. */
const MEMORY_COLUMNS = IS_FROM_STAT.indexOf(true);
/** The rest of the line of stat costs more than what stands before the start time. */
const IDENTITY_FIELDS = StatField.starttime + 1;

interface Slot {
  /** By `stat` in the last sweep that read it. */
  proven: boolean;
  readonly pid: number;
  readonly statm: KeptFile;
  readonly stat: KeptFile;
  startTicks: number;
  kernelThread: boolean;
  comm: Uint8Array;
}

export class TypeScriptEngine implements Engine {
  readonly name = 'ts';
  readonly times = new BigInt64Array(2);
  renamed = new Uint32Array(64);
  readonly readerCpuNs = () => 0;
  readonly sweepPaced = refusePaced;
  readonly stuckReaders = () => 0;
  readonly #root: string;
  readonly #pageSize: number;
  readonly #tickNs: number;
  readonly #files: KeptFiles;
  readonly #slots: (Slot | undefined)[] = [];
  readonly #list: ProcessList;
  readonly #small = new Uint8Array(SMALL_TEXT + PADDING);
  readonly #statm = new StatmValues();
  readonly #stat = new StatValues();
  /** The record, and fields that are not known. */
  readonly #rollup = new MappingTable(24);
  readonly #text = new WholeFile();
  #table = new MappingTable(1016);

  /** Throws when the tree cannot be read. */
  constructor(options: EngineOptions) {
    if (!statSync(options.root).isDirectory()) throw new Error(`Cannot open ${options.root}: Not a directory`);
    this.#root = options.root;
    this.#pageSize = options.host.pageSize;
    this.#tickNs = 1e9 / options.host.clockTicksPerSecond;
    this.#files = new KeptFiles(options.maxKept);
    this.#list = new ProcessList(options.root, this.#files);
  }

  attach(slot: number, pid: number): Attached {
    this.detach(slot);
    const file = (name: string): KeptFile => ({ path: `${this.#root}/${pid}/${name}`, fd: -1 });
    const bound: Slot = {
      pid,
      statm: file('statm'),
      stat: file('stat'),
      proven: false,
      startTicks: 0,
      kernelThread: false,
      comm: new Uint8Array(0),
    };
    const status = this.#readStat(bound);
    if (status !== Status.ok) {
      this.#files.close(bound.stat);
      return { status: STATUSES[status] as Exclude<Attached['status'], 'ok'> };
    }
    const { halves } = this.#stat;
    bound.startTicks = halvesToNumber(halves, StatField.starttime * 2);
    bound.kernelThread = isKernelThread(halves);
    bound.comm = this.#currentComm().slice();
    this.#slots[slot] = bound;
    return {
      status: 'ok',
      identity: {
        pid,
        startTicks: bound.startTicks,
        parentPid: halvesToNumber(halves, StatField.ppid * 2),
        kernelThread: bound.kernelThread,
        comm: bound.comm,
      },
    };
  }

  detach(slot: number): void {
    const bound = this.#slots[slot];
    if (!bound) return;
    this.#files.close(bound.statm);
    this.#files.close(bound.stat);
    this.#slots[slot] = undefined;
  }

  comm(slot: number): Uint8Array {
    return this.#slots[slot]?.comm ?? new Uint8Array(0);
  }

  sweepCounters(slots: Uint32Array, count: number, out: TierColumns, statEvery = 1, phase = 0): number {
    if (this.renamed.length < count) this.renamed = new Uint32Array(count * 2);
    this.times[0] = process.hrtime.bigint();
    let renames = 0;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const bound = this.#slots[slot];
      if (!bound) {
        for (const column of out.columns) column[slot] = Number.NaN;
        out.status[slot] = Status.gone;
        continue;
      }
      const known = bound.comm;
      const statIsDue = statEvery <= 1 || slot % statEvery === phase;
      out.status[slot] = this.#readCounters(bound, slot, out, statIsDue);
      if (bound.comm !== known) this.renamed[renames++] = slot;
    }
    this.times[1] = process.hrtime.bigint();
    return renames;
  }

  sweepRollup(slots: Uint32Array, count: number, out: TierColumns, stopNs: bigint): number {
    this.times[0] = process.hrtime.bigint();
    let done = 0;
    for (; done < count && !(stopNs !== 0n && process.hrtime.bigint() >= stopNs); done++) {
      const slot = slots[done]!;
      const bound = this.#slots[slot];
      for (const column of out.columns) column[slot] = Number.NaN;
      out.status[slot] = bound ? this.#readRollup(bound, slot, out) : Status.gone;
    }
    this.times[1] = process.hrtime.bigint();
    return done;
  }

  sweepMappings(slots: Uint32Array, count: number, out: MappingSweep, stopNs: bigint, maxHoldNs = 0): number {
    if (maxHoldNs > 0) return refusePacedMappings(slots, count, out);
    this.times[0] = process.hrtime.bigint();
    let done = 0;
    let row = 0;
    let textUsed = 0;
    while (done < count && !(stopNs !== 0n && process.hrtime.bigint() >= stopNs)) {
      const slot = slots[done]!;
      const bound = this.#slots[slot];
      out.spans[done] = row;
      out.spans[count + done] = 0;
      const started = process.hrtime.bigint();
      const length = bound ? this.#readSmaps(bound) : -Status.gone;
      out.holds[done] = process.hrtime.bigint() - started;
      if (!bound || length < 0) {
        out.status[slot] = -length;
      } else {
        this.#table = tokenizeGrowing(tokenizeSmaps, this.#text.bytes, length, this.#table);
        if (!fitsMappings(this.#table, out, row, textUsed)) {
          if (done > 0 || !out.grow()) break;
          continue;
        }
        textUsed = appendMappings(this.#table, this.#text.bytes, out, row, textUsed);
        out.spans[count + done] = this.#table.rows;
        row += this.#table.rows;
        out.status[slot] = Status.ok;
      }
      done++;
    }
    out.table.header[HeaderWord.rows] = row;
    this.times[1] = process.hrtime.bigint();
    return done;
  }

  readonly isThere = (slot: number) => this.#presence(this.#slots[slot]) === Status.ok;

  listPids(): Int32Array {
    return this.#list.listPids();
  }

  lastPid(): number {
    return this.#list.lastPid();
  }

  kept(): number {
    return this.#files.count;
  }

  close(): void {
    this.#files.closeAll();
    this.#list.close();
    this.#slots.length = 0;
  }

  #readCounters(bound: Slot, slot: number, out: TierColumns, statIsDue: boolean): number {
    // A kept statm says ESRCH when its process has gone, so it needs no stat to prove whose memory it is.
    const maySkip = !statIsDue && bound.proven && (bound.kernelThread || bound.statm.fd >= 0);
    if (maySkip && bound.kernelThread) return Status.noMm;
    for (let column = 0; column < MEMORY_COLUMNS; column++) out.columns[column]![slot] = Number.NaN;
    let status: number = bound.kernelThread ? Status.noMm : Status.ok;
    if (!bound.kernelThread) {
      // Where only one of the two can be kept it is statm: it is read at every tick, and its ESRCH is proof enough then.
      if (bound.statm.fd < 0 && this.#files.isFull) this.#files.close(bound.stat);
      status = this.#readStatm(bound);
      if (status === Status.ok) {
        const { halves } = this.#statm;
        const size = halvesToNumber(halves, 0);
        const resident = halvesToNumber(halves, 2);
        if (size === 0) {
          status = Status.noMm;
        } else {
          out.columns[0]![slot] = resident * this.#pageSize;
          out.columns[1]![slot] = (resident - halvesToNumber(halves, 4)) * this.#pageSize;
          out.columns[2]![slot] = size * this.#pageSize;
          out.columns[3]![slot] = halvesToNumber(halves, 10) * this.#pageSize;
        }
      }
    }
    if (maySkip && status === Status.ok && bound.statm.fd >= 0) return status;
    for (let column = MEMORY_COLUMNS; column < COUNTER_COLUMNS.length; column++) {
      out.columns[column]![slot] = Number.NaN;
    }
    const statStatus = this.#readStat(bound);
    const { halves } = this.#stat;
    if (statStatus !== Status.ok || halvesToNumber(halves, StatField.starttime * 2) !== bound.startTicks) {
      // Without the start time nothing proves whose memory was read, nor whose statm is kept.
      bound.proven = false;
      for (let column = 0; column < COUNTER_COLUMNS.length; column++) out.columns[column]![slot] = Number.NaN;
      return statStatus === Status.ok ? Status.gone : statStatus;
    }
    out.columns[4]![slot] = halvesToNumber(halves, StatField.minflt * 2);
    out.columns[5]![slot] = halvesToNumber(halves, StatField.majflt * 2);
    out.columns[6]![slot] = halvesToNumber(halves, StatField.utime * 2) * this.#tickNs;
    out.columns[7]![slot] = halvesToNumber(halves, StatField.stime * 2) * this.#tickNs;
    out.columns[8]![slot] = halvesToNumber(halves, StatField.num_threads * 2);
    out.columns[9]![slot] = halvesToNumber(halves, StatField.ppid * 2);
    bound.proven = true;
    const comm = this.#currentComm();
    if (!sameBytes(comm, bound.comm)) bound.comm = comm.slice();
    // A helper that the kernel starts is a kernel thread until its exec.
    bound.kernelThread = isKernelThread(halves);
    // statm says ENOENT of a tree that does not have the file, while the process is plainly there.
    return status === Status.gone ? Status.unsupported : status;
  }

  #readStatm(bound: Slot): number {
    try {
      const length = this.#files.read(bound.statm, this.#small, SMALL_TEXT);
      return tokenizeStatm(this.#small, length, this.#statm) ? Status.ok : Status.unsupported;
    } catch (error) {
      return statusOfError(error);
    }
  }

  #readStat(bound: Slot): number {
    try {
      const length = this.#files.read(bound.stat, this.#small, SMALL_TEXT);
      return tokenizeStat(this.#small, length, this.#stat, IDENTITY_FIELDS) ? Status.ok : Status.unsupported;
    } catch (error) {
      return statusOfError(error);
    }
  }

  /** The name in the `stat` that was read last. */
  #currentComm(): Uint8Array {
    const { commStart, commLength } = this.#stat;
    return this.#small.subarray(commStart, commStart + Math.min(commLength, MAX_COMM));
  }

  /** `ok` when the slot's process still has its pid, `gone` when not, else why that cannot be known. */
  #presence(bound: Slot | undefined): number {
    const status = bound ? this.#readStat(bound) : Status.gone;
    if (status !== Status.ok) return status;
    return halvesToNumber(this.#stat.halves, StatField.starttime * 2) === bound!.startTicks ? Status.ok : Status.gone;
  }

  #readRollup(bound: Slot, slot: number, out: TierColumns): number {
    if (bound.kernelThread) return Status.noMm;
    let length: number;
    let hold: bigint;
    try {
      const fd = this.#files.open(`${this.#root}/${bound.pid}/smaps_rollup`);
      try {
        const started = process.hrtime.bigint();
        length = readSync(fd, this.#small, 0, SMALL_TEXT, null);
        hold = process.hrtime.bigint() - started;
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      return this.#statusOfFailure(bound, error);
    }
    const readable = length > 0 && tokenizeSmapsRollup(this.#small, length, this.#rollup);
    const presence = this.#presence(bound);
    if (presence !== Status.ok) return presence;
    if (length === 0) return Status.noMm;
    if (!readable || this.#rollup.header[HeaderWord.full] !== 0) return Status.unsupported;
    fillWholeRollup(out, slot, this.#rollup, Number(hold), `${this.#root}/${bound.pid}`);
    return Status.ok;
  }

  /** Fills `#text` with the smaps of a slot. Returns its length, or minus a status. */
  #readSmaps(bound: Slot): number {
    if (bound.kernelThread) return -Status.noMm;
    let length: number;
    try {
      length = this.#text.read(this.#files, `${this.#root}/${bound.pid}/smaps`);
    } catch (error) {
      return -this.#statusOfFailure(bound, error);
    }
    const presence = this.#presence(bound);
    if (presence !== Status.ok) return -presence;
    return length === 0 ? -Status.noMm : length;
  }

  /** A deep read that failed: ESRCH is said of a zombie as well, ENOENT of a kernel that lacks the file. */
  #statusOfFailure(bound: Slot, error: unknown): number {
    const status = statusOfError(error);
    if (status !== Status.gone) return status;
    const presence = this.#presence(bound);
    if (presence !== Status.ok) return presence;
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? Status.noMm : Status.unsupported;
  }
}

function isKernelThread(statHalves: Uint32Array): boolean {
  return (statHalves[StatField.flags * 2]! & PF_KTHREAD) !== 0;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
