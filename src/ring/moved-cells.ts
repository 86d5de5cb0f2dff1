/**
 * The cells of one sweep that differ from what the reader holds, and how they are written: a process that moves, moves in
 * several columns at once, so it is named once, and each column then says by a bit which of the named it changes. Where
 * the columns move each for itself, every cell counts as named.
 *
 * The trap: this is the hot path of the recorder. It looks at every cell of every frame, nearly all of which did not
 * change; hence plain loops over typed arrays and nothing allocated in the steady state. `Object.is` is the comparison
 * wanted (NaN equals NaN, -0 differs from 0), and V8 compiles it to a few instructions.
 */
import { CELLS_ALL, CELLS_GAPS, TOKEN_DELTA } from './layout.js';
import { bytesOfForm, formOfPlaces, roomForForm, writePlaces } from './place-forms.js';
import type { ColumnSpec } from './ring-table.js';
import { SameColumns, STRETCH } from './same-columns.js';
import { TOKEN_BYTES_MAX, writeToken } from './value-token.js';
import { VARINT_BYTES_MAX, writeVarint } from './varint.js';

/** Steps whose token is one byte, either way. */
const STEPS_IN_BYTE = 62;

/** Slots in an array that is reused: the first `count` of it. */
export interface SlotList {
  slots: Uint32Array;
  count: number;
}

export class MovedCells {
  /** Cells written by the last `write`. */
  changed = 0;
  /** The moved cells of each column, one column after the other; column c ends at `ends[c]`. */
  private list = new Uint32Array(1024);
  private readonly ends: Uint32Array;
  /** By cell: whether any column moved, and its place among those that did. */
  private moved = new Uint8Array(64);
  private place = new Uint32Array(64);
  /** The place of a cell when all cells are places. */
  private identity = Uint32Array.from({ length: 64 }, (_, cell) => cell);
  /** The moved cells, ascending. */
  private named = new Uint32Array(64);
  private readonly inverses: Float64Array;
  private readonly same: SameColumns;

  constructor(private readonly columns: readonly ColumnSpec[]) {
    this.ends = new Uint32Array(columns.length);
    this.same = new SameColumns(columns.length);
    this.inverses = Float64Array.from(columns, ({ quantum }) => 1 / quantum);
  }

  /** Finds them among slots 0 .. highWater - 1 that are live, or among `only` some of these, which it sorts; a cell is a slot. */
  findInSlots(
    values: readonly Float64Array[],
    held: readonly Float64Array[],
    live: Uint8Array,
    highWater: number,
    only?: SlotList,
  ): void {
    this.reserve(highWater);
    if (only) {
      this.findAmong(values, held, live, highWater, only.slots.subarray(0, only.count).sort());
      return;
    }
    const { moved } = this;
    let found = 0;
    for (let c = 0; c < this.columns.length; c++) {
      const list = this.roomFor(found, highWater);
      const now = values[c];
      const before = held[c];
      const first = found;
      for (let from = 0; from < highWater; ) {
        const same = this.same.same(c, now, before, from, highWater);
        from += same;
        const end = same > 0 ? from : Math.min(from + STRETCH, highWater);
        for (let slot = from; slot < end; slot++) {
          if (Object.is(now[slot], before[slot])) continue;
          if (live[slot] === 0) continue;
          list[found++] = slot;
          moved[slot] = 1;
        }
        from = end;
      }
      this.same.found(c, found - first);
      this.ends[c] = found;
    }
  }

  /** `slots` ascending, each once or more often. */
  private findAmong(
    values: readonly Float64Array[],
    held: readonly Float64Array[],
    live: Uint8Array,
    highWater: number,
    slots: Uint32Array,
  ): void {
    const { moved } = this;
    let found = 0;
    for (let c = 0; c < this.columns.length; c++) {
      const list = this.roomFor(found, slots.length);
      const now = values[c];
      const before = held[c];
      let last = -1;
      for (const slot of slots) {
        if (slot === last || slot >= highWater || Object.is(now[slot], before[slot]) || live[slot] === 0) continue;
        last = slot;
        list[found++] = slot;
        moved[slot] = 1;
      }
      this.ends[c] = found;
    }
  }

  /** Finds them among the first `count` of these slots; a cell is an index into `rows`. */
  findInRows(values: readonly Float64Array[], held: readonly Float64Array[], rows: Uint32Array, count: number): void {
    this.reserve(count);
    const { moved } = this;
    let found = 0;
    for (let c = 0; c < this.columns.length; c++) {
      const list = this.roomFor(found, count);
      for (let row = 0; row < count; row++) {
        const slot = rows[row];
        if (Object.is(values[c][slot], held[c][slot])) continue;
        list[found++] = row;
        moved[row] = 1;
      }
      this.ends[c] = found;
    }
  }

