/**
 * Our side of every comparison over the zoo: one engine, bound to its processes, that does whole sweeps.
 *
 * The trap: a sweep that is fast because it read nothing. After each one every row must be `ok`, or the round fails; and
 * what was read is added up, to be held against the other side's sum.
 */
import { descriptorRoom, openEngine } from '../src/engine/choose.js';
import { processCpuNs } from '../src/engine/clocks.js';
import type { Engine, EngineName } from '../src/engine/engine.js';
import { MappingSweep } from '../src/engine/mapping-sweep.js';
import { TierColumns } from '../src/engine/tier-columns.js';
import { readHostUnits } from '../src/procfs/host-units.js';
import { SmapsColumn } from '../src/procfs/mapping-table.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, STATUSES, Status } from '../src/schema.js';
import type { RoundAnswer } from './round-child.js';

/** Mappings that one call has room for: some 180 processes of the zoo, 5 MiB. */
const MAPPING_ROWS = 16 * 1024;

/** The sweeps by name. */
export type Work = 'counters' | 'rollup' | 'mappings';

export class ZooSweeps implements Disposable {
  readonly #engine: Engine;
  readonly #slots: Uint32Array;
  readonly #counters: TierColumns;
  readonly #rollup: TierColumns;
  readonly #mappings: MappingSweep;
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
    const startNs = processCpuNs();
    const sum = this[work]();
    return { cpuNs: processCpuNs() - startNs - this.#addingNs, sum, processes: this.#slots.length };
  }

  [Symbol.dispose](): void {
    this.#engine.close();
  }

  /** CPU time that adding up took, which is not part of a sweep. */
  #addingNs = 0;

  #add(read: () => number): number {
    const startNs = processCpuNs();
    const sum = read();
    this.#addingNs += processCpuNs() - startNs;
    return sum;
  }

  private counters(): number {
    this.#addingNs = 0;
    this.#engine.sweepCounters(this.#slots, this.#slots.length, this.#counters);
    return this.#add(() => this.#sumOf(this.#counters, COUNTER_COLUMNS.indexOf('rss')));
  }

  private rollup(): number {
    this.#addingNs = 0;
    this.#engine.sweepRollup(this.#slots, this.#slots.length, this.#rollup, 0n);
    return this.#add(() => this.#sumOf(this.#rollup, ROLLUP_COLUMNS.indexOf('pss')));
  }

  private mappings(): number {
    this.#addingNs = 0;
    this.rows = 0;
    let sum = 0;
    for (let from = 0; from < this.#slots.length; ) {
      const slots = this.#slots.subarray(from);
      const done = this.#engine.sweepMappings(slots, slots.length, this.#mappings, 0n);
      if (done === 0) throw new Error('A mappings sweep read nothing');
      sum += this.#add(() => this.#sumOfMappings());
      from += done;
    }
    this.#add(() => this.#check(this.#mappings.status));
    return sum;
  }

  #sumOf(columns: TierColumns, column: number): number {
    this.#check(columns.status);
    return columns.columns[column]!.subarray(0, this.#slots.length).reduce((sum, value) => sum + value, 0);
  }

  #sumOfMappings(): number {
    const { table } = this.#mappings;
    this.rows += table.rows;
    return table.sizes[SmapsColumn.pss]!.subarray(0, table.rows).reduce((sum, value) => sum + value, 0);
  }

  #check(status: Uint8Array): number {
    for (const slot of this.#slots) {
      if (status[slot] !== Status.ok) throw new Error(`Slot ${slot} of the zoo was read as ${STATUSES[status[slot]!]}`);
    }
    return 0;
  }
}

/** Throws when two sides that read the same processes add up to sums that differ by more than a share of the larger. */
export function checkSums(a: { name: string; sum: number }, b: { name: string; sum: number }, tolerance: number): void {
  const apart = Math.abs(a.sum - b.sum) / Math.max(a.sum, b.sum);
  if (apart <= tolerance) return;
  const sums = [a, b].map(({ name, sum }) => `${name} ${(sum / 2 ** 20).toFixed(1)} MiB`).join(', ');
  throw new Error(`Two sides did not do the same work, their sums are ${(apart * 100).toFixed(1)} % apart: ${sums}`);
}
