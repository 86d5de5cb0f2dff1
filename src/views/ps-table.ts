/**
 * Lays out a process list as procps does: every column has a place where it should begin, a text that is too long pushes
 * the next ones to the right, and they come back as soon as there is room.
 *
 * The trap: a text counts by the columns it takes on a terminal, a heading by its bytes; and the last column gets what is
 * left of the line, where a line is as many screens wide as its columns need.
 */
import type { PsModes } from './ps-column.js';
import type { PsField } from './ps-formats.js';
import type { PsRow } from './ps-row.js';

/** procps prints no longer line. */
const LONGEST_LINE = 128 * 1024;
/** procps puts no more blanks than this in front of a column. */
const MOST_BLANKS = 144;
const WIDE_SIGNALS = 16;
const SIGNALS_MORE = 7;

export interface PsPage {
  /** Columns of the screen, or `Infinity` for lines as long as they come. */
  readonly columns: number;
  /** Lines between two headings; 0 for one at the top; -1 for none. */
  readonly headingEvery: number;
}

const BLANKS = Array.from({ length: MOST_BLANKS + 1 }, (_, count) => ' '.repeat(count));

export class PsTable {
  readonly #fields: readonly PsField[];
  readonly #widths: readonly number[];
  readonly #modes: PsModes;
  readonly #page: PsPage;
  readonly #columns: number;
  readonly #wideSignals: boolean;
  #untilHeading: number;
  /** What was laid out so far. */
  text = '';

  constructor(fields: readonly PsField[], modes: PsModes, page: PsPage, pidDigits: number) {
    this.#fields = fields;
    this.#modes = modes;
    this.#page = page;
    this.#widths = fields.map(
      ({ column, header, width }) => width ?? (column.isPid ? Math.max(pidDigits, header.length) : column.width),
    );
    const total = this.#total();
    const screen = Math.min(page.columns, LONGEST_LINE);
    let columns = screen;
    while (columns < total && columns < LONGEST_LINE / 2) columns += screen;
    this.#columns = columns;
    const signals = fields.filter(({ column }) => column.place === 'signal').length;
    this.#wideSignals = total + signals * SIGNALS_MORE <= columns;
    const isHeadless =
      page.headingEvery < 0 || (page.headingEvery === 0 && fields.every(({ header }) => header === ''));
    this.#untilHeading = isHeadless ? Number.POSITIVE_INFINITY : 1;
  }

  /** Adds the line of the process, and the heading where one is due. */
  add(row: PsRow): void {
    this.#headWhereDue();
    this.#line(row);
  }

  /** The heading, for a list without a process. */
  addHeading(): void {
    this.#headWhereDue();
  }

  #headWhereDue(): void {
    if (--this.#untilHeading !== 0) return;
    this.#untilHeading = this.#page.headingEvery > 0 ? this.#page.headingEvery : Number.POSITIVE_INFINITY;
    this.#line(undefined);
  }

  #line(row: PsRow | undefined): void {
    const fields = this.#fields;
    const widths = this.#widths;
    const last = fields.length - 1;
    let out = '';
    /** Where on the line this column should begin, and where we are. */
    let correct = 0;
    let actual = 0;
    for (let index = 0; index <= last; index++) {
      const { column, header } = fields[index];
      const width = widths[index];
      const least = index > 0 ? 1 : 0;
      const gap = correct - actual;
      const room = index < last ? width : this.#columns - (gap < 1 ? actual + least : Math.max(correct, actual));
      const isSignal = column.place === 'signal';
      let shown: string;
      let cells: number;
      if (row === undefined) {
        shown = header;
        cells = Buffer.byteLength(header);
      } else {
        row.cells = -1;
        const own = isSignal ? (this.#wideSignals ? WIDE_SIGNALS : 9) : Math.max(0, Math.min(room, LONGEST_LINE - 1));
        shown = column.text(row, own, this.#modes);
        cells = row.cells < 0 ? shown.length : row.cells;
      }
      const isCut = column.place === 'unlimited' || (column.place === 'wchan' && !this.#modes.numbers);
      if (isCut && index === last && this.#columns - actual - (gap < 1 ? least : gap) < 1) shown = shown.slice(0, 1);
      const left = this.#isRight(index)
        ? Math.max(0, (isSignal ? (this.#wideSignals ? WIDE_SIGNALS : 9) : width) - cells)
        : 0;
      let blanks = gap + left;
      if (blanks < 1) blanks = least;
      out += BLANKS[Math.min(blanks, MOST_BLANKS)] + shown;
      actual += Math.min(blanks, MOST_BLANKS) + cells;
      correct += width + (isSignal && this.#wideSignals ? SIGNALS_MORE : 0) + 1;
    }
    this.text += `${out}\n`;
  }

  #isRight(index: number): boolean {
    const { place } = this.#fields[index].column;
    return place === 'right' || place === 'signal' || ((place === 'user' || place === 'wchan') && this.#modes.numbers);
  }

  /** Columns that the fields need, the last one only a few. */
  #total(): number {
    let total = this.#fields.length - 1;
    for (const [index, { column }] of this.#fields.entries()) {
      const isOpenEnd = column.place === 'unlimited' && index === this.#fields.length - 1;
      total += isOpenEnd ? 3 : this.#widths[index];
    }
    return total;
  }
}
