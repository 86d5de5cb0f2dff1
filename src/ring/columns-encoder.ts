/**
 * Turns one sweep into the payload of a COLUMNS frame: only what differs, in bits, from the frame before.
 *
 * The trap: what does not fit in what is left of the block has carried the state along by then; the caller begins a new
 * block with everything.
 */
import type { ColumnState } from './column-state.js';
import { KeyRowsWriter } from './key-rows.js';
import { CELLS_ABOVE, DELTA_LIMIT, KEY_ROWS_MAJOR } from './layout.js';
import { MovedCells, type SlotList } from './moved-cells.js';
import type { RingSpec } from './ring-table.js';
import type { SlotLabels } from './slot-labels.js';
import { TOKEN_BYTES_MAX, writeToken } from './value-token.js';
import { VARINT_BYTES_MAX, writeVarint, zigzag } from './varint.js';

/** One sweep, in arrays that the caller owns and may reuse after the call. */
export interface SweepColumns {
  /** Monotonic ns. */
  startNs: bigint;
  endNs: bigint;
  /** One number for each scalar of the ring, in its order. */
  scalars: Float64Array;
  /** `all` for a ring with `rows: 'all'`, else which slots were read, in any order. Slots without a label are left out. */
  rows: 'all' | SlotList;
  /** By slot; 0 .. 254 are the caller's, 255 is "empty". */
  status: Uint8Array;
  /** `columns[c][slot]`, or one array with `columns[c * stride + slot]`. NaN = not measured. */
  columns: readonly Float64Array[] | Float64Array;
  /** Needed with a single array. */
  stride?: number;
  /**
   * With `rows: 'all'`: the only slots whose values may differ from those of the sweep that was stored last, in any order, and sorted
   * afterwards; each slot that was labelled since is one of them. Without it all are compared.
   */
  moved?: SlotList;
}

export class ColumnsEncoder {
  /** Rows of the prepared sweep. */
  rowCount = 0;
  private rows = new Uint32Array(64);
  private readonly cells: MovedCells;
  /** Undefined in a version that has no such keys. */
  private readonly keyRows: KeyRowsWriter | undefined;
  private values = 0;
  private columns: readonly Float64Array[] = [];
  private viewed: Float64Array | undefined;
  private viewedStride = 0;
  private views: Float64Array[] = [];

  constructor(
    private readonly spec: RingSpec,
    private readonly state: ColumnState,
    private readonly labels: SlotLabels,
    /** Major version of the format that is written. */
    major: number,
  ) {
    this.cells = new MovedCells(spec.columns);
    if (major >= KEY_ROWS_MAJOR) this.keyRows = new KeyRowsWriter(spec.columns);
  }

  /** Cells written by the last `encode`. */
  get changed(): number {
    return this.values;
  }

  /** Checks the shape of a sweep and sorts its rows. Throws a `TypeError` for arrays that are too short. */
  prepare(sweep: SweepColumns): void {
    const { spec, labels } = this;
    if ((sweep.rows === 'all') !== (spec.rows === 'all')) {
      throw new TypeError(`Expected rows of ring "${spec.name}" to be ${spec.rows === 'all' ? '"all"' : 'a list'}`);
    }
    if (sweep.scalars.length < spec.scalars.length) {
      throw new TypeError(`Expected ${spec.scalars.length} scalars for ring "${spec.name}"`);
    }
    this.columns = this.columnsOf(sweep);
    let shortest = sweep.status.length;
    for (let c = 0; c < spec.columns.length; c++) shortest = Math.min(shortest, this.columns[c].length);
    if (shortest < labels.highWater) {
      throw new TypeError(`Expected status and columns of ring "${spec.name}" to cover ${labels.highWater} slots`);
    }
    if (sweep.rows === 'all') this.rowCount = labels.liveCount;
    else this.sortRows(sweep.rows.slots, sweep.rows.count);
    this.state.reserve(labels.highWater);
  }

  /**
   * Writes the prepared sweep to `out[at, limit)` and carries the state along. Returns the end, or -1 if it does not fit:
   * then the state is spoilt and must be reset by writing a key. `alone`: the scalars do not build on earlier ones; `key`:
   * nothing does, and the state has been reset.
   */
  encode(
    out: Uint8Array,
    at: number,
    limit: number,
    baseTimeNs: bigint,
    sweep: SweepColumns,
    as: 'changes' | 'alone' | 'key',
  ): number {
    const { spec, state } = this;
    if (at + 2 * VARINT_BYTES_MAX + spec.scalars.length * TOKEN_BYTES_MAX > limit) return -1;
    let next = writeVarint(out, at, zigzag(Number(sweep.startNs - baseTimeNs)));
    next = writeVarint(out, next, zigzag(Number(sweep.endNs - sweep.startNs)));
    for (let s = 0; s < spec.scalars.length; s++) {
      next = writeToken(out, next, as === 'changes' ? state.scalars[s] : Number.NaN, sweep.scalars[s], 1, 1);
      state.scalars[s] = sweep.scalars[s];
    }
    const all = spec.rows === 'all';
    next = all
      ? this.encodeStatusChanges(out, next, limit, sweep.status)
      : this.encodeRows(out, next, limit, sweep.status);
    if (next === -1) return -1;
    if (as === 'key' && this.keyRows !== undefined) return this.encodeKeyRows(this.keyRows, out, next, limit);
    const { columns: held } = state;
    const { cells, columns: values, labels, rows, rowCount } = this;
    if (all) cells.findInSlots(values, held, labels.live, labels.highWater, sweep.moved);
    else cells.findInRows(values, held, rows, rowCount);
    const end = all
      ? cells.write(out, next, limit, values, held, labels.highWater)
      : cells.write(out, next, limit, values, held, rowCount, rows);
    this.values = cells.changed;
    return end;
  }

