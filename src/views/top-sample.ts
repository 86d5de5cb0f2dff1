/**
 * What top shows at one instant: the processes of a tree with the CPU time that each has used since the last sample, and
 * the host's times, memory and load.
 *
 * The traps: a pid may have been given to another process between two samples, so a difference is taken for the same
 * start time only, and who is new counts with all of its CPU time; a process may end between the list and the read, and is
 * then left out; and a container's tree may lack what is the host's, which is absent then and not 0.
 */
import path from 'node:path';
import type { EngineName } from '../engine/engine.js';
import { type TextFile, TextSweep } from '../engine/text-sweep.js';
import { readBoundedText } from '../procfs/bounded-file.js';
import { halvesToNumber } from '../procfs/digits.js';
import { type HostStat, readHostStat } from '../procfs/host-stat.js';
import { listProcesses } from '../procfs/list-processes.js';
import { parseLoadAverages } from '../procfs/loadavg.js';
import { readMeminfo } from '../procfs/meminfo.js';
import { StatField, StatValues, tokenizeStat } from '../procfs/stat.js';
import { StatmValues, tokenizeStatm } from '../procfs/statm.js';
import { readUptime } from '../procfs/uptime.js';
import type { HostUnits } from '../schema.js';

/** One process at one instant. Times in clock ticks of its host, sizes in bytes. */
export interface TopTask {
  readonly pid: number;
  readonly startTicks: number;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  readonly state: string;
  readonly priority: number;
  readonly nice: number;
  readonly threads: number;
  readonly processor: number;
  readonly minorFaults: number;
  readonly majorFaults: number;
  /** User and system time, and that of the children it has waited for. */
  readonly ticks: number;
  readonly childTicks: number;
  /** CPU time since the last sample. */
  readonly deltaTicks: number;
  /** From statm, or undefined where it could not be read; all 0 for a process without memory. */
  readonly memory?: {
    readonly size: number;
    readonly resident: number;
    readonly shared: number;
    readonly text: number;
    readonly data: number;
  };
  /** Real, effective, saved and file system user, or undefined where `status` could not be read. */
  readonly uids?: readonly [number, number, number, number];
  /** Raw bytes of the name. */
  readonly comm: Uint8Array;
  /** The raw text, empty for a kernel thread or a zombie; undefined when it was not asked for or could not be read. */
  readonly cmdline?: Uint8Array;
}

export interface TopSample {
  readonly tasks: readonly TopTask[];
  /** Seconds since the last sample by the tree's own clock, undefined where it has none. */
  readonly elapsedSeconds?: number;
  readonly upNs?: number;
  readonly loadAverages?: readonly [number, number, number];
  /** The host's CPU times now and at the last sample. */
  readonly cpu?: { readonly now: HostStat; readonly before: HostStat };
  /** Sizes in bytes by the kernel's names. */
  readonly memory?: ReadonlyMap<string, number>;
}

export interface TopSource {
  readonly root: string;
  readonly engine: EngineName;
  readonly units: HostUnits;
  /** These and no others, in this order. */
  readonly pids?: readonly number[];
  /** Whether command lines are read. */
  readonly cmdline: boolean;
}

const STAT = 0;
const STATM = 1;
const STATUS = 2;
const CMDLINE = 3;

/** `Uid:` stands within the first lines of `status`, and before the groups, which are as many as the host likes. */
const FILES: readonly TextFile[] = [
  { name: 'stat', most: 4096 },
  { name: 'statm', most: 256 },
  { name: 'status', most: 1024 },
];
const CMDLINE_FILE: TextFile = { name: 'cmdline', most: 128 * 1024 };

/** What is remembered of a process until the next sample. */
type SeenTask = Pick<TopTask, 'startTicks' | 'ticks'>;

export class TopSampler {
  readonly #source: TopSource;
  readonly #sweep: TextSweep;
  readonly #files: number;
  readonly #stat = new StatValues();
  readonly #statm = new StatmValues();
  #seen = new Map<number, SeenTask>();
  #upNs: number | undefined;
  #hostStat: HostStat | undefined;

  constructor(source: TopSource) {
    this.#source = source;
    const files = source.cmdline ? [...FILES, CMDLINE_FILE] : FILES;
    this.#files = files.length;
    this.#sweep = new TextSweep(source.engine, source.root, files);
  }

