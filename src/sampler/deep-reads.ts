/**
 * The deep reads of a tick, in the time that its counters sweep left over.
 *
 * The trap: a deep read that overruns makes the next tick late. Reads are begun only while there is time, and the rows of
 * one tick make one frame, so that an export can join them with the counters of that tick.
 */
import type { Engine } from '../engine/engine.js';
import { MappingSweep } from '../engine/mapping-sweep.js';
import { TierColumns } from '../engine/tier-columns.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import { ROLLUP_COLUMNS } from '../schema.js';
import { Audit } from './audit.js';
import type { SamplerConfig } from './config.js';
import { DeepSchedule } from './deep-schedule.js';
import type { ProcessTable } from './process-table.js';

/** No read is begun in the last stretch before the next deadline: this long, or a quarter of a short period. */
const GUARD_NS = 300_000;
/** With `auto` no process is read more often than this. */
const ROLLUP_INTERVAL_NS = 1e9;
const MAPPINGS_INTERVAL_NS = 30e9;
const MAPPING_ROWS = 4088;
const HOLD = ROLLUP_COLUMNS.indexOf('rollupHold');

export class DeepReads {
  readonly #rollup: DeepSchedule;
  readonly #mappings: DeepSchedule;
  /** Made when the first mappings are due. */
  #sweep: MappingSweep | undefined;
  readonly #audit: Audit;
  readonly #guardNs: bigint;
  #columns = new TierColumns(ROLLUP_COLUMNS, 1016);
  #due = new Uint32Array(1024);

  constructor(
    config: SamplerConfig,
    private readonly engine: Engine,
    private readonly writer: RecordingWriter,
    private readonly table: ProcessTable,
  ) {
    const { pageSize } = config.host;
    this.#guardNs = BigInt(Math.round(Math.min(GUARD_NS, 1e9 / config.hz / 4)));
    this.#rollup = new DeepSchedule(config.rollup, pageSize, ROLLUP_INTERVAL_NS, 1e9 / config.hz);
    this.#mappings = new DeepSchedule(config.mappings, pageSize, MAPPINGS_INTERVAL_NS, 1e9 / config.hz);
    this.#audit = new Audit(config, writer);
  }

  /** A slot has a new process. */
  arrived(slot: number): void {
    if (slot >= this.#columns.stride) this.#columns = this.#columns.grown(slot * 2);
    this.#columns.clear(slot);
    this.#rollup.arrived(slot);
    this.#mappings.arrived(slot);
  }

  /** Reads what is due until shortly before `nextDeadlineNs`, and stores it. `rss` is the column of resident bytes. */
  spend(tick: number, nextDeadlineNs: bigint, rss: Float64Array): void {
    const endNs = nextDeadlineNs - this.#guardNs;
    this.#readDue(this.#rollup, endNs, rss, (due, stopNs) => this.#readRollup(tick, due, stopNs));
    this.#readDue(this.#mappings, endNs, rss, (due, stopNs) => this.#readMappings(tick, due, stopNs));
  }

  /** Lets `read` read the slots that are due, for as long as the schedule allows. */
  #readDue(
    schedule: DeepSchedule,
    endNs: bigint,
    rss: Float64Array,
    read: (due: number, stopNs: bigint) => void,
  ): void {
    if (schedule.isOff) return;
    const nowNs = process.hrtime.bigint();
    const allowance = schedule.allowanceNs(Number(nowNs));
    const budgetNs = Number.isFinite(allowance) ? nowNs + BigInt(Math.round(allowance)) : endNs;
    const stopNs = budgetNs < endNs ? budgetNs : endNs;
    if (stopNs <= nowNs) return;
    const { live, count } = this.table;
    if (this.#due.length < count) this.#due = new Uint32Array(count * 2);
    const due = schedule.due(live, count, Number(nowNs), rss, this.#due);
    if (due === 0) return;
    read(due, stopNs);
    schedule.spent(Number(process.hrtime.bigint() - nowNs));
  }

  #readRollup(tick: number, due: number, stopNs: bigint): void {
    const done = this.engine.sweepRollup(this.#due, due, this.#columns, stopNs);
    const [from, to] = this.engine.times;
    for (let index = 0; index < done; index++) {
      const slot = this.#due[index]!;
      const status = this.#columns.status[slot]!;
      this.#rollup.read(slot, status, this.#columns.columns[HOLD]![slot]!, Number(to!));
      this.#audit.read(this.table.identity(slot)!, status, 'smaps_rollup');
    }
    if (done > 0) this.writer.rollup(from!, to!, tick, this.#due, done, this.#columns);
  }

  #readMappings(tick: number, due: number, stopNs: bigint): void {
    this.#sweep ??= new MappingSweep(MAPPING_ROWS, due);
    const sweep = this.#sweep;
    sweep.growSlots(Math.max(due, this.table.highWater));
    let left = this.#due.subarray(0, due);
    while (left.length > 0 && process.hrtime.bigint() < stopNs) {
      const done = this.engine.sweepMappings(left, left.length, sweep, stopNs);
      const [from, to] = this.engine.times;
      for (let index = 0; index < done; index++) {
        const slot = left[index]!;
        const [first, rows] = [sweep.spans[index]!, sweep.spans[left.length + index]!];
        const status = sweep.status[slot]!;
        const hold = sweep.holds[index]!;
        this.#mappings.read(slot, status, Number(hold), Number(to!));
        this.#audit.read(this.table.identity(slot)!, status, 'smaps');
        this.writer.mappings(from!, this.table.identity(slot)!, tick, status, hold, sweep, first, rows);
      }
      if (done === 0) return;
      left = left.subarray(done);
    }
  }

  /** Stores what the audit found so far. */
  finish(timeNs: bigint): void {
    this.#audit.report(timeNs);
  }
}
