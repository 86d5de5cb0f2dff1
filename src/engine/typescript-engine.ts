/**
 * The reference engine: the same reads and the same values as the addon's, without it.
 *
 * The traps are those of native/sweep/sweeper.h: `statm` is read before `stat`, and the start time in `stat` then proves
 * whose both were; `smaps` and `smaps_rollup` do not follow exec and are opened per use.
 */
import { closeSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { halvesToNumber } from '../procfs/digits.js';
import { lastPidOf } from '../procfs/loadavg.js';
import { MappingTable, tokenizeGrowing } from '../procfs/mapping-table.js';
import { PADDING } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { rollupValue, tokenizeSmapsRollup } from '../procfs/smaps-rollup.js';
import { StatField, StatValues, tokenizeStat } from '../procfs/stat.js';
import { StatmValues, tokenizeStatm } from '../procfs/statm.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, STATUSES, Status } from '../schema.js';
import type { Attached, Engine, EngineOptions } from './engine.js';
import { statusOfError } from './errno-status.js';
import { MAX_COMM } from './identity.js';
import { type KeptFile, KeptFiles } from './kept-files.js';
import { appendMappings, fitsMappings } from './mapping-rows.js';
import type { MappingSweep } from './mapping-sweep.js';
import type { TierColumns } from './tier-columns.js';
import { WholeFile } from './whole-file.js';

const SMALL_TEXT = 4096;
const PF_KTHREAD = 0x00200000;

interface Slot {
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
  readonly #root: string;
  readonly #pageSize: number;
  readonly #tickNs: number;
  readonly #files: KeptFiles;
  readonly #slots: (Slot | undefined)[] = [];
  readonly #loadavg: KeptFile;
  readonly #small = new Uint8Array(SMALL_TEXT + PADDING);
  readonly #statm = new StatmValues();
  readonly #stat = new StatValues();
  readonly #rollup = new MappingTable(8);
  readonly #text = new WholeFile();
  #table = new MappingTable(1016);
  #pids = new Int32Array(4096);

  /** Throws when the tree cannot be read. */
  constructor(options: EngineOptions) {
    if (!statSync(options.root).isDirectory()) throw new Error(`Cannot open ${options.root}: Not a directory`);
    this.#root = options.root;
    this.#pageSize = options.host.pageSize;
    this.#tickNs = 1e9 / options.host.clockTicksPerSecond;
    this.#files = new KeptFiles(options.maxKept);
    this.#loadavg = { path: path.join(options.root, 'loadavg'), fd: -1 };
  }

  attach(slot: number, pid: number): Attached {
    this.detach(slot);
    const file = (name: string): KeptFile => ({ path: `${this.#root}/${pid}/${name}`, fd: -1 });
    const bound: Slot = {
      pid,
      statm: file('statm'),
      stat: file('stat'),
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
    bound.kernelThread = (halves[StatField.flags * 2]! & PF_KTHREAD) !== 0;
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

  sweepCounters(slots: Uint32Array, count: number, out: TierColumns): number {
    if (this.renamed.length < count) this.renamed = new Uint32Array(count * 2);
    this.times[0] = process.hrtime.bigint();
    let renames = 0;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const bound = this.#slots[slot];
      if (!bound) {
        out.status[slot] = Status.gone;
        continue;
      }
      out.status[slot] = this.#readCounters(bound, slot, out);
      if (out.status[slot] === Status.ok || out.status[slot] === Status.noMm) {
        const comm = this.#currentComm();
        if (!sameBytes(comm, bound.comm)) {
          bound.comm = comm.slice();
          this.renamed[renames++] = slot;
        }
      }
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
      out.status[slot] = bound ? this.#readRollup(bound, slot, out) : Status.gone;
    }
    this.times[1] = process.hrtime.bigint();
    return done;
  }

  sweepMappings(slots: Uint32Array, count: number, out: MappingSweep, stopNs: bigint): number {
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
    out.table.header[0] = row;
    this.times[1] = process.hrtime.bigint();
    return done;
  }

  listPids(): Int32Array {
    let found = 0;
    for (const name of readdirSync(this.#root)) {
      const first = name.charCodeAt(0);
      if (first < 49 || first > 57 || !/^\d{1,10}$/.test(name)) continue;
      const pid = Number(name);
      if (pid > 0x7fffffff) continue;
      if (found === this.#pids.length) {
        const larger = new Int32Array(found * 2);
        larger.set(this.#pids);
        this.#pids = larger;
      }
      this.#pids[found++] = pid;
    }
    return this.#pids.subarray(0, found);
  }

  lastPid(): number {
    try {
      return lastPidOf(this.#small, this.#files.read(this.#loadavg, this.#small, SMALL_TEXT));
    } catch {
      return -1;
    }
  }

  kept(): number {
    return this.#files.count;
  }

  close(): void {
    this.#files.closeAll();
    this.#slots.length = 0;
  }

  #readCounters(bound: Slot, slot: number, out: TierColumns): number {
    for (let column = 0; column < COUNTER_COLUMNS.length; column++) out.columns[column]![slot] = Number.NaN;
    let status: number = bound.kernelThread ? Status.noMm : Status.ok;
    if (!bound.kernelThread) {
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
    const statStatus = this.#readStat(bound);
    const { halves } = this.#stat;
    if (statStatus !== Status.ok || halvesToNumber(halves, StatField.starttime * 2) !== bound.startTicks) {
      // Without the start time nothing proves whose memory was read.
      for (let column = 0; column < COUNTER_COLUMNS.length; column++) out.columns[column]![slot] = Number.NaN;
      return statStatus === Status.ok ? Status.gone : statStatus;
    }
    out.columns[4]![slot] = halvesToNumber(halves, StatField.minflt * 2);
    out.columns[5]![slot] = halvesToNumber(halves, StatField.majflt * 2);
    out.columns[6]![slot] = halvesToNumber(halves, StatField.utime * 2) * this.#tickNs;
    out.columns[7]![slot] = halvesToNumber(halves, StatField.stime * 2) * this.#tickNs;
    out.columns[8]![slot] = halvesToNumber(halves, StatField.num_threads * 2);
    out.columns[9]![slot] = halvesToNumber(halves, StatField.ppid * 2);
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
      return tokenizeStat(this.#small, length, this.#stat) ? Status.ok : Status.unsupported;
    } catch (error) {
      return statusOfError(error);
    }
  }

  /** The name in the `stat` that was read last. */
  #currentComm(): Uint8Array {
    const { commStart, commLength } = this.#stat;
    return this.#small.subarray(commStart, commStart + Math.min(commLength, MAX_COMM));
  }

  #isStillThere(bound: Slot): boolean {
    return (
      this.#readStat(bound) === Status.ok &&
      halvesToNumber(this.#stat.halves, StatField.starttime * 2) === bound.startTicks
    );
  }

  #readRollup(bound: Slot, slot: number, out: TierColumns): number {
    for (const column of out.columns) column[slot] = Number.NaN;
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
    if (!this.#isStillThere(bound)) return Status.gone;
    if (length === 0) return Status.noMm;
    if (!readable) return Status.unsupported;
    ROLLUP_COLUMNS.forEach((name, column) => {
      out.columns[column]![slot] = name === 'rollupHold' ? Number(hold) : rollupValue(this.#rollup, name);
    });
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
    if (!this.#isStillThere(bound)) return -Status.gone;
    return length === 0 ? -Status.noMm : length;
  }

  /** A deep read that failed: ESRCH is said of a zombie as well, ENOENT of a kernel that lacks the file. */
  #statusOfFailure(bound: Slot, error: unknown): number {
    const status = statusOfError(error);
    if (status !== Status.gone || !this.#isStillThere(bound)) return status;
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? Status.noMm : Status.unsupported;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
