/**
 * What programs the processes run: their path and arguments, read when a process is first seen, when its name has changed,
 * and now and then (an exec of the same name shows in the path alone).
 *
 * The trap: reading `cmdline` takes the target's memory map, and a target that is stuck holds the reader for ever. So it
 * is read beside the ticks, by Node's own threads, one process at a time; when one does not answer, a second may try, and
 * when that one does not either no arguments are read any more. The path (`exe`) takes no such lock.
 */
import { close, open, read, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { ProcessIdentity } from '../engine/identity.js';
import { readKernelFile } from '../procfs/read.js';
import { StatField, StatValues, tokenizeStat } from '../procfs/stat.js';
import { MAX_ARGUMENT_BYTES, programPart } from '../recording/commands.js';
import type { CmdlineMode } from '../recording/format.js';
import type { ProgramPart } from '../recording/program-part.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import { hideSecrets } from '../text/secrets.js';
import type { SamplerConfig } from './config.js';
import type { ProcessTable } from './process-table.js';

/** Paths are looked at for so long in a tick, of a period at most this share, and at least one. */
const MOST_NS = 500_000n;
const SHARE = 20n;
/** Each process's path is looked at again after so long. */
const ROUND_NS = 10_000_000_000n;
/** A read of arguments that takes longer is taken for stuck. */
const STUCK_NS = 1_000_000_000n;
const MOST_STUCK = 2;

interface Known {
  readonly identity: ProcessIdentity;
  readonly exe: string | undefined;
  readonly args: string | undefined;
}

interface Reading {
  readonly startedNs: bigint;
  isStuck: boolean;
}

export class CommandLines {
  readonly #mode: CmdlineMode;
  readonly #root: string;
  /** By slot: what was told of its process. */
  readonly #known: (Known | undefined)[] = [];
  /** Slots to be looked at, in the order in which they came. */
  readonly #queue = new Set<number>();
  /** Slots whose arguments are to be read. */
  readonly #waiting = new Set<number>();
  readonly #readings = new Set<Reading>();
  readonly #stat = new StatValues();
  /** For the next read of arguments: thousands of buffers would be garbage outside of the heap, which nobody collects. */
  #spare: Buffer | undefined;
  #round = 0;
  #lookedNs = 0n;
  #isClosed = false;

  constructor(
    private readonly config: SamplerConfig,
    private readonly writer: RecordingWriter,
    private readonly table: ProcessTable,
  ) {
    this.#mode = writer.cmdlineMode(config.cmdline);
    this.#root = config.root;
  }

  /** Whether arguments are being read, which goes on at turns of the event loop. */
  get isReading(): boolean {
    return this.#waiting.size > 0 || this.#readings.size > 0;
  }

  /** A process has a slot, or another name. */
  look(slot: number): void {
    this.#queue.add(slot);
  }

  /** Looks at some of those that are to be looked at, for a small part of a tick. */
  spend(): void {
    const startNs = process.hrtime.bigint();
    const periodNs = BigInt(Math.round(1e9 / this.config.hz));
    const share = periodNs / SHARE;
    const stopNs = startNs + (share < MOST_NS ? share : MOST_NS);
    this.#queueSome(startNs);
    for (const slot of this.#queue) {
      this.#queue.delete(slot);
      this.#lookAt(slot, startNs);
      if (process.hrtime.bigint() >= stopNs) break;
    }
    for (const reading of this.#readings) reading.isStuck ||= startNs - reading.startedNs > STUCK_NS;
    this.#readNext();
  }

  /** Nothing is told any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** So many of all that each has its turn in a round. */
  #queueSome(nowNs: bigint): void {
    const { live, count } = this.table;
    const due = Number((BigInt(count) * (nowNs - this.#lookedNs)) / ROUND_NS);
    if (due < 1) return;
    if (this.#lookedNs !== 0n) {
      for (let index = 0; index < Math.min(due, count); index++) this.#queue.add(live[this.#round++ % count]!);
    }
    this.#lookedNs = nowNs;
  }

  #lookAt(slot: number, nowNs: bigint): void {
    const identity = this.table.identity(slot);
    if (!identity || identity.kernelThread) return;
    const exe = this.#exeOf(identity.pid);
    const known = this.#knownOf(slot, identity);
    if (known && known.exe === exe && sameName(known.identity, identity)) return;
    // A path that was read belongs to the process only if it is still there: its pid may have been given to another.
    if (!this.#isStill(identity)) return;
    if (this.#mode === 'redacted' || this.#mode === 'full') this.#waiting.add(slot);
    else this.#tell(slot, identity, exe, undefined, nowNs);
  }

  #readNext(): void {
    const stuck = [...this.#readings].filter(({ isStuck }) => isStuck).length;
    if (this.#readings.size > stuck || this.#waiting.size === 0) return;
    const [slot] = this.#waiting;
    this.#waiting.delete(slot!);
    const identity = this.table.identity(slot!);
    if (!identity) {
      this.#readNext();
      return;
    }
    // Those that never come back keep a thread each, and Node has four, which the file needs too.
    if (stuck >= MOST_STUCK) {
      this.#tell(slot!, identity, this.#exeOf(identity.pid), undefined, process.hrtime.bigint());
      return;
    }
    const reading: Reading = { startedNs: process.hrtime.bigint(), isStuck: false };
    this.#readings.add(reading);
    const bytes = this.#spare ?? Buffer.alloc(MAX_ARGUMENT_BYTES + 1);
    this.#spare = undefined;
    readStart(path.join(this.#root, String(identity.pid), 'cmdline'), bytes, (cmdline) => {
      this.#readings.delete(reading);
      this.#spare = bytes;
      if (this.#isClosed) return;
      const now = this.table.identity(slot!);
      if (now?.pid === identity.pid && now.startTicks === identity.startTicks && this.#isStill(now)) {
        this.#tell(slot!, now, this.#exeOf(now.pid), cmdline, process.hrtime.bigint());
      }
      this.#readNext();
    });
  }

  /** Stores what is new: the program of a process that was not known, or of one that runs another now. */
  #tell(
    slot: number,
    identity: ProcessIdentity,
    exe: string | undefined,
    cmdline: Buffer | undefined,
    nowNs: bigint,
  ): void {
    const known = this.#knownOf(slot, identity);
    const args = cmdline?.toString('latin1');
    this.#known[slot] = { identity, exe, args };
    const isOther =
      known !== undefined && (known.exe !== exe || (known.args !== args && !sameName(known.identity, identity)));
    if (known && !isOther) return;
    const { pid, startTicks } = identity;
    const program = this.#mode === 'none' ? {} : this.#hidden(programPart(bytesOf(exe), cmdline));
    if (isOther) this.writer.exec(nowNs, identity, program);
    if (program.exe !== undefined || program.args !== undefined) {
      this.writer.command(nowNs, { pid, startTicks, ...program });
    }
  }

  #hidden(program: ProgramPart): ProgramPart {
    if (this.#mode !== 'redacted' || program.args === undefined) return program;
    // The bytes would tell what the text hides.
    const { argsHex: _, ...rest } = program;
    return { ...rest, args: hideSecrets(program.args) };
  }

  #knownOf(slot: number, { pid, startTicks }: ProcessIdentity): Known | undefined {
    const known = this.#known[slot];
    return known?.identity.pid === pid && known.identity.startTicks === startTicks ? known : undefined;
  }

  #isStill({ pid, startTicks }: ProcessIdentity): boolean {
    const stat = readKernelFile(this.#root, pid, 'stat');
    if (stat.status !== 'ok') return false;
    // No object of its fifty fields: at the start this is done for every process of the host.
    const { value } = stat;
    return (
      tokenizeStat(value, value.length, this.#stat, StatField.starttime + 1) &&
      Number(this.#stat.fields[StatField.starttime]) === startTicks
    );
  }

  /** In latin1, a character for each byte; undefined when it cannot be read. */
  #exeOf(pid: number): string | undefined {
    try {
      return readlinkSync(path.join(this.#root, String(pid), 'exe'), 'latin1');
    } catch {
      return undefined;
    }
  }
}

function sameName(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return Buffer.compare(a.comm, b.comm) === 0;
}

function bytesOf(latin1: string | undefined): Buffer | undefined {
  return latin1 === undefined ? undefined : Buffer.from(latin1, 'latin1');
}

/** The begin of a file in these bytes, or nothing, from another thread. */
function readStart(file: string, bytes: Buffer, take: (bytes: Buffer | undefined) => void): void {
  open(file, 'r', (failed, fd) => {
    if (failed) return take(undefined);
    read(fd, bytes, 0, bytes.length, 0, (error, count) => {
      close(fd, () => {});
      take(error || count === 0 ? undefined : bytes.subarray(0, count));
    });
  });
}
