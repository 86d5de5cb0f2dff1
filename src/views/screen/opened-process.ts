/**
 * The memory of one process, mapping by mapping, since its view was opened.
 *
 * The traps: a process may close its mappings to us, or have so much memory that one read of them would stall it: then
 * there are none, and the reason is shown; and mappings are many, so only the few that are shown become objects.
 */
import { type ClassSums, sumByClass } from '../../analyze/class-sums.js';
import { classifyMappings } from '../../analyze/classify.js';
import { MAPPING_CLASSES } from '../../analyze/mapping-classes.js';
import { type MappingText, mappingGrowth, residentOf } from '../../analyze/mapping-growth.js';
import { permissionText } from '../../procfs/mapping-objects.js';
import { SmapsColumn } from '../../procfs/mapping-table.js';
import { escapeTerminal } from '../../text/escape.js';

/** Mappings that a view lists at most. */
const LISTED = 200;

export interface OpenedProcess {
  readonly key: string;
  /** Why there are no mappings, or no newer ones. */
  readonly reason?: string;
  readonly mappings?: OpenedMappings;
}

export interface ClassRow {
  readonly name: string;
  readonly sums: ClassSums;
  /** Of resident and swapped bytes since the view was opened. */
  readonly growth: number;
}

export interface MappingRow {
  readonly name: string;
  readonly permissions: string;
  readonly mappingClass: string;
  readonly start: bigint;
  readonly size: number;
  readonly rss: number;
  readonly pss: number;
  readonly growth: number;
}

export interface OpenedMappings {
  readonly classes: readonly ClassRow[];
  readonly total: ClassSums;
  readonly totalGrowth: number;
  readonly largest: readonly MappingRow[];
  /** Those that grew. */
  readonly growing: readonly MappingRow[];
  /** Between the first read and the last, nanoseconds. */
  readonly overNs: number;
  /** Since the last read when this was made. */
  readonly ageNs: number;
  readonly holdNs: number;
}

export interface MappingRead extends MappingText {
  /** Monotonic nanoseconds. */
  readonly timeNs: bigint;
  readonly holdNs: number;
}

/** What changed from the first read to the last. `exe`: the link of that name, a character for each byte. */
export function openedMappings(
  first: MappingRead,
  last: MappingRead,
  exe: string | undefined,
  nowNs: bigint,
): OpenedMappings {
  const { table, text } = last;
  const { classes } = classifyMappings(table, text, exe);
  const growths = mappingGrowth(first, last);
  const { classes: sums, total } = sumByClass(table, classes);
  const growthOf = (wanted: number | undefined) =>
    growths.reduce(
      (sum, { row, growth }) => (wanted === undefined || classes[row] === wanted ? sum + (growth || 0) : sum),
      0,
    );
  const rowOf = ({ row, growth }: (typeof growths)[number]): MappingRow => ({
    name: escapeTerminal(text.subarray(table.nameStart[row]!, table.nameStart[row]! + table.nameLength[row]!)),
    permissions: permissionText(table.perms[row]!),
    mappingClass: MAPPING_CLASSES[classes[row]!]!.name,
    start: table.start[row]!,
    size: Number(table.end[row]! - table.start[row]!),
    rss: table.sizes[SmapsColumn.rss]![row]!,
    pss: table.sizes[SmapsColumn.pss]![row]!,
    growth,
  });
  const largest = [...growths].sort((a, b) => residentOf(table, b.row) - residentOf(table, a.row) || a.row - b.row);
  const growing = growths.filter(({ growth }) => growth > 0).sort((a, b) => b.growth - a.growth || a.row - b.row);
  return {
    classes: sums.flatMap((sum, index) =>
      sum.count === 0 ? [] : [{ name: MAPPING_CLASSES[index]!.name, sums: sum, growth: growthOf(index) }],
    ),
    total,
    totalGrowth: growthOf(undefined),
    largest: largest.slice(0, LISTED).map(rowOf),
    growing: growing.slice(0, LISTED).map(rowOf),
    overNs: Number(last.timeNs - first.timeNs),
    ageNs: Number(nowNs - last.timeNs),
    holdNs: last.holdNs,
  };
}