  private encodeKeyRows(keyRows: KeyRowsWriter, out: Uint8Array, at: number, limit: number): number {
    if (this.spec.rows === 'all') this.listLiveSlots();
    if (at + 1 > limit) return -1;
    out[at] = CELLS_ABOVE;
    const { columns, state, rows, rowCount } = this;
    const end = keyRows.write(out, at + 1, limit, columns, state.columns, rows, rowCount);
    this.values = keyRows.changed;
    return end;
  }

  /** Writes the whole state to `out[at, limit)`. Returns the end, or -1 if it does not fit. */
  encodeSnapshot(out: Uint8Array, at: number, limit: number): number {
    const { spec, state, labels } = this;
    const { live, highWater, liveCount, allBytes } = labels;
    if (at + VARINT_BYTES_MAX + allBytes + spec.scalars.length * TOKEN_BYTES_MAX + liveCount > limit) return -1;
    let next = labels.encodeAll(out, writeVarint(out, at, allBytes));
    for (let s = 0; s < spec.scalars.length; s++) next = writeToken(out, next, Number.NaN, state.scalars[s], 1, 1);
    for (let slot = 0; slot < highWater; slot++) if (live[slot] === 1) out[next++] = state.status[slot];
    for (const [c, { quantum }] of spec.columns.entries()) {
      const held = state.columns[c];
      if (next + liveCount * TOKEN_BYTES_MAX > limit) return -1;
      for (let slot = 0; slot < highWater; slot++) {
        if (live[slot] === 1) next = writeToken(out, next, Number.NaN, held[slot], quantum, 1 / quantum);
      }
    }
    return next;
  }

  private encodeStatusChanges(out: Uint8Array, at: number, limit: number, status: Uint8Array): number {
    const { live, highWater } = this.labels;
    const held = this.state.status;
    let next = at;
    let previous = -1;
    for (let slot = 0; slot < highWater; slot++) {
      if (status[slot] === held[slot] || live[slot] === 0) continue;
      if (next + VARINT_BYTES_MAX + 1 > limit) return -1;
      next = writeVarint(out, next, slot - previous);
      out[next++] = status[slot];
      held[slot] = status[slot];
      previous = slot;
    }
    if (next >= limit) return -1;
    out[next] = 0;
    return next + 1;
  }

  private encodeRows(out: Uint8Array, at: number, limit: number, status: Uint8Array): number {
    let next = at;
    let previous = -1;
    for (let row = 0; row < this.rowCount; row++) {
      const slot = this.rows[row];
      if (next + VARINT_BYTES_MAX + 1 > limit) return -1;
      next = writeVarint(out, next, slot - previous);
      out[next++] = status[slot];
      this.state.status[slot] = status[slot];
      previous = slot;
    }
    if (next >= limit) return -1;
    out[next] = 0;
    return next + 1;
  }

  private listLiveSlots(): void {
    const { live, liveCount } = this.labels;
    this.makeRoom(liveCount);
    for (let slot = 0, row = 0; row < liveCount; slot++) if (live[slot] === 1) this.rows[row++] = slot;
  }

  private makeRoom(rows: number): void {
    if (this.rows.length < rows) this.rows = new Uint32Array(2 ** Math.ceil(Math.log2(rows)));
  }

  private sortRows(slots: Uint32Array, count: number): void {
    if (count > slots.length) throw new TypeError(`Expected ${count} slots, found ${slots.length}`);
    this.makeRoom(count);
    const { rows } = this;
    const { live, highWater } = this.labels;
    let kept = 0;
    let ascending = true;
    for (let i = 0; i < count; i++) {
      const slot = slots[i];
      if (slot >= highWater || live[slot] === 0) continue;
      if (kept > 0 && slot <= rows[kept - 1]) ascending = false;
      rows[kept++] = slot;
    }
    this.rowCount = kept;
    if (ascending) return;
    rows.subarray(0, kept).sort();
    let unique = 1;
    for (let i = 1; i < kept; i++) if (rows[i] !== rows[unique - 1]) rows[unique++] = rows[i];
    this.rowCount = unique;
  }

  /** The columns of a sweep as one array each; the views of a single array are kept while it stays the same. */
  private columnsOf(sweep: SweepColumns): readonly Float64Array[] {
    const { columns } = sweep;
    const count = this.spec.columns.length;
    if (!(columns instanceof Float64Array)) {
      if (columns.length < count) throw new TypeError(`Expected ${count} columns for ring "${this.spec.name}"`);
      return columns;
    }
    const stride = sweep.stride ?? 0;
    if (this.viewed === columns && this.viewedStride === stride) return this.views;
    if (columns.length < stride * count) throw new TypeError(`Expected ${count} columns of ${stride} slots`);
    this.viewed = columns;
    this.viewedStride = stride;
    this.views = this.spec.columns.map((_, c) => columns.subarray(c * stride, (c + 1) * stride));
    return this.views;
  }
}

/** True if the times of a sweep can be written relative to `baseTimeNs`; if not, it needs a block of its own. */
export function timeFits(fromNs: bigint, toNs: bigint): boolean {
  return Math.abs(Number(toNs - fromNs)) < DELTA_LIMIT;
}
