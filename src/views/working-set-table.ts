/** The working set of a process as a table and as JSON. Sizes of the table are in KiB and whole, as in `segments`. */
import type { UsedMemory, WorkingSet } from '../analyze/working-set.js';
import { fitWidth } from '../text/display-width.js';
import { formatTable } from '../text/table.js';
import { kib, measured } from './segments-table.js';

const RIGHT = 'right';

/** One line for each class and owner with resident memory, then the total. */
export function workingSetLines({ total, parts }: WorkingSet, width = Number.POSITIVE_INFINITY): string[] {
  const columns = [
    { header: 'Type' },
    { header: 'Owner' },
    ...['Referenced', 'Rss', 'Share', 'Count'].map((header) => ({ header, align: RIGHT as 'right' })),
  ];
  const rows = parts.map((part) => [part.mappingClass, part.owner ?? '-', ...numbersOf(part)]);
  const lines = formatTable(columns, [...rows, ['total', '', ...numbersOf(total)]]);
  return Number.isFinite(width) ? lines.map((line) => fitWidth(line, width, '\u2026')) : lines;
}

/** The share that was in use, as `12.3 %`; `-` where nothing is resident. */
export function shareText({ referenced, rss }: UsedMemory): string {
  const share = (referenced / rss) * 100;
  return Number.isFinite(share) ? `${share.toFixed(1)} %` : '-';
}

/** Its part of `wss --json`, sizes in bytes. */
export function workingSetJson({ total, parts }: WorkingSet): Record<string, unknown> {
  return {
    ...measured(total),
    parts: parts.map(({ mappingClass, owner, ...sums }) => ({
      class: mappingClass,
      ...(owner === undefined ? {} : { owner }),
      ...measured(sums),
    })),
  };
}

function numbersOf(part: UsedMemory): string[] {
  return [kib(part.referenced), kib(part.rss), shareText(part), String(part.count)];
}
