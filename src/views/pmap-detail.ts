/**
 * `pmap -X`, `-XX` and `-c`: a column for every field of `smaps`, as wide as its sum.
 *
 * The traps, all of them procps': columns and sums are kept from process to process, so the second of two shows the sums
 * of both; a field that a mapping lacks shows what was printed before; names are cut after 127 bytes and printed as they
 * are, control characters and all. procps reads the file twice, to measure and to print; here the text is read once.
 */
import type { ByteWriter } from '../text/byte-writer.js';
import { Cell, DetailScan, FIXED_CELLS } from './pmap-detail-scan.js';

const SPACE = 32;
const SLASH = 47;
const EQUALS = 61;

/** What `-X` leaves out. */
const UNIMPORTANT: ReadonlySet<string> = new Set([
  ...['AnonHugePages', 'KernelPageSize', 'MMUPageSize', 'Shared_Dirty', 'Private_Dirty', 'Shared_Clean'],
  ...['Private_Clean', 'VmFlags'],
]);

/** Whether `-X` shows this field; `-XX` shows all. */
export function isImportant(field: string): boolean {
  return !UNIMPORTANT.has(field);
}

const HEADINGS = ['Address', 'Perm', 'Offset', 'Device', 'Inode'] as const;

export interface DetailOptions {
  readonly showPath: boolean;
  readonly quiet: boolean;
}

/** The table of one command; what it writes of a process depends on those before. */
export class DetailTable {
  private readonly scan: DetailScan;

  /** `isEnabled` says of a field or heading by its name whether it is shown. */
  constructor(private readonly isEnabled: (name: string) => boolean) {
    this.scan = new DetailScan(isEnabled);
  }

  /** Writes header, mappings and sums for the text of one process. Throws `SmapsFormError` before it writes anything. */
  write(out: ByteWriter, text: Uint8Array, { showPath, quiet }: DetailOptions): void {
    const { scan } = this;
    scan.read(text, quiet);
    const { columns, rows, places, cellsPerRow } = scan;
    const shown = HEADINGS.map((heading) => heading === 'Address' || this.isEnabled(heading));
    const widths = HEADINGS.map((_, cell) => this.widestOf(cell));
    const flagsWidest = this.widestOf(Cell.flags);
    const showFlags = flagsWidest >= 0 && this.isEnabled('VmFlags');
    let flagsWidth = flagsWidest;
    const showName = this.isEnabled('Mapping');
    if (!quiet && rows > 0) {
      for (const column of columns) {
        column.width = Math.max(column.width, column.name.length, String(column.total).length);
      }
      HEADINGS.forEach((heading, cell) => {
        if (shown[cell]) widths[cell] = Math.max(widths[cell]!, heading.length);
      });
      flagsWidth = Math.max(flagsWidth, 'VmFlags'.length);
      const headings = HEADINGS.flatMap((heading, cell) => (shown[cell] ? [heading.padStart(widths[cell]!)] : []));
      for (const { name, width } of columns) headings.push(name.padStart(width));
      if (showFlags) headings.push('VmFlags'.padStart(flagsWidth));
      out.ascii(`${headings.join(' ')} ${showName ? 'Mapping' : ''}\n`);
    }
    for (let row = 0; row < rows; row++) {
      const base = row * cellsPerRow * 2;
      for (let cell = 0; cell < HEADINGS.length; cell++) {
        if (!shown[cell]) continue;
        if (cell > 0) out.space();
        out.span(text, places[base + cell * 2]!, places[base + cell * 2 + 1]!, widths[cell]);
      }
      for (let index = 0, place = base + FIXED_CELLS * 2; index < columns.length; index++, place += 2) {
        const column = columns[index]!;
        if (places[place]! >= 0) {
          column.text = text;
          column.from = places[place]!;
          column.to = places[place + 1]!;
        }
        out.space();
        out.span(column.text, column.from, column.to, column.width);
      }
      if (showFlags) {
        const place = base + Cell.flags * 2;
        if (places[place]! >= 0) {
          scan.flags.text = text;
          scan.flags.from = places[place]!;
          scan.flags.to = places[place + 1]!;
        }
        out.space();
        out.span(scan.flags.text, scan.flags.from, scan.flags.to, flagsWidth);
      }
      if (showName) {
        out.space();
        const to = places[base + Cell.name * 2 + 1]!;
        let from = places[base + Cell.name * 2]!;
        if (!showPath) from = behindLastSlash(text, from, to);
        out.span(text, from, to);
      }
      out.newline();
    }
    if (!quiet && columns.length > 0) this.writeTotals(out, shown, widths);
  }

  /** Bytes of the longest entry of a cell; -1 when no row has one, 0 without rows. */
  private widestOf(cell: number): number {
    const { rows, places, cellsPerRow } = this.scan;
    let widest = cell === Cell.flags ? -1 : 0;
    for (let row = 0, place = cell * 2; row < rows; row++, place += cellsPerRow * 2) {
      if (places[place]! >= 0) widest = Math.max(widest, places[place + 1]! - places[place]!);
    }
    return widest;
  }

  private writeTotals(out: ByteWriter, shown: readonly boolean[], widths: readonly number[]): void {
    const gap = widths.reduce((sum, width, cell) => (shown[cell] ? sum + width + 1 : sum), 0);
    out.repeat(SPACE, gap);
    for (const { width } of this.scan.columns) {
      out.repeat(EQUALS, width);
      out.space();
    }
    out.newline();
    out.repeat(SPACE, gap);
    for (const { width, total } of this.scan.columns) {
      out.decimal(total, width);
      out.space();
    }
    out.ascii('KB \n');
  }
}

function behindLastSlash(text: Uint8Array, from: number, to: number): number {
  let at = to;
  while (at > from && text[at - 1] !== SLASH) at--;
  return at;
}
