/**
 * What programs the processes run: their path and arguments, read when a process is first seen, when its name has changed,
 * and now and then (an exec of the same name shows in the path alone).
 *
 * The trap: reading `cmdline` takes the target's memory map, and a target that is stuck holds the reader for ever. So it
 * is read by threads with a deadline, beside the ticks. The path (`exe`) takes no such lock.
 */
import { readlinkSync } from 'node:fs';
import path from 'node:path';
import { type BegunRead, beginRead } from '../engine/begun-read.js';
import type { Engine } from '../engine/engine.js';
import type { ProcessIdentity } from '../engine/identity.js';
import { internedText } from '../engine/interned.js';
import { MAX_ARGUMENT_BYTES, programPart } from '../recording/commands.js';
import type { CmdlineMode } from '../recording/format.js';
import type { ProgramPart } from '../recording/program-part.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import { hideSecrets } from '../text/secrets.js';
import type { SamplerConfig } from './config.js';
import type { ProcessTable } from './process-table.js';

/** What is due is looked at for so long in a tick, of a period at most this share, and at least one. */
const MOST_NS = 20_000_000n;
const SHARE = 20n;
/** One look takes longer than its part of a short tick: it is left out where less than this share of the period is left, */
const ROOM = 4n;
/** but for no longer than this. */
const LEFT_OUT_NS = 20_000_000n;
/** Each process's path is looked at again after so long, */
const ROUND_NS = 60_000_000_000n;
/** and where the kernel tells of each exec, only because what it tells may be lost. */
const TOLD_ROUND_NS = 600_000_000_000n;
/** Reads of arguments that are under way at once, and for how long one of them is waited for before the next is looked at. */
const MOST_BEGUN = 32;
const PATIENCE_NS = 1_000_000n;

/** A program without arguments is believed after so many reads, a tick apart. */
const EMPTY_READS = 4;

interface Known {
  readonly identity: ProcessIdentity;
  readonly exe: string | undefined;
  readonly args: string | undefined;
}

interface Reading {
  readonly identity: ProcessIdentity;
  readonly read: BegunRead;
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
  /** By slot: reads that are under way. */
  readonly #readings = new Map<number, Reading>();
  /** By slot: how often its arguments were read and there were none. */
  readonly #emptyReads = new Map<number, number>();
  #round = 0;
  #lookedNs = 0n;
  #spentNs = 0n;

  constructor(
    config: SamplerConfig,
    private readonly engine: Engine,
    private readonly writer: RecordingWriter,
    private readonly table: ProcessTable,
    private readonly lives: { readonly isHeard: boolean },
  ) {
    this.#mode = writer.cmdlineMode(config.cmdline);
    this.#root = config.root;
  }

  /** Whether arguments are being read, which goes on at turns of the event loop. */
  get isReading(): boolean {
    return this.#waiting.size > 0 || this.#readings.size > 0;
  }

  /** A process has a slot, another name, or runs another program. */
  look(slot: number): void {
    this.#queue.add(slot);
  }

  /** Looks at some of those that are to be looked at, for a small part of the tick that ends at `endNs`. */
  spend(periodNs: bigint, endNs: bigint): void {
    const startNs = process.hrtime.bigint();
    if (endNs - startNs < periodNs / ROOM && startNs - this.#spentNs < LEFT_OUT_NS) return;
    this.#spentNs = startNs;
    const share = periodNs / SHARE;
    const stopNs = startNs + (share < MOST_NS ? share : MOST_NS);
    this.#queueSome(startNs);
    for (const slot of this.#queue) {
      this.#queue.delete(slot);
      this.#lookAt(slot, startNs);
      if (process.hrtime.bigint() >= stopNs) break;
    }
    this.#readArguments(stopNs);
  }

  /** So many of all that each has its turn in a round. */
  #queueSome(nowNs: bigint): void {
    const { live, count } = this.table;
    const roundNs = this.lives.isHeard ? TOLD_ROUND_NS : ROUND_NS;
    const due = Number((BigInt(count) * (nowNs - this.#lookedNs)) / roundNs);
    if (due < 1) return;
    if (this.#lookedNs !== 0n) {
      for (let index = 0; index < Math.min(due, count); index++) this.#queue.add(live[this.#round++ % count]!);
    }
    this.#lookedNs = nowNs;
  }

  #lookAt(slot: number, nowNs: bigint): void {
    const identity = this.table.identity(slot);
    if (!identity || identity.kernelThread) return;
    const known = this.#knownOf(slot, identity);
    const withArguments = this.#mode === 'redacted' || this.#mode === 'full';
    // Of one that was never looked at the path is read once, behind its arguments.
    if (!known && withArguments) {
      this.#waiting.add(slot);
      return;
    }
    const exe = this.#exeOf(identity.pid);
    if (known && known.exe === exe && sameName(known.identity, identity)) return;
    // A path that was read belongs to the process only if it is still there: its pid may have been given to another.
    if (!this.engine.isThere(slot)) return;
    if (withArguments) this.#waiting.add(slot);
    else this.#tell(slot, identity, exe, undefined, nowNs);
  }

  /** Takes what has been read, and begins what is waiting, until it is time. */
  #readArguments(stopNs: bigint): void {
    for (;;) {
      for (const slot of this.#waiting) {
        if (this.#readings.size >= MOST_BEGUN) break;
        // A read for an earlier process of the slot: its turn comes when that is over.
        if (this.#readings.has(slot)) continue;
        this.#waiting.delete(slot);
        const identity = this.table.identity(slot);
        if (!identity) continue;
        const file = path.join(this.#root, String(identity.pid), 'cmdline');
        this.#readings.set(slot, { identity, read: beginRead(file, MAX_ARGUMENT_BYTES + 1) });
        if (process.hrtime.bigint() >= stopNs) break;
      }
      if (this.#readings.size === 0) return;
      for (const [slot, { identity, read }] of this.#readings) {
        const nowNs = process.hrtime.bigint();
        const got = read.take(nowNs + PATIENCE_NS < stopNs ? nowNs + PATIENCE_NS : stopNs);
        if (got === undefined) continue;
        this.#readings.delete(slot);
        const now = this.table.identity(slot);
        if (now?.pid !== identity.pid || now.startTicks !== identity.startTicks) continue;
        const cmdline = got === 'unread' || got.length === 0 ? undefined : Buffer.from(got);
        // In the middle of an exec there are none for a moment.
        if (got !== 'unread' && got.length === 0 && this.#isWorthAnother(slot)) continue;
        this.#emptyReads.delete(slot);
        const exe = this.#exeOf(now.pid);
        if (this.engine.isThere(slot)) this.#tell(slot, now, exe, cmdline, nowNs);
        if (process.hrtime.bigint() >= stopNs) return;
      }
      if (process.hrtime.bigint() >= stopNs) return;
    }
  }

  #isWorthAnother(slot: number): boolean {
    const reads = (this.#emptyReads.get(slot) ?? 0) + 1;
    this.#emptyReads.set(slot, reads);
    if (reads >= EMPTY_READS) return false;
    this.#queue.add(slot);
    return true;
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
    const args = cmdline && internedText(cmdline.toString('latin1'));
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

  /** In latin1, a character for each byte; undefined when it cannot be read. */
  #exeOf(pid: number): string | undefined {
    try {
      return internedText(readlinkSync(path.join(this.#root, String(pid), 'exe'), 'latin1'));
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
