/** The cells of a COLUMNS frame as format version 1 told them: each column lists its own by gaps, each followed by its token. */
import type { ColumnSpec } from './ring-table.js';
import { readToken, skipTokens } from './value-token.js';
import type { ByteCursor } from './varint.js';

/**
 * Reads them into `held[column][slot]`; `slots` maps cells to slots, without it they are slots. `wanted`: by column, all
 * if undefined. Returns how many values were told, or -1 if it breaks the format.
 */
export function readCellsOfVersion1(
  source: ByteCursor,
  columns: readonly ColumnSpec[],
  held: readonly Float64Array[],
  count: number,
  slots: Uint32Array | undefined,
  wanted: readonly boolean[] | undefined,
): number {
  let told = 0;
  for (let c = -1; ; ) {
    const gap = source.varint();
    if (gap === 0) return source.failed ? -1 : told;
    c += gap;
    if (c >= columns.length) return -1;
    const isWanted = wanted === undefined || wanted[c];
    for (let cell = -1; ; told++) {
      const step = source.varint();
      if (step === 0) break;
      cell += step;
      if (cell >= count) return -1;
      const slot = slots === undefined ? cell : slots[cell];
      if (isWanted) held[c][slot] = readToken(source, held[c][slot], columns[c].quantum);
      else skipTokens(source, 1);
    }
    if (source.failed) return -1;
  }
}
