/**
 * The segments of a process: its mapping classes as a table with a total, and as JSON.
 *
 * The traps: sizes are in KiB and whole, since a rounded sum proves nothing; a line of a terminal that is too long is read
 * as two, so what explains gives way before what counts; and names of mappings are hostile.
 */
import { type ClassSums, SUMMED, sizeOf, sumByClass } from '../analyze/class-sums.js';
import { type Classification, RULES } from '../analyze/classify.js';
import { MAPPING_CLASSES } from '../analyze/mapping-classes.js';
import { permissionText } from '../procfs/mapping-objects.js';
import type { MappingTable } from '../procfs/mapping-table.js';
import { textAndHex } from '../procfs/object-values.js';
import { fitWidth } from '../text/display-width.js';
import { formatTable, type TableCell, type TableColumn } from '../text/table.js';

const KIBIBYTE = 1024;
/** Columns below which the notes, and then the examples, are left out. */
const WIDTH_FOR_NOTES = 108;
const WIDTH_FOR_EXAMPLES = 64;

export interface Segments {
  readonly table: MappingTable;
  /** The text that the table's spans lie in. */
  readonly bytes: Uint8Array;
  readonly classification: Classification;
}

export interface SegmentsLayout {
  /** Columns of the terminal; without limit if not given. */
  readonly width?: number;
  /** Lists the mappings of each class below it. */
  readonly tree?: boolean;
}

const NUMBERS = ['Size', 'Rss', 'Pss', 'Dirty', 'Swap', 'Count'];

/** The lines of the table, sizes in KiB; `-` where the text does not tell. */
export function segmentsLines(segments: Segments, layout: SegmentsLayout = {}): string[] {
  const { width = Number.POSITIVE_INFINITY, tree = false } = layout;
  const hasExample = width >= WIDTH_FOR_EXAMPLES;
  const hasNotes = width >= WIDTH_FOR_NOTES && !tree;
  const columns: TableColumn[] = [
    { header: 'Type' },
    ...(hasExample ? [{ header: tree ? 'Mapping' : 'Example Mapping', flexible: !hasNotes }] : []),
    { header: 'Permissions' },
    ...NUMBERS.map((header) => ({ header, align: 'right' as const })),
    ...(hasNotes ? [{ header: 'Notes', flexible: true }] : []),
  ];
  const row = (type: TableCell, mapping: TableCell, perms: string, numbers: string[], notes: string) => [
    type,
    ...(hasExample ? [mapping] : []),
    perms,
    ...numbers,
    ...(hasNotes ? [notes] : []),
  ];
  const { classes, total } = sumByClass(segments.table, segments.classification.classes);
  const rows: TableCell[][] = [];
  classes.forEach((sums, number) => {
    if (sums.count === 0) return;
    const { name, notes } = MAPPING_CLASSES[number]!;
    const members = rowsOf(segments, number);
    const example = tree ? '' : nameOf(segments, exampleOf(segments, members));
    rows.push(row(name, example, permissionsOf(segments.table, members).join(' '), kibibytes(sums), notes));
    if (!tree) return;
    for (const member of members) {
      const one = SUMMED.map((field) => kib(sizeOf(segments.table, field, member)));
      rows.push(row('', nameOf(segments, member), permissionText(segments.table.perms[member]!), [...one, ''], ''));
    }
  });
  rows.push(row('total', '', '', kibibytes(total), ''));
  const lines = formatTable(columns, rows, Number.isFinite(width) ? { maxWidth: width } : {});
  return Number.isFinite(width) ? lines.map((line) => fitWidth(line, width, '\u2026')) : lines;
}

/** The shape of `segments --json`, sizes in bytes; `mappings` of each class with `tree`. */
export function segmentsJson(segments: Segments, { tree = false }: SegmentsLayout = {}): Record<string, unknown> {
  const { table, classification } = segments;
  const { classes, total } = sumByClass(table, classification.classes);
  return {
    ...(classification.program === undefined ? {} : { program: jsonName('name', classification.program) }),
    classes: classes.flatMap((sums, number) => {
      if (sums.count === 0) return [];
      const { name, notes } = MAPPING_CLASSES[number]!;
      const members = rowsOf(segments, number);
      const example = exampleOf(segments, members);
      return [
        {
          class: name,
          notes,
          example: { ...placeOf(segments, example) },
          permissions: permissionsOf(table, members),
          ...measured(sums),
          ...(tree ? { mappings: members.map((member) => mappingJson(segments, member)) } : {}),
        },
      ];
    }),
    total: measured(total),
  };
}

function mappingJson(segments: Segments, row: number): Record<string, unknown> {
  const sums = Object.fromEntries(SUMMED.map((field) => [field, sizeOf(segments.table, field, row)]));
  return {
    ...placeOf(segments, row),
    permissions: permissionText(segments.table.perms[row]!),
    ...measured(sums),
    rule: RULES[segments.classification.rules[row]!]!.name,
  };
}

function placeOf(segments: Segments, row: number): Record<string, unknown> {
  return {
    start: segments.table.start[row]!.toString(16),
    end: segments.table.end[row]!.toString(16),
    ...textAndHex('name', nameOf(segments, row)),
  };
}

function jsonName(key: string, latin1: string): unknown {
  return (textAndHex(key, Buffer.from(latin1, 'latin1')) as Record<string, unknown>)[key];
}

/** What was measured; a value that was not is absent. */
export function measured(values: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values as Record<string, number>).filter(([, value]) => !Number.isNaN(value)),
  );
}

function rowsOf({ table, classification }: Segments, number: number): number[] {
  const rows: number[] = [];
  for (let row = 0; row < table.rows; row++) if (classification.classes[row] === number) rows.push(row);
  return rows;
}

/** The row that shows best what a class is: one with a name, then the most resident, then the largest. */
function exampleOf({ table }: Segments, rows: readonly number[]): number {
  const rank = (row: number) => [
    table.nameLength[row]! > 0 ? 1 : 0,
    sizeOf(table, 'rss', row) || 0,
    sizeOf(table, 'size', row) || 0,
  ];
  return rows.reduce((best, row) => {
    const [a, b] = [rank(row), rank(best)];
    const at = a.findIndex((value, index) => value !== b[index]);
    return at >= 0 && a[at]! > b[at]! ? row : best;
  });
}

function nameOf({ table, bytes }: Segments, row: number): Uint8Array {
  return bytes.subarray(table.nameStart[row]!, table.nameStart[row]! + table.nameLength[row]!);
}

/** The permissions that occur, most frequent first. */
function permissionsOf(table: MappingTable, rows: readonly number[]): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const text = permissionText(table.perms[row]!);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([text]) => text);
}

function kibibytes(sums: ClassSums): string[] {
  return [...SUMMED.map((field) => kib(sums[field])), String(sums.count)];
}

export function kib(bytes: number): string {
  return Number.isNaN(bytes) ? '-' : String(bytes / KIBIBYTE);
}
