/**
 * The last known value of every cell and scalar of a ring. Writer and reader each hold one, and the format works only
 * while both go through the same changes: reset at each block, cleared for a slot that is freed.
 *
 * NaN means "not measured"; it is a state like any other and survives storage.
 */
import { STATUS_EMPTY } from './layout.js';

const FIRST_CAPACITY = 64;

export class ColumnState {
  /** `columns[c][slot]`. Replaced by larger arrays when slots grow: do not keep a reference over a frame. */
  readonly columns: Float64Array[];
  /** By slot. */
  status: Uint8Array = new Uint8Array(0);
  readonly scalars: Float64Array;
  private capacity = 0;

  constructor(columnCount: number, scalarCount: number) {
    this.columns = Array.from({ length: columnCount }, () => new Float64Array(0));
    this.scalars = new Float64Array(scalarCount).fill(Number.NaN);
  }

  /** Makes slots 0 .. slots - 1 exist; new ones are empty. */
  reserve(slots: number): void {
    if (slots <= this.capacity) return;
    // A quarter more than is needed: twice as much would be memory that is filled and never used.
    const capacity = Math.max(FIRST_CAPACITY, Math.ceil((slots * 1.25) / FIRST_CAPACITY) * FIRST_CAPACITY);
    for (let c = 0; c < this.columns.length; c++) {
      const grown = new Float64Array(capacity).fill(Number.NaN, this.capacity);
      grown.set(this.columns[c]);
      this.columns[c] = grown;
    }
    const status = new Uint8Array(capacity).fill(STATUS_EMPTY, this.capacity);
    status.set(this.status);
    this.status = status;
    this.capacity = capacity;
  }

  /** Start of a block: nothing is known. */
  reset(): void {
    for (const column of this.columns) column.fill(Number.NaN);
    this.status.fill(STATUS_EMPTY);
    this.scalars.fill(Number.NaN);
  }

  clearSlot(slot: number): void {
    if (slot >= this.capacity) return;
    for (const column of this.columns) column[slot] = Number.NaN;
    this.status[slot] = STATUS_EMPTY;
  }
}
