/**
 * The deep reads of a tick, in the time that its counters sweep left over.
 *
 * The trap: a deep read that overruns makes the next tick late. Reads are begun only while there is time, and the rows of
 * one tick make one frame, so that an export can join them with the counters of that tick.
 */
import type { Engine } from '../engine/engine.js';
import { TierColumns } from '../engine/tier-columns.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import { ROLLUP_COLUMNS } from '../schema.js';
import { Audit } from './audit.js';
import type { SamplerConfig } from './config.js';
import type { ProcessTable } from './process-table.js';
import { RollupSchedule } from './rollup-schedule.js';

/** No read is begun in the last stretch before the next deadline. */
const GUARD_NS = 300_000n;
const HOLD = ROLLUP_COLUMNS.indexOf('rollupHold');

export class DeepReads {
  readonly #rollup: RollupSchedule;
  readonly #audit: Audit;
  #columns = new TierColumns(ROLLUP_COLUMNS, 1016);
  #due = new Uint32Array(1024);

  constructor(
    private readonly config: SamplerConfig,
    private readonly engine: Engine,
    private readonly writer: RecordingWriter,
    private readonly table: ProcessTable,
  ) {
    this.#rollup = new RollupSchedule(config.rollup, config.host.pageSize);
    this.#audit = new Audit(config, writer);
  }

  /** A slot has a new process. */
  arrived(slot: number): void {
    if (slot >= this.#columns.stride) this.#columns = this.#columns.grown(slot * 2);
    this.#columns.clear(slot);
    this.#rollup.arrived(slot);
  }

  /** Reads what is due until shortly before `nextDeadlineNs`, and stores it. `rss` is the column of resident bytes. */
  spend(tick: number, nextDeadlineNs: bigint, rss: Float64Array): void {
    if (this.config.rollup === 'off') return;
    const nowNs = process.hrtime.bigint();
    const now = Number(nowNs);
    const allowance = this.#rollup.allowanceNs(now);
    let stopNs = nextDeadlineNs - GUARD_NS;
    if (Number.isFinite(allowance)) {
      const budgetStop = nowNs + BigInt(Math.round(allowance));
      if (budgetStop < stopNs) stopNs = budgetStop;
    }
    if (stopNs <= nowNs) return;
    const { live, count } = this.table;
    if (this.#due.length < count) this.#due = new Uint32Array(count * 2);
    const due = this.#rollup.due(live, count, now, rss, this.#due);
    if (due === 0) return;
    const done = this.engine.sweepRollup(this.#due, due, this.#columns, stopNs);
    const [from, to] = this.engine.times;
    this.#rollup.spent(Number(to! - from!));
    for (let index = 0; index < done; index++) {
      const slot = this.#due[index]!;
      this.#rollup.read(slot, this.#columns.status[slot]!, this.#columns.columns[HOLD]![slot]!, Number(to!));
      this.#audit.read(this.table.identity(slot)!, this.#columns.status[slot]!);
    }
    if (done > 0) this.writer.rollup(from!, to!, tick, this.#due, done, this.#columns);
  }

  /** Stores what the audit found so far. */
  finish(timeNs: bigint): void {
    this.#audit.report(timeNs);
  }
}
