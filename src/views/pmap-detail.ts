/**
 * `pmap -X`, `-XX` and `-c`: a column for every field of `smaps`, as wide as its sum.
 *
 * The traps, all of them procps': columns and sums are kept from process to process, so the second of two shows the sums
 * of both; a field that a mapping lacks shows what was printed before; names are cut after 127 bytes and printed as they
 * are, control characters and all. procps reads the file twice, to measure and to print; here the text is read once.
 */
import type { ByteWriter } from '../text/byte-writer.js';
import { type DetailFields, type DetailPlace, DetailScan } from './pmap-detail-scan.js';

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
  private flags = '';

  /** `isEnabled` says of a field or heading by its name whether it is shown. */
  constructor(private readonly isEnabled: (name: string) => boolean) {
    this.scan = new DetailScan(isEnabled);
  }

  /**
   * Writes header, mappings and sums for the text of one process, which is taken apart piece by piece. Throws
   * `SmapsFormError` before it writes anything.
   */
  write(out: ByteWriter, pieces: Iterable<Uint8Array>, { showPath, quiet }: DetailOptions): void {
    const { scan } = this;
    scan.begin();
    for (const piece of pieces) scan.add(piece);
    scan.finish(quiet);
    const { columns, starts, places, names, fields, distinct } = scan;
    const shown = HEADINGS.map((heading) => heading === 'Address' || this.isEnabled(heading));
    const widths = [0, 0, 0, 0, 0];
    for (const { length } of starts) if (length > widths[0]!) widths[0] = length;
    for (const place of scan.distinctPlaces.values()) {
      place.forEach((text, index) => {
        widths[index + 1] = Math.max(widths[index + 1]!, text.length);
      });
    }
    const hasFlags = distinct.some(({ flags }) => flags !== undefined);
    const showFlags = hasFlags && this.isEnabled('VmFlags');
    let flagsWidth = distinct.reduce((width, { flags = '' }) => Math.max(width, flags.length), 0);
    const showName = this.isEnabled('Mapping');
    let text = '';
    if (!quiet && starts.length > 0) {
      for (const column of columns) {
        column.width = Math.max(column.width, column.name.length, String(column.total).length);
      }
      HEADINGS.forEach((heading, index) => {
        if (shown[index]) widths[index] = Math.max(widths[index]!, heading.length);
      });
      flagsWidth = Math.max(flagsWidth, 'VmFlags'.length);
      const headings = HEADINGS.flatMap((heading, index) => (shown[index] ? [heading.padStart(widths[index]!)] : []));
      for (const { name, width } of columns) headings.push(name.padStart(width));
      if (showFlags) headings.push('VmFlags'.padStart(flagsWidth));
      text += `${headings.join(' ')} ${showName ? 'Mapping' : ''}\n`;
    }
    const cellsOf = this.cellFormatter(showFlags ? flagsWidth : undefined);
    const placeTexts = new Map<DetailPlace, string>();
    for (const place of scan.distinctPlaces.values()) {
      const cells = place.map((cell, index) => (shown[index + 1] ? ` ${cell.padStart(widths[index + 1]!)}` : ''));
      placeTexts.set(place, cells.join(''));
    }
    for (let row = 0; row < starts.length; row++) {
      text += starts[row]!.padStart(widths[0]!) + placeTexts.get(places[row]!)! + cellsOf(fields[row]!);
      if (showName) {
        const name = names[row]!;
        text += showPath ? ` ${name}\n` : ` ${name.slice(name.lastIndexOf('/') + 1)}\n`;
      } else text += '\n';
    }
    if (!quiet && columns.length > 0) text += this.totals(shown, widths);
    out.latin1(text);
  }

  /** The function that gives the columns of a mapping, each behind a space; `flagsWidth` when the flags are shown. */
  private cellFormatter(flagsWidth: number | undefined): (fields: DetailFields) => string {
    const { columns, fields, distinct } = this.scan;
    const format = ({ values, flags }: DetailFields): string => {
      let cells = '';
      for (let index = 0; index < columns.length; index++) {
        const column = columns[index]!;
        column.value = values[index] ?? column.value;
        cells += ` ${column.value.padStart(column.width)}`;
      }
      this.flags = flags ?? this.flags;
      return flagsWidth === undefined ? cells : `${cells} ${this.flags.padStart(flagsWidth)}`;
    };
    const isEven = distinct.every(({ values, flags }) => values.length === columns.length && flags !== undefined);
    if (!isEven) {
      // procps has read all mappings once before it prints the first.
      for (const mapping of fields) format(mapping);
      return format;
    }
    const formatted = new Map(distinct.map((mapping) => [mapping, format(mapping)]));
    // What the next process may show again.
    if (fields.length > 0) format(fields.at(-1)!);
    return (mapping) => formatted.get(mapping)!;
  }

  private totals(shown: readonly boolean[], widths: readonly number[]): string {
    const gap = ' '.repeat(widths.reduce((sum, width, index) => (shown[index] ? sum + width + 1 : sum), 0));
    const { columns } = this.scan;
    const lines = columns.map(({ width }) => `${'='.repeat(width)} `).join('');
    const sums = columns.map(({ width, total }) => `${String(total).padStart(width)} `).join('');
    return `${gap}${lines}\n${gap}${sums}KB \n`;
  }
}
