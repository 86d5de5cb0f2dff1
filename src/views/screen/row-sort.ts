/** What the rows can be sorted by, each with the key that asks for it. */
import { coarseChange, coarseSize, orderRows, type SortValue } from '../../analyze/row-order.js';
import type { ScreenRow } from './screen-row.js';

export interface RowSort {
  readonly name: string;
  readonly key: string;
  /** For people: "sorted by ...". */
  readonly words: string;
  /** The column whose head is marked. */
  readonly column: string;
  readonly value: SortValue<ScreenRow>;
}

export const ROW_SORTS = [
  sort('long', '1', 'growth in 10 minutes', 'long', ({ long }) => coarseChange(long.value)),
  sort('short', '2', 'growth in 10 seconds', 'short', ({ short }) => coarseChange(short.value)),
  sort('rss', '3', 'RSS', 'rss', ({ rss }) => coarseSize(rss)),
  sort('pss', '4', 'PSS', 'pss', ({ pss }) => coarseSize(pss)),
  sort('uss', '5', 'USS', 'uss', ({ uss }) => coarseSize(uss)),
  sort('swap', '6', 'swap', 'swap', ({ swap }) => coarseSize(swap)),
  sort('peak', '7', 'peak RSS', 'peak', ({ peak }) => coarseSize(peak)),
  // Smallest first, as nobody expects otherwise of a number that is a name.
  sort('pid', '8', 'PID', 'pid', ({ pid, members }) => (pid === undefined ? members!.length : -pid)),
  sort('command', '9', 'command', 'command', ({ command }) => command),
  sort('unit', '0', 'unit', 'unit', ({ unit }) => unit),
] as const satisfies readonly RowSort[];

export type SortName = (typeof ROW_SORTS)[number]['name'];

export function sortNamed(name: SortName): RowSort {
  return ROW_SORTS.find((candidate) => candidate.name === name)!;
}

/** `before`: the keys in their last order; rows that show the same keep it. */
export function sortRows(
  rows: readonly ScreenRow[],
  by: SortName,
  reversed: boolean,
  before: readonly string[],
): ScreenRow[] {
  return orderRows(rows, sortNamed(by).value, reversed, before, ({ rss }) => rss);
}

function sort<const N extends string>(
  name: N,
  key: string,
  words: string,
  column: string,
  value: SortValue<ScreenRow>,
): RowSort & { readonly name: N } {
  return { name, key, words, column, value };
}
