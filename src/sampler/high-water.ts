/**
 * The kernel's high-water mark of resident memory (`VmHWM`) of each process, for an engine that does not count it: read again
 * and again while the process lives, and stored when it ends or becomes another program.
 *
 * The traps: nobody can ask for it afterwards; exec begins a new one; and `wait` tells another (`ru_maxrss`), which survives
 * exec. With thousands of processes a reading of all takes longer than a tick: some are read at each, in turn, and only those
 * that have faulted since.
 */
import type { TierColumns } from '../engine/tier-columns.js';
import { readSmallText } from '../procfs/small-text.js';
import { nameParts } from '../recording/events.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import { COUNTER_COLUMNS } from '../schema.js';
import type { ProcessTable } from './process-table.js';

/** For all reads of a tick: this part of it, and never more than that. */
const PART_OF_TICK = 0.02;
const MOST_NS = 300_000;
const FIELD = 'VmHWM:';
const FAULTS = COUNTER_COLUMNS.indexOf('minorFaults');

export class HighWater {
  readonly #mostNs: bigint;
  /** By slot. */
  readonly #marks: number[] = [];
  readonly #faults: number[] = [];
  readonly #bytes = Buffer.alloc(4096);
  #cursor = 0;

  constructor(
    private readonly root: string,
    hz: number,
    private readonly table: ProcessTable,
    private readonly writer: RecordingWriter,
  ) {
    this.#mostNs = BigInt(Math.round(Math.min(MOST_NS, (PART_OF_TICK * 1e9) / hz)));
  }

  arrived(slot: number): void {
    this.#marks[slot] = 0;
    this.#faults[slot] = -1;
  }

  /** Reads for as long as it may. */
  look(counters: TierColumns): void {
    const { live, count } = this.table;
    const faults = counters.columns[FAULTS]!;
    const endNs = process.hrtime.bigint() + this.#mostNs;
    for (let step = 0; step < count; step++) {
      const slot = live[(this.#cursor + step) % count]!;
      if (faults[slot] === this.#faults[slot]) continue;
      this.#faults[slot] = faults[slot]!;
      const mark = this.#read(this.table.identity(slot)!.pid);
      if (mark !== undefined && mark > this.#marks[slot]!) this.#marks[slot] = mark;
      if (process.hrtime.bigint() < endNs) continue;
      this.#cursor = (this.#cursor + step + 1) % count;
      return;
    }
  }

  /** The process of a slot has ended or is about to get another name: its identity is the one that the mark belongs to. */
  settle(slot: number, timeNs: bigint): void {
    const peak = this.#marks[slot];
    const { pid, startTicks, comm } = this.table.identity(slot)!;
    if (peak) this.writer.event(timeNs, { type: 'highWater', pid, startTicks, ...nameParts(comm), peak });
    this.arrived(slot);
  }

  /** The recording ends. */
  close(timeNs: bigint): void {
    const { live, count } = this.table;
    for (let index = 0; index < count; index++) this.settle(live[index]!, timeNs);
  }

  #read(pid: number): number | undefined {
    const text = readSmallText(`${this.root}/${pid}/status`, this.#bytes);
    const at = text.indexOf(FIELD);
    return at < 0 ? undefined : Number.parseInt(text.slice(at + FIELD.length), 10) * 1024;
  }
}
