/**
 * The deep reads of a tick, in the time that its counters sweep left over and for what the budget has left.
 *
 * The trap: a deep read that overruns makes the next tick late. Reads are begun only while there is time, one that has not
 * ended then goes on and is taken at a later tick: its row belongs to that tick. Whole reads and reads in pieces of one
 * tick make a frame each.
 */
import type { Engine } from '../engine/engine.js';
import { MappingSweep } from '../engine/mapping-sweep.js';
import { TierColumns } from '../engine/tier-columns.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, Status } from '../schema.js';
import { Audit } from './audit.js';
import type { Budget } from './budget.js';
import type { SamplerConfig } from './config.js';
import { DeepSchedule, type Movement } from './deep-schedule.js';
import { sumMappings } from './mapping-sums.js';
import { PeakReads } from './peak-reads.js';
import type { ProcessTable } from './process-table.js';

/** No read is begun in the last stretch before the next deadline: this long, or a quarter of a short period. */
const GUARD_NS = 300_000;
/** With `auto` no process is read more often than this. */
const ROLLUP_INTERVAL_NS = 0.5e9;
const USUAL_BUDGET = 0.01;
const MAPPINGS_INTERVAL_NS = 30e9;
/** With `auto`: how often is looked for what is due, since that costs as well. */
const LOOK_EVERY_NS = 50_000_000n;
const MOST_PACED_WAIT_NS = 100_000_000;
const MAPPING_ROWS = 4088;
const GROWTH = 1.25;
const HOLD = ROLLUP_COLUMNS.indexOf('rollupHold');
const PSS = ROLLUP_COLUMNS.indexOf('pss');
const USS = ROLLUP_COLUMNS.indexOf('uss');
const RSS = COUNTER_COLUMNS.indexOf('rss');
const FAULTS = COUNTER_COLUMNS.indexOf('minorFaults');

export class DeepReads {
  readonly #rollup: DeepSchedule;
  readonly #mappings: DeepSchedule;
  /** Instead of that: reads near the peaks of the whole target. */
  readonly #peaks: PeakReads | undefined;
  /** Of a read near a peak what has not been read yet. */
  #left: number[] = [];
  #heldNs = 0;
  readonly #maxHoldNs: number;
  /** Made when the first mappings are due. */
  #sweep: MappingSweep | undefined;
  readonly #audit: Audit;
  #guardNs = 0n;
  #columns = new TierColumns(ROLLUP_COLUMNS, 1016);
  #due = new Uint32Array(1024);
  #whole = new Uint32Array(1024);
  /** To be read in pieces: those that are under way first. */
  #paced = new Uint32Array(1024);
  #pacedCount = 0;
  readonly #isPaced = new Set<number>();
  /** Mappings that are read in pieces now. */
  #pacedMappings: number[] = [];
  #lookedNs = 0n;
  /** Reads in pieces go on by themselves; a slow recording waits for them for a while, so that they are told in time. */
  #pacedWaitNs = 0n;

