/**
 * The owners of a process's anonymous memory, as a table and as JSON: who, by which rule, how sure that is, how much.
 *
 * The trap: what nobody is known to own must stay in sight, or the rest looks like all of it.
 */
import { SUMMED } from '../analyze/class-sums.js';
import { type OwnerSums, ownersOf, sumByOwner } from '../analyze/owners.js';
import { fitWidth } from '../text/display-width.js';
import { formatTable } from '../text/table.js';
import { kib, measured, type Segments } from './segments-table.js';

const NOBODY = 'unknown';

/** The lines of the table, sizes in KiB; `-` where the text does not tell. */
export function ownersLines(segments: Segments, width = Number.POSITIVE_INFINITY): string[] {
  const columns = [
    ...['Owner', 'Confidence', 'Rule'].map((header) => ({ header })),
    ...['Size', 'Rss', 'Pss', 'Dirty', 'Swap', 'Count'].map((header) => ({ header, align: 'right' as const })),
    { header: 'Why', flexible: true },
  ];
  const rows = sumsOf(segments).map(({ owned, sums }) => [
    owned?.owner ?? NOBODY,
    owned?.rule.confidence ?? '-',
    owned?.rule.name ?? '-',
    ...SUMMED.map((field) => kib(sums[field])),
    String(sums.count),
    owned?.rule.why ?? 'anonymous memory that no rule knows',
  ]);
  if (!Number.isFinite(width)) return formatTable(columns, rows);
  return formatTable(columns, rows, { maxWidth: width }).map((line) => fitWidth(line, width, '\u2026'));
}

/** The shape of `owners` in `segments --json`, sizes in bytes. */
export function ownersJson(segments: Segments): Record<string, unknown>[] {
  return sumsOf(segments).map(({ owned, sums }) => ({
    owner: owned?.owner ?? NOBODY,
    ...(owned ? { rule: owned.rule.name, confidence: owned.rule.confidence, why: owned.rule.why } : {}),
    ...measured(sums),
  }));
}

function sumsOf({ table, bytes, classification }: Segments): OwnerSums[] {
  return sumByOwner(table, classification, ownersOf(table, bytes, classification));
}
