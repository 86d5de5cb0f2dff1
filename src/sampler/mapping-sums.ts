/**
 * What a read of all mappings says of the process as a whole, as a row of the rollup tier.
 *
 * The trap: the kernel floors each mapping to KiB and the rollup once, so these sums are lower by less than a KiB for each
 * mapping.
 */
import type { MappingSweep } from '../engine/mapping-sweep.js';
import { fillWholeHold } from '../engine/rollup-row.js';
import type { TierColumns } from '../engine/tier-columns.js';
import { SmapsColumn } from '../procfs/mapping-table.js';
import { ROLLUP_FIELDS, Status } from '../schema.js';

const FIELDS: Readonly<Record<string, readonly number[]>> = {
  uss: [SmapsColumn.privateClean, SmapsColumn.privateDirty],
  ussHugetlb: [SmapsColumn.privateHugetlb],
};
const SOURCES = ROLLUP_FIELDS.map((name) => FIELDS[name] ?? [SmapsColumn[name as keyof typeof SmapsColumn]]);

/** Fills the slot's row of `out` from the rows that its process has in the sweep. */
export function sumMappings(
  sweep: MappingSweep,
  first: number,
  rows: number,
  holdNs: number,
  slot: number,
  out: TierColumns,
): void {
  for (const [column, sources] of SOURCES.entries()) {
    let sum = Number.NaN;
    for (const source of sources) {
      const sizes = sweep.table.sizes[source]!;
      for (let row = first; row < first + rows; row++) {
        const size = sizes[row]!;
        if (!Number.isNaN(size)) sum = (Number.isNaN(sum) ? 0 : sum) + size;
      }
    }
    out.columns[column]![slot] = sum;
  }
  fillWholeHold(out, slot, holdNs);
  out.status[slot] = Status.ok;
}
