/**
 * Last, least and most of every value of a tier since a step began, by row.
 *
 * The traps: this runs in every tick over every value, and nearly all of them are what they were a tick ago, so that case
 * must cost one comparison; and NaN, which stands for "not measured", takes part in no aggregate.
 */
import { Status } from '../schema.js';

/** A row that no tick of the step had. */
export const NOTHING = 255;

/** Where aggregates are made from: ticks, whose three are one array, or a finer step. */
export interface StepSource {
  readonly last: readonly Float64Array[];
  readonly least: readonly Float64Array[];
  readonly most: readonly Float64Array[];
  readonly status: Uint8Array;
}

export class StepRows implements StepSource {
  status = new Uint8Array(0);
  last: Float64Array[];
  least: Float64Array[];
  most: Float64Array[];
  /** All of them in the order of the columns of the ring. */
  columns: Float64Array[] = [];

  constructor(readonly metrics: number) {
    this.last = Array.from({ length: metrics }, () => new Float64Array(0));
    this.least = [...this.last];
    this.most = [...this.last];
  }

  /** Makes room for `rows` rows; new ones are empty. */
  reserve(rows: number): void {
    const before = this.status.length;
    if (rows <= before) return;
    const room = 2 ** Math.ceil(Math.log2(Math.max(64, rows)));
    const status = new Uint8Array(room).fill(NOTHING);
    status.set(this.status);
    this.status = status;
    for (const kind of ['last', 'least', 'most'] as const) {
      this[kind] = this[kind].map((values) => {
        const larger = new Float64Array(room).fill(Number.NaN);
        larger.set(values);
        return larger;
      });
    }
    this.columns = this.last.flatMap((values, index) => [values, this.least[index]!, this.most[index]!]);
  }

  /** A step begins. */
  clear(): void {
    this.status.fill(NOTHING);
    for (const values of this.columns) values.fill(Number.NaN);
  }

  /**
   * Takes in rows of a tick or of a finer step: `slots[0..count)` of the source, whose rows here are `rowOf[slot]`, or -1
   * for none. In the columns of `isPartial` only the slots with slot mod `every` = `phase` were measured.
   */
  fold(
    source: StepSource,
    slots: Uint32Array,
    count: number,
    rowOf: Int32Array,
    isPartial: readonly boolean[] = [],
    every = 1,
    phase = 0,
  ): void {
    this.#foldStatus(source.status, slots, count, rowOf);
    for (let column = 0; column < this.metrics; column++) {
      const values = source.last[column]!;
      const isInTurn = every > 1 && isPartial[column] === true;
      if (source.least[column] === values && !isInTurn) this.#foldTick(source, column, slots, count, rowOf);
      else {
        for (let index = 0; index < count; index++) {
          const slot = slots[index]!;
          if (!isInTurn || slot % every === phase) this.#foldValue(source, column, slot, rowOf[slot]!);
        }
      }
    }
  }

  /** The loop that nearly all of the time goes into. */
  #foldTick(source: StepSource, column: number, slots: Uint32Array, count: number, rowOf: Int32Array): void {
    const values = source.last[column]!;
    const last = this.last[column]!;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const row = rowOf[slot]!;
      if (values[slot] !== last[row]) this.#foldValue(source, column, slot, row);
    }
  }

  /** A value that is not what it was. */
  #foldValue(source: StepSource, column: number, slot: number, row: number): void {
    const value = source.last[column]![slot]!;
    if (row < 0 || Number.isNaN(value)) return;
    const low = source.least[column]![slot]!;
    const high = source.most[column]![slot]!;
    this.last[column]![row] = value;
    const least = this.least[column]!;
    const most = this.most[column]!;
    // Negated, so that NaN, which nothing is less than, gives way.
    if (!(least[row]! <= low)) least[row] = low;
    if (!(most[row]! >= high)) most[row] = high;
  }

  /** A row is as good as the best of its ticks: a process that ended in the step was measured in it. */
  #foldStatus(from: Uint8Array, slots: Uint32Array, count: number, rowOf: Int32Array): void {
    const { status } = this;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const row = rowOf[slot]!;
      if (row < 0) continue;
      const now = from[slot]!;
      const held = status[row]!;
      if (now === held || held === Status.ok || now === NOTHING) continue;
      if (now === Status.ok || held !== Status.noMm) status[row] = now;
    }
  }
}