  /** Reads everything once. Throws when the tree cannot be read. */
  sample(): TopSample {
    const { root, units } = this.#source;
    const upNs = attempt(() => readUptime(root).upNs);
    const before = this.#hostStat;
    const tasks = this.#readTasks();
    const now = attempt(() => readHostStat(root, units));
    const memory = attempt(() => readMeminfo(root));
    const loadAverages = attempt(() => parseLoadAverages(readBoundedText(path.join(root, 'loadavg'))));
    const elapsedSeconds = (upNs ?? 0) / 1e9 - (this.#upNs ?? 0) / 1e9;
    this.#upNs = upNs;
    this.#hostStat = now;
    return {
      tasks,
      ...(upNs === undefined ? {} : { upNs, elapsedSeconds }),
      ...(loadAverages ? { loadAverages } : {}),
      ...(now ? { cpu: { now, before: before ?? now } } : {}),
      ...(memory ? { memory } : {}),
    };
  }

  #readTasks(): TopTask[] {
    const { root, pids: wanted } = this.#source;
    // A folder is listed in the order of its names; the kernel's own order is that of the pids.
    const pids = wanted ? Int32Array.from(wanted) : Int32Array.from(listProcesses(root)).sort();
    this.#sweep.read(pids);
    const seen = new Map<number, SeenTask>();
    const tasks: TopTask[] = [];
    for (let row = 0; row < pids.length; row++) {
      const task = this.#task(row, pids[row]!);
      if (!task) continue;
      seen.set(task.pid, task);
      tasks.push(task);
    }
    this.#seen = seen;
    return tasks;
  }

  #task(row: number, pid: number): TopTask | undefined {
    const text = this.#text(row, STAT);
    const stat = this.#stat;
    if (!text || !tokenizeStat(text, this.#sweep.lengths[row * this.#files]!, stat)) return undefined;
    const { halves } = stat;
    const number = (field: number) => halvesToNumber(halves, field * 2);
    const integer = (field: number) => halves[field * 2]! | 0;
    const startTicks = number(StatField.starttime);
    const ticks = number(StatField.utime) + number(StatField.stime);
    const last = this.#seen.get(pid);
    const memory = this.#memory(row);
    const uids = this.#uids(row);
    const cmdline = this.#files > CMDLINE ? this.#copy(row, CMDLINE) : undefined;
    return {
      pid,
      startTicks,
      ppid: integer(StatField.ppid),
      pgrp: integer(StatField.pgrp),
      session: integer(StatField.session),
      state: String.fromCharCode(stat.state),
      priority: integer(StatField.priority),
      nice: integer(StatField.nice),
      threads: integer(StatField.num_threads) || 1,
      processor: stat.count > StatField.processor ? integer(StatField.processor) : 0,
      minorFaults: number(StatField.minflt),
      majorFaults: number(StatField.majflt),
      ticks,
      childTicks: number(StatField.cutime) + number(StatField.cstime),
      // A time may go back by a tick while the kernel distributes it over user and system.
      deltaTicks: last?.startTicks === startTicks ? Math.max(0, ticks - last.ticks) : ticks,
      ...(memory ? { memory } : {}),
      ...(uids ? { uids } : {}),
      comm: text.slice(stat.commStart, stat.commStart + stat.commLength),
      ...(cmdline ? { cmdline } : {}),
    };
  }

  #memory(row: number): TopTask['memory'] {
    const text = this.#text(row, STATM);
    const length = this.#sweep.lengths[row * this.#files + STATM]!;
    if (!text || !tokenizeStatm(text, length, this.#statm)) return undefined;
    const { pageSize } = this.#source.units;
    const bytes = (field: number) => halvesToNumber(this.#statm.halves, field * 2) * pageSize;
    return { size: bytes(0), resident: bytes(1), shared: bytes(2), text: bytes(3), data: bytes(5) };
  }

  #uids(row: number): TopTask['uids'] {
    const text = this.#copy(row, STATUS);
    if (!text) return undefined;
    const line = Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('latin1');
    const found = /^Uid:\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)/m.exec(line);
    return found ? [Number(found[1]), Number(found[2]), Number(found[3]), Number(found[4])] : undefined;
  }

  /** The text with the padding that the tokenizers need behind it; a view, or undefined when it could not be read. */
  #text(row: number, file: number): Uint8Array | undefined {
    const index = row * this.#files + file;
    return this.#sweep.lengths[index]! < 0 ? undefined : this.#sweep.bytes.subarray(this.#sweep.starts[index]!);
  }

  #copy(row: number, file: number): Uint8Array | undefined {
    return this.#text(row, file)?.slice(0, this.#sweep.lengths[row * this.#files + file]!);
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
