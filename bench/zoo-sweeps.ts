/**
 * Our side of every comparison over the zoo: one engine, bound to its processes, that does whole sweeps.
 *
 * The trap: a sweep that is fast because it read nothing. After each one every row must be `ok`, or the round fails; and
 * what was read is added up, to be held against the other side's sum.
 */

import { processCpuNs } from '../src/engine/clocks.js';
import type { Engine, EngineName } from '../src/engine/engine.js';
import { MappingSweep } from '../src/engine/mapping-sweep.js';
import { descriptorRoom, openEngine } from '../src/engine/open-engine.js';
import { TierColumns } from '../src/engine/tier-columns.js';
import { readHostUnits } from '../src/procfs/host-units.js';
import { SmapsColumn } from '../src/procfs/mapping-table.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, STATUSES, Status } from '../src/schema.js';
import type { RoundAnswer } from './round-child.js';

/** Mappings that one call has room for: some 180 processes of the zoo, 5 MiB. */
const MAPPING_ROWS = 16 * 1024;

/** The sweeps by name. */
export type Work = 'counters' | 'recorded' | 'memory' | 'rollup' | 'mappings';

/** One row in so many has its times due in each sweep of the engine in the kernel at 100 Hz: they are read ten times a second. */
const TIMES_EVERY = 16;
/** Times are then due of no slot that there is. */
const NO_TIMES = 2 ** 30;

export class ZooSweeps implements Disposable {
  readonly #engine: Engine;
  readonly #slots: Uint32Array;
  readonly #counters: TierColumns;
  readonly #rollup: TierColumns;
  readonly #mappings: MappingSweep;
  #phase = 0;
  /** CPU time of the engine in the round that is under way. */
  #cpuNs = 0;
  /** Mappings of the last mappings sweep. */
  rows = 0;

  /** Throws when a process cannot be attached. */
  constructor(engine: EngineName, pids: readonly number[]) {
    this.#engine = openEngine(engine, { root: '/proc', host: readHostUnits(), maxKept: descriptorRoom() });
    this.#slots = Uint32Array.from(pids.keys());
    this.#counters = new TierColumns(COUNTER_COLUMNS, pids.length);
    this.#rollup = new TierColumns(ROLLUP_COLUMNS, pids.length);
    this.#mappings = new MappingSweep(MAPPING_ROWS, pids.length);
    for (const [slot, pid] of pids.entries()) {
      const { status } = this.#engine.attach(slot, pid);
      if (status !== 'ok') throw new Error(`Process ${pid} of the zoo cannot be read: ${status}`);
    }
  }

  /** Descriptors that are kept open between sweeps. */
  get kept(): number {
    return this.#engine.kept();
  }

  /** One sweep over all processes. `sum` is of rss (counters) or of PSS (the others), in bytes. */
  round(work: Work): RoundAnswer {
    this.#cpuNs = 0;
    const sum = this[work]();
    return { cpuNs: this.#cpuNs, sum, processes: this.#slots.length };
  }

  [Symbol.dispose](): void {
    this.#engine.close();
  }

  private counters(): number {
    this.#timed(() => this.#engine.sweepCounters(this.#slots, this.#slots.length, this.#counters));
    this.#check(this.#counters.status);
    return this.#sum(this.#counters.columns[COUNTER_COLUMNS.indexOf('rss')]!, this.#slots.length);
  }

  /** The counters as a recording at 100 Hz reads them: times and faults of a part of the rows in turn. */
  private recorded(): number {
    this.#phase = (this.#phase + 1) % TIMES_EVERY;
    this.#timed(() =>
      this.#engine.sweepCounters(this.#slots, this.#slots.length, this.#counters, TIMES_EVERY, this.#phase),
    );
    this.#check(this.#counters.status);
    return this.#sum(this.#counters.columns[COUNTER_COLUMNS.indexOf('rss')]!, this.#slots.length);
  }

  /** The counters without CPU times and faults, which an engine reads at their own rate. */
  private memory(): number {
    this.#timed(() =>
      this.#engine.sweepCounters(this.#slots, this.#slots.length, this.#counters, NO_TIMES, NO_TIMES - 1),
    );
    this.#check(this.#counters.status);
    return this.#sum(this.#counters.columns[COUNTER_COLUMNS.indexOf('rss')]!, this.#slots.length);
  }

  private rollup(): number {
    this.#timed(() => this.#engine.sweepRollup(this.#slots, this.#slots.length, this.#rollup, 0n));
    this.#check(this.#rollup.status);
    return this.#sum(this.#rollup.columns[ROLLUP_COLUMNS.indexOf('pss')]!, this.#slots.length);
  }

  private mappings(): number {
    this.rows = 0;
    let sum = 0;
    for (let from = 0; from < this.#slots.length; ) {
      const slots = this.#slots.subarray(from);
      const done = this.#timed(() => this.#engine.sweepMappings(slots, slots.length, this.#mappings, 0n));
      if (done === 0) throw new Error('A mappings sweep read nothing');
      const { table } = this.#mappings;
      this.rows += table.rows;
      sum += this.#sum(table.sizes[SmapsColumn.pss]!, table.rows);
      from += done;
    }
    this.#check(this.#mappings.status);
    return sum;
  }

  /** Only the engine's own work is timed: neither the check nor the sum is part of a sweep. */
  #timed(sweep: () => number): number {
    const startNs = processCpuNs();
    const result = sweep();
    this.#cpuNs += processCpuNs() - startNs;
    return result;
  }

  #sum(column: Float64Array, count: number): number {
    let sum = 0;
    for (let index = 0; index < count; index++) sum += column[index]!;
    return sum;
  }

  #check(status: Uint8Array): void {
    for (const slot of this.#slots) {
      if (status[slot] !== Status.ok) throw new Error(`Slot ${slot} of the zoo was read as ${STATUSES[status[slot]!]}`);
    }
  }
}

/** Throws when two sides that read the same processes add up to sums that differ by more than a share of the larger. */
export function checkSums(a: { name: string; sum: number }, b: { name: string; sum: number }, tolerance: number): void {
  const apart = Math.abs(a.sum - b.sum) / Math.max(a.sum, b.sum);
  if (apart <= tolerance) return;
  const sums = [a, b].map(({ name, sum }) => `${name} ${(sum / 2 ** 20).toFixed(1)} MiB`).join(', ');
  throw new Error(`Two sides did not do the same work, their sums are ${(apart * 100).toFixed(1)} % apart: ${sums}`);
}
