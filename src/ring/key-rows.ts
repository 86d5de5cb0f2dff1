/**
 * The values of the key of a block: each row against the row before it, so that what many processes have in common is told
 * once. The key stands alone, so there is no earlier value to build on.
 *
 * The trap: rows are those with a label, in the order of their slots, and whoever lost the labels cannot tell which they
 * are. The reader gives the frame up then.
 */
import { CELLS_ALL, CELLS_GAPS } from './layout.js';
import { ALL_PLACES, formOfPlaces, readPlaces, roomForForm, writePlaces } from './place-forms.js';
import type { ColumnSpec } from './ring-table.js';
import { readToken, TOKEN_BYTES_MAX, writeToken } from './value-token.js';
import { type ByteCursor, VARINT_BYTES_MAX, writeVarint } from './varint.js';

export class KeyRowsWriter {
  /** Values told by the last `write`. */
  changed = 0;
  /** Rows whose value is not that of the row before. */
  private list = new Uint32Array(64);
  private identity = new Uint32Array(0);

  constructor(private readonly columns: readonly ColumnSpec[]) {}

  /**
   * Writes the columns of the first `count` of these slots to `out[at, limit)` and takes their values over into `held`.
   * Returns the end, or -1 if it does not fit.
   */
  write(
    out: Uint8Array,
    at: number,
    limit: number,
    values: readonly Float64Array[],
    held: readonly Float64Array[],
    slots: Uint32Array,
    count: number,
  ): number {
    this.reserve(count);
    this.changed = 0;
    let next = at;
    let previous = -1;
    for (let c = 0; c < this.columns.length; c++) {
      const now = values[c];
      const found = this.findInColumn(now, held[c], slots, count);
      if (found === 0) continue;
      const form = formOfPlaces(found, count);
      if (next + VARINT_BYTES_MAX + 1 + roomForForm(form, found, count) > limit) return -1;
      next = writeVarint(out, next, c - previous);
      previous = c;
      out[next++] = form;
      next = writePlaces(out, next, form, count, this.list, 0, found, this.identity);
      next = this.writeTokens(out, next, limit, c, now, slots, found, form === CELLS_GAPS);
      if (next === -1) return -1;
      this.changed += found;
    }
    if (next >= limit) return -1;
    out[next] = 0;
    return next + 1;
  }

  private findInColumn(now: Float64Array, held: Float64Array, slots: Uint32Array, count: number): number {
    const { list } = this;
    let found = 0;
    let above = Number.NaN;
    for (let row = 0; row < count; row++) {
      const value = now[slots[row]];
      held[slots[row]] = value;
      if (!Object.is(value, above)) list[found++] = row;
      above = value;
    }
    return found;
  }

  private writeTokens(
    out: Uint8Array,
    at: number,
    limit: number,
    column: number,
    now: Float64Array,
    slots: Uint32Array,
    found: number,
    hasGaps: boolean,
  ): number {
    const { list } = this;
    const { quantum } = this.columns[column];
    const last = limit - TOKEN_BYTES_MAX - VARINT_BYTES_MAX;
    let next = at;
    let previous = -1;
    for (let i = 0; i < found; i++) {
      if (next > last) return -1;
      const row = list[i];
      if (hasGaps) next = writeVarint(out, next, row - previous);
      previous = row;
      const above = row === 0 ? Number.NaN : now[slots[row - 1]];
      next = writeToken(out, next, above, now[slots[row]], quantum, 1 / quantum);
    }
    if (!hasGaps) return next;
    if (next >= limit) return -1;
    out[next] = 0;
    return next + 1;
  }

  private reserve(count: number): void {
    if (count <= this.identity.length) return;
    const capacity = 2 ** Math.ceil(Math.log2(count));
    this.list = new Uint32Array(capacity);
    this.identity = Uint32Array.from({ length: capacity }, (_, row) => row);
  }
}

/**
 * Reads what tells one column of the first `count` of these slots into `held`. `places` has room for as many. Returns how
 * many values were told, or -1 if it breaks the format.
 */
export function readKeyColumn(
  source: ByteCursor,
  held: Float64Array,
  slots: Uint32Array,
  count: number,
  quantum: number,
  places: Uint32Array,
): number {
  const form = source.byte();
  const hasGaps = form === CELLS_GAPS;
  const listed = hasGaps || form === CELLS_ALL ? ALL_PLACES : readPlaces(source, form, count, places);
  if (listed === -1) return -1;
  let told = 0;
  let above = Number.NaN;
  for (let row = -1; ; told++) {
    let place: number;
    if (hasGaps) {
      const gap = source.varint();
      place = gap === 0 ? count : row + gap;
      if (gap !== 0 && place >= count) return -1;
    } else if (listed === ALL_PLACES) place = row + 1;
    else place = told < listed ? places[told] : count;
    for (row++; row < place && row < count; row++) held[slots[row]] = above;
    if (row >= count) break;
    above = readToken(source, above, quantum);
    held[slots[row]] = above;
  }
  return source.failed ? -1 : told;
}
