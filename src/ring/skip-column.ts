/** Passes over what a COLUMNS frame tells of a column that is not wanted: which cells, and their tokens. */
import { CELLS_ALL, CELLS_GAPS } from './layout.js';
import { readPlaces } from './place-forms.js';
import { skipTokens } from './value-token.js';
import type { ByteCursor } from './varint.js';

/** Returns how many values were told among `count` cells, or -1 if it breaks the format. `places` has room for as many. */
export function skipColumn(source: ByteCursor, count: number, places: Uint32Array): number {
  const form = source.byte();
  if (form === CELLS_GAPS) {
    let told = 0;
    for (let i = -1; ; told++) {
      const gap = source.varint();
      if (gap === 0) return source.failed ? -1 : told;
      i += gap;
      if (i >= count) return -1;
      skipTokens(source, 1);
    }
  }
  const told = form === CELLS_ALL ? count : readPlaces(source, form, count, places);
  if (told === -1 || source.failed) return -1;
  skipTokens(source, told);
  return source.failed ? -1 : told;
}