  /**
   * Writes what was found to `out[at, limit)` and carries `held` along. `rows` maps cells to slots; without it they are
   * slots. Returns the end, or -1 if it does not fit: then `held` is spoilt.
   */
  write(
    out: Uint8Array,
    at: number,
    limit: number,
    values: readonly Float64Array[],
    held: readonly Float64Array[],
    cells: number,
    rows?: Uint32Array,
  ): number {
    const { ends, columns } = this;
    const moved = this.forgetMarks(cells);
    const form = formOfPlaces(moved, cells);
    const isNamed = bytesOfForm(form, moved, cells) + this.bytesOfPlaces(moved) < this.bytesOfPlaces(cells);
    const count = isNamed ? moved : cells;
    const place = isNamed ? this.place : this.identity;
    let next = this.writeNamed(out, at, limit, isNamed ? form : CELLS_ALL, moved, cells);
    let start = 0;
    let previous = -1;
    for (let c = 0; c < columns.length && next !== -1; c++) {
      const end = ends[c];
      if (end === start) continue;
      const how = formOfPlaces(end - start, count);
      if (next + VARINT_BYTES_MAX + 1 + (how === CELLS_GAPS ? 0 : roomForForm(how, end - start, count)) > limit) {
        return -1;
      }
      next = writeVarint(out, next, c - previous);
      previous = c;
      out[next++] = how;
      next = writePlaces(out, next, how, count, this.list, start, end, place);
      next = this.writeTokens(
        out,
        next,
        limit,
        c,
        start,
        end,
        values[c],
        held[c],
        how === CELLS_GAPS ? place : undefined,
        rows,
      );
      start = end;
    }
    if (next === -1 || next >= limit) return -1;
    this.changed = start;
    out[next] = 0;
    return next + 1;
  }

  /** The tokens of a column; with `place`, each behind the gap to its place, and ended by a gap of 0. */
  private writeTokens(
    out: Uint8Array,
    at: number,
    limit: number,
    c: number,
    start: number,
    end: number,
    now: Float64Array,
    before: Float64Array,
    place: Uint32Array | undefined,
    rows: Uint32Array | undefined,
  ): number {
    const { list } = this;
    const { quantum } = this.columns[c];
    const inverse = this.inverses[c];
    const last = limit - TOKEN_BYTES_MAX - VARINT_BYTES_MAX;
    let next = at;
    let previous = -1;
    for (let i = start; i < end; i++) {
      if (next > last) return -1;
      const cell = list[i];
      if (place !== undefined) {
        next = writeVarint(out, next, place[cell] - previous);
        previous = place[cell];
      }
      const slot = rows === undefined ? cell : rows[cell];
      const value = now[slot];
      const old = before[slot];
      before[slot] = value;
      // The one-byte token of a few steps, which is nearly all of them, without a call.
      const exact = (value - old) / quantum;
      const steps = exact | 0;
      if (
        steps === exact &&
        steps !== 0 &&
        steps <= STEPS_IN_BYTE &&
        steps >= -STEPS_IN_BYTE &&
        value !== 0 &&
        old + steps * quantum === value
      ) {
        out[next++] = TOKEN_DELTA + ((steps << 1) ^ (steps >> 31));
      } else {
        next = writeToken(out, next, old, value, quantum, inverse);
      }
    }
    if (place === undefined) return next;
    if (next >= limit) return -1;
    out[next] = 0;
    return next + 1;
  }

  /** Gives each moved cell its place and takes its mark away. Returns how many there are, their cells in `named`. */
  private forgetMarks(cells: number): number {
    const { moved, place, named } = this;
    let count = 0;
    for (let cell = 0; cell < cells; cell++) {
      if (moved[cell] === 0) continue;
      moved[cell] = 0;
      place[cell] = count;
      named[count++] = cell;
    }
    return count;
  }

  /** About how many bytes tell which of `count` cells each column changes. */
  private bytesOfPlaces(count: number): number {
    let sum = 0;
    let start = 0;
    for (let c = 0; c < this.ends.length; c++) {
      const changes = this.ends[c] - start;
      start = this.ends[c];
      if (changes > 0) sum += bytesOfForm(formOfPlaces(changes, count), changes, count);
    }
    return sum;
  }

  /** Tells which `moved` of the `cells` are named. */
  private writeNamed(out: Uint8Array, at: number, limit: number, form: number, moved: number, cells: number): number {
    const { named, identity } = this;
    if (at + 1 + roomForForm(form, moved, cells) > limit) return -1;
    let next = at;
    out[next++] = form;
    if (form !== CELLS_GAPS) return writePlaces(out, next, form, cells, named, 0, moved, identity);
    let previous = -1;
    for (let i = 0; i < moved; i++) {
      const gap = named[i] - previous;
      if (gap < 0x80) out[next++] = gap;
      else next = writeVarint(out, next, gap);
      previous = named[i];
    }
    out[next] = 0;
    return next + 1;
  }

  private reserve(cells: number): void {
    if (cells <= this.moved.length) return;
    const capacity = 2 ** Math.ceil(Math.log2(cells));
    this.moved = new Uint8Array(capacity);
    this.place = new Uint32Array(capacity);
    this.named = new Uint32Array(capacity);
    this.identity = Uint32Array.from({ length: capacity }, (_, cell) => cell);
  }

  private roomFor(found: number, more: number): Uint32Array {
    if (found + more > this.list.length) {
      const larger = new Uint32Array(2 ** Math.ceil(Math.log2(found + more)));
      larger.set(this.list.subarray(0, found));
      this.list = larger;
    }
    return this.list;
  }
}
