/**
 * The columns of one tier: what a caller owns and an engine fills.
 *
 * One row per slot, one column per metric, in the schema's order; a value that was not measured is NaN. All columns lie
 * in one array so that a sweep hands the addon two pointers, not twelve.
 */
export class TierColumns {
  readonly names: readonly string[];
  /** Rows that there is room for. */
  readonly stride: number;
  /** Column c of slot s is at `c * stride + s`. */
  readonly values: Float64Array;
  /** `Status` of each slot's last read. */
  readonly status: Uint8Array;
  /** One view per column. */
  readonly columns: readonly Float64Array[];

  constructor(names: readonly string[], rows: number) {
    // An odd number of cache lines per column, or the cells of a row would compete for one cache set.
    this.stride = (Math.ceil(rows / 8) | 1) * 8;
    this.names = names;
    this.values = new Float64Array(names.length * this.stride).fill(Number.NaN);
    this.status = new Uint8Array(this.stride);
    this.columns = names.map((_, index) => this.values.subarray(index * this.stride, (index + 1) * this.stride));
  }

  /** The same rows with room for more. */
  grown(rows: number): TierColumns {
    const larger = new TierColumns(this.names, rows);
    this.columns.forEach((column, index) => {
      larger.columns[index]!.set(column);
    });
    larger.status.set(this.status);
    return larger;
  }

  /** Forgets a row: nothing of the slot's last process shows through to the next one. */
  clear(slot: number): void {
    for (const column of this.columns) column[slot] = Number.NaN;
    this.status[slot] = 0;
  }
}