  constructor(
    config: SamplerConfig,
    private readonly engine: Engine,
    private readonly writer: RecordingWriter,
    private readonly table: ProcessTable,
    private readonly budget: Budget,
  ) {
    const { pageSize } = config.host;
    const periodNs = 1e9 / config.hz;
    this.#maxHoldNs = config.maxHoldNs;
    this.setPeriod(periodNs);
    const limits = { maxHoldNs: config.maxHoldNs, allowHoldNs: config.allowHoldNs };
    const canPace = engine.name !== 'ts';
    const areRelatives = config.target.kind === 'descendants';
    // A larger budget pays for more of them.
    const intervalNs = ROLLUP_INTERVAL_NS * Math.min(1, USUAL_BUDGET / config.budget);
    this.#rollup = new DeepSchedule(
      config.rollup,
      pageSize,
      intervalNs,
      { ...limits, canPace, areRelatives, share: config.budget },
      periodNs,
    );
    this.#peaks = config.mappings === 'peak' ? new PeakReads(pageSize) : undefined;
    this.#mappings = new DeepSchedule(
      config.mappings === 'peak' ? 'off' : config.mappings,
      pageSize,
      MAPPINGS_INTERVAL_NS,
      { ...limits, canPace },
      periodNs,
    );
    this.#audit = new Audit(config, writer);
  }

  /** What rollups told last, by slot. */
  get columns(): TierColumns {
    return this.#columns;
  }

  /** The ticks are so far apart from now on. */
  setPeriod(periodNs: number): void {
    this.#guardNs = BigInt(Math.round(Math.min(GUARD_NS, periodNs / 4)));
    this.#pacedWaitNs = BigInt(Math.round(Math.min(MOST_PACED_WAIT_NS, Math.max(100_000, periodNs / 4))));
  }

  /** A slot has a new process. */
  arrived(slot: number): void {
    if (!this.#rollup.isOff) {
      if (slot >= this.#columns.stride) this.#columns = this.#columns.grown(Math.ceil(slot * GROWTH) + 1);
      this.#columns.clear(slot);
    }
    this.#isPaced.delete(slot);
    this.#pacedMappings = this.#pacedMappings.filter((paced) => paced !== slot);
    this.#rollup.arrived(slot);
    this.#mappings.arrived(slot);
    this.#peaks?.arrived(slot);
  }

  /** A process has gone. */
  departed(): void {
    this.#rollup.departed();
  }

  /** Reads what is due until shortly before `nextDeadlineNs`, and stores it. */
  spend(tick: number, nextDeadlineNs: bigint, counters: TierColumns): void {
    const endNs = nextDeadlineNs - this.#guardNs;
    const moved = { rss: counters.columns[RSS]!, faults: counters.columns[FAULTS]! };
    // First of all: a moment later the peak may be over.
    if (this.#peaks) this.#readPeak(this.#peaks, tick, endNs, moved);
    this.#readRollups(tick, endNs, moved);
    this.#readMappings(tick, endNs, moved);
  }

  /** Stores what the audit found so far. */
  finish(timeNs: bigint): void {
    this.#audit.report(timeNs);
  }

  /** Fills `#due` with what is due and can be paid. Returns how many. */
  #find(schedule: DeepSchedule, nowNs: bigint, moved: Movement): number {
    const { live, count } = this.table;
    if (this.#due.length < count) {
      this.#due = new Uint32Array(count * 2);
      this.#whole = new Uint32Array(count * 2);
      const paced = new Uint32Array(count * 2);
      paced.set(this.#paced);
      this.#paced = paced;
    }
    if (!schedule.isBudgeted) return schedule.due(live, count, Number(nowNs), moved, this.#due);
    let creditNs = this.budget.creditNs;
    if (creditNs === 0) return 0;
    const due = schedule.due(live, count, Number(nowNs), moved, this.#due);
    let payable = 0;
    // The first one is begun on credit: else a process that costs more than is ever saved up would never be read.
    for (; payable < due && creditNs > 0; payable++) {
      creditNs -= schedule.costNs(this.#due[payable]!, moved.rss[this.#due[payable]!]!);
    }
    return payable;
  }

  #readRollups(tick: number, endNs: bigint, moved: Movement): void {
    const schedule = this.#rollup;
    const nowNs = process.hrtime.bigint();
    if (schedule.isOff || nowNs >= endNs) return;
    let due = 0;
    if (!schedule.isBudgeted || nowNs - this.#lookedNs >= LOOK_EVERY_NS) {
      this.#lookedNs = nowNs;
      due = this.#find(schedule, nowNs, moved);
    }
    let whole = 0;
    for (let index = 0; index < due; index++) {
      const slot = this.#due[index]!;
      if (schedule.methodOf(slot, moved.rss[slot]!) === 'whole') this.#whole[whole++] = slot;
      else if (!this.#isPaced.has(slot)) {
        this.#isPaced.add(slot);
        this.#paced[this.#pacedCount++] = slot;
      }
    }
    if (whole > 0) {
      const done = this.engine.sweepRollup(this.#whole, whole, this.#columns, endNs);
      this.#takeRollups(tick, this.#whole, done, false, moved);
    }
    if (this.#pacedCount > 0) {
      // Those whose process has gone meanwhile come back as such.
      const wait = process.hrtime.bigint() + this.#pacedWaitNs;
      const waitNs = wait < endNs ? wait : endNs;
      const count = this.#pacedCount;
      const done = this.engine.sweepPaced(this.#paced, count, this.#columns, waitNs, this.#maxHoldNs);
      this.#takeRollups(tick, this.#paced, done, true, moved);
      for (const slot of this.#paced.subarray(0, done)) this.#isPaced.delete(slot);
      this.#paced.copyWithin(0, done, count);
      this.#pacedCount = count - done;
    }
  }

  #takeRollups(tick: number, slots: Uint32Array, done: number, isPaced: boolean, moved: Movement): void {
    const [from, to] = this.engine.times;
    const { columns, status } = this.#columns;
    let rows = 0;
    for (let index = 0; index < done; index++) {
      const slot = slots[index]!;
      const identity = this.table.identity(slot);
      // Asked for while it lived, and gone since.
      if (!identity) continue;
      const shared = columns[PSS]![slot]! - columns[USS]![slot]!;
      const holdNs = columns[HOLD]![slot]!;
      this.#rollup.read(slot, status[slot]!, holdNs, isPaced, shared || 0, Number(to!), moved);
      if (!isPaced) this.#audit.read(identity, status[slot]!, 'smaps_rollup');
      this.#due[rows++] = slot;
    }
    if (rows > 0) this.writer.rollup(from!, to!, tick, this.#due, rows, this.#columns);
  }

  #readMappings(tick: number, endNs: bigint, moved: Movement): void {
    const schedule = this.#mappings;
    const nowNs = process.hrtime.bigint();
    if (schedule.isOff || nowNs >= endNs) return;
    const due = this.#find(schedule, nowNs, moved);
    const whole: number[] = [];
    for (const slot of this.#due.subarray(0, due)) {
      if (schedule.methodOf(slot, moved.rss[slot]!) === 'whole') whole.push(slot);
      else if (!this.#pacedMappings.includes(slot)) this.#pacedMappings.push(slot);
    }
    if (whole.length > 0) this.#sweepMappings(Uint32Array.from(whole), tick, endNs, moved, 0);
    if (this.#pacedMappings.length === 0) return;
    const slots = Uint32Array.from(this.#pacedMappings);
    const wait = process.hrtime.bigint() + this.#pacedWaitNs;
    const done = this.#sweepMappings(slots, tick, wait < endNs ? wait : endNs, moved, this.#maxHoldNs);
    this.#pacedMappings = [...slots.subarray(done)];
  }

  #readPeak(peaks: PeakReads, tick: number, endNs: bigint, moved: Movement): void {
    const nowNs = process.hrtime.bigint();
    // What is due then is due at the next tick as well.
    if (nowNs >= endNs) return;
    // Of those that were left some may have gone meanwhile.
    const left = this.#left.filter((slot) => this.table.identity(slot));
    const count = peaks.due(this.table, moved.rss, Number(nowNs), this.#due, left.length > 0);
    const slots = count > 0 ? this.#due.slice(0, count) : Uint32Array.from(left);
    if (slots.length === 0) return;
    const done = this.#sweepMappings(slots, tick, endNs, moved, 0);
    this.#left = [...slots.subarray(done)];
    peaks.held(this.#heldNs);
    this.#heldNs = 0;
  }

  /** Reads whole, or in pieces with a `maxHoldNs` above 0. Returns how many, and puts those first in `slots`. */
  #sweepMappings(slots: Uint32Array, tick: number, endNs: bigint, moved: Movement, maxHoldNs: number): number {
    this.#sweep ??= new MappingSweep(MAPPING_ROWS, slots.length);
    const sweep = this.#sweep;
    sweep.growSlots(Math.max(slots.length, this.table.highWater));
    const isPaced = maxHoldNs > 0;
    let left = slots;
    do {
      const done = this.engine.sweepMappings(left, left.length, sweep, endNs, maxHoldNs);
      const [from, to] = this.engine.times;
      const summed: number[] = [];
      for (let index = 0; index < done; index++) {
        const slot = left[index]!;
        const identity = this.table.identity(slot);
        // Asked for while it lived, and gone since.
        if (!identity) continue;
        const [first, rows] = [sweep.spans[index]!, sweep.spans[left.length + index]!];
        const status = sweep.status[slot]!;
        const hold = sweep.holds[index]!;
        this.#heldNs += Number(hold);
        this.#mappings.read(slot, status, Number(hold), isPaced, 0, Number(to!), moved);
        if (!isPaced) this.#audit.read(identity, status, 'smaps');
        this.writer.mappings(from!, identity, tick, status, hold, sweep, first, rows);
        if (this.#peaks && !isPaced && status === Status.ok && rows > 0) {
          sumMappings(sweep, first, rows, Number(hold), slot, this.#columns);
          const shared = this.#columns.columns[PSS]![slot]! - this.#columns.columns[USS]![slot]!;
          this.#rollup.read(slot, Status.ok, Number(hold), false, shared || 0, Number(to!), moved);
          summed.push(slot);
        }
      }
      // What was read of each mapping needs no read of the whole.
      if (summed.length > 0) {
        this.writer.rollup(from!, to!, tick, Uint32Array.from(summed), summed.length, this.#columns);
      }
      left = left.subarray(done);
      if (done === 0) break;
    } while (left.length > 0 && process.hrtime.bigint() < endNs);
    return slots.length - left.length;
  }
}
