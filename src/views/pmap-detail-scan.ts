/**
 * The text of `smaps` taken apart as `pmap -X` of procps does it: into places of the text, one row per mapping, with the
 * columns in the order in which the kernel writes them.
 *
 * The trap: the columns are found while reading, and a mapping whose fields come in another order is no text of one
 * kernel: there procps gives up, and so does this.
 */

const SPACE = 32;
const NEWLINE = 10;
const COLON = 58;
const DASH = 45;
const LETTER_K = 107;
const LETTER_B = 66;

/** Limits of procps' buffers, in bytes. */
const MOST_NUMBER = 20;
const MOST_WORD = 31;
const MOST_DEVICE = 63;
const MOST_NAME = 127;
const MOST_FLAGS = 127;
const MOST_LINE = 1023;

/** Thrown where procps gives up: the text is not `smaps`, or its fields are not the same for every mapping. */
export class SmapsFormError extends Error {
  readonly code = 'smaps-form';
}

/** One field of `smaps` that is shown. */
export interface DetailColumn {
  readonly name: string;
  width: number;
  /** The sum over all mappings of all processes, in the unit of the text. */
  total: number;
  /** Where the value that was printed last lies, since a mapping without the field shows it again. */
  text: Uint8Array;
  from: number;
  to: number;
}

/** Cells of a row that every mapping has, each a start and an end in the text; then one per column. -1: not there. */
export const Cell = { start: 0, perms: 1, offset: 2, device: 3, inode: 4, flags: 5, name: 6 } as const;
export const FIXED_CELLS = 7;

const FLAGS_KEY = Buffer.from('VmFlags:');

export class DetailScan {
  readonly columns: DetailColumn[] = [];
  /** Cell c of row r: start at `(r * cellsPerRow + c) * 2`, end behind it. */
  places = new Int32Array(1 << 16);
  rows = 0;
  /** The flags of the last mapping that had some; shown again for one that has none. */
  readonly flags = { text: new Uint8Array(0) as Uint8Array, from: 0, to: 0 };
  private text: Uint8Array = new Uint8Array(0);
  /** The key on each line of a mapping and whether it is shown: only a guess, checked against the text. */
  private readonly order: { readonly key: Uint8Array; readonly name: string; readonly isShown: boolean }[] = [];
  private valueFrom = 0;
  private valueTo = 0;
  private isValueShown = false;

  /** Room for columns is made in advance, so that one that comes late does not move all rows. */
  private columnRoom = 32;

  constructor(private readonly isEnabled: (field: string) => boolean) {}

  get cellsPerRow(): number {
    return FIXED_CELLS + this.columnRoom;
  }

  /** Reads a text. New columns are added, sums grow. Throws `SmapsFormError`. */
  read(text: Uint8Array, isQuiet: boolean): void {
    this.text = text;
    this.rows = 0;
    let at = 0;
    while (at < text.length) {
      this.startRow();
      at = this.readHead(at);
      let line = 0;
      let next = 0;
      for (let end = this.readDetail(at, line, next); end >= 0; end = this.readDetail(at, line, next)) {
        if (this.isValueShown) this.takeValue(next++, isQuiet);
        line++;
        at = end;
      }
      const end = this.readFlags(at);
      if (end >= 0) at = end;
      this.rows++;
    }
  }

  private startRow(): void {
    const length = this.cellsPerRow * 2;
    const from = this.rows * length;
    if (from + length > this.places.length) {
      const larger = new Int32Array(Math.max(this.places.length * 2, from + length));
      larger.set(this.places);
      this.places = larger;
    }
    this.places.fill(-1, from, from + length);
  }

  /** More columns than there was room for: every row that was read moves. */
  private makeRoom(): void {
    const before = this.cellsPerRow * 2;
    this.columnRoom *= 2;
    const after = this.cellsPerRow * 2;
    const moved = new Int32Array((this.rows + 1) * after).fill(-1);
    for (let row = 0; row <= this.rows; row++) {
      moved.set(this.places.subarray(row * before, (row + 1) * before), row * after);
    }
    this.places = moved;
  }

  private set(cell: number, from: number, to: number): void {
    const place = (this.rows * this.cellsPerRow + cell) * 2;
    this.places[place] = from;
    this.places[place + 1] = to;
  }

  /** Reads the line of the mapping; returns the offset of the next line. */
  private readHead(at: number): number {
    const { text } = this;
    const whole = text.indexOf(NEWLINE, at);
    const next = whole < 0 ? text.length : whole + 1;
    const to = Math.min(next, at + MOST_LINE);
    let end = hexEnd(text, at, to);
    if (end === at || text[end] !== DASH) throw unknownForm();
    this.set(Cell.start, at, end);
    let from = end + 1;
    end = hexEnd(text, from, to);
    if (end === from) throw unknownForm();
    from = skipBlanks(text, end, to);
    end = wordEnd(text, from, to, MOST_WORD);
    if (end === from) throw unknownForm();
    this.set(Cell.perms, from, end);
    from = skipBlanks(text, end, to);
    end = hexEnd(text, from, to);
    if (end === from) throw unknownForm();
    this.set(Cell.offset, from, end);
    from = skipBlanks(text, end, to);
    end = from;
    while (end < to && end - from < MOST_DEVICE && (isHex(text[end]!) || text[end] === COLON)) end++;
    if (end === from) throw unknownForm();
    this.set(Cell.device, from, end);
    from = skipBlanks(text, end, to);
    end = wordEnd(text, from, to, MOST_NUMBER);
    if (end === from) throw unknownForm();
    this.set(Cell.inode, from, end);
    from = skipBlanks(text, end, to);
    end = Math.min(to, from + MOST_NAME);
    if (end === next && end > from && text[end - 1] === NEWLINE) end--;
    this.set(Cell.name, from, end);
    return next;
  }

  /** Reads a line with a field; returns the offset of the next line, or -1 when it is none. */
  private readDetail(at: number, line: number, next: number): number {
    const { text } = this;
    const guess = this.order[line];
    const isGuessed = guess !== undefined && startsWith(text, at, guess.key);
    let from: number;
    if (isGuessed) {
      this.isValueShown = guess.isShown;
      from = at + guess.key.length;
    } else {
      let colon = at;
      const most = Math.min(text.length, at + MOST_WORD);
      while (colon < most && text[colon] !== COLON && text[colon] !== NEWLINE) colon++;
      if (colon === at || text[colon] !== COLON) return -1;
      from = colon + 1;
    }
    const valueFrom = skipBlanks(text, from, text.length);
    let valueTo = valueFrom;
    const mostDigits = valueFrom + MOST_NUMBER;
    while (valueTo < mostDigits && text[valueTo]! >= 48 && text[valueTo]! <= 57) valueTo++;
    if (valueTo === valueFrom) return -1;
    const end = detailEnd(text, valueTo);
    if (end < 0) return -1;
    if (!isGuessed) this.learn(line, text.subarray(at, from));
    if (this.isValueShown && next < this.columns.length) {
      const { name } = this.order[line]!;
      if (this.columns[next]!.name !== name) {
        throw new SmapsFormError(`the fields are not the same for every mapping: "${name}" at byte ${at}`);
      }
    } else if (this.isValueShown) {
      this.addColumn(this.order[line]!.name);
    }
    this.valueFrom = valueFrom;
    this.valueTo = valueTo;
    return end;
  }

  private learn(line: number, key: Uint8Array): void {
    const name = Buffer.from(key.subarray(0, key.length - 1)).toString('latin1');
    this.isValueShown = this.isEnabled(name);
    this.order[line] = { key: key.slice(), name, isShown: this.isValueShown };
  }

  private addColumn(name: string): void {
    this.columns.push({ name, width: 0, total: 0, text: this.text, from: 0, to: 0 });
    if (this.columns.length > this.columnRoom) this.makeRoom();
  }

  private takeValue(index: number, isQuiet: boolean): void {
    const { text, valueFrom, valueTo } = this;
    this.set(FIXED_CELLS + index, valueFrom, valueTo);
    const column = this.columns[index]!;
    let value = 0;
    for (let at = valueFrom; at < valueTo; at++) value = value * 10 + text[at]! - 48;
    column.total += value;
    column.text = text;
    column.from = valueFrom;
    column.to = valueTo;
    if (isQuiet) column.width = Math.max(column.width, valueTo - valueFrom);
  }

  /** Reads the line with the flags; returns the offset of the next line, or -1 when it is none. */
  private readFlags(at: number): number {
    const { text } = this;
    if (!startsWith(text, at, FLAGS_KEY)) return -1;
    const newline = text.indexOf(NEWLINE, at);
    const end = newline < 0 ? text.length : newline + 1;
    const from = skipBlanks(text, at + FLAGS_KEY.length, end);
    let to = from;
    while (to < end && to - from < MOST_FLAGS && ((text[to]! >= 97 && text[to]! <= 122) || text[to] === SPACE)) to++;
    if (to === from) return -1;
    if (text[to - 1] === SPACE) to--;
    this.set(Cell.flags, from, to);
    this.flags.text = text;
    this.flags.from = from;
    this.flags.to = to;
    return end;
  }
}

function unknownForm(): SmapsFormError {
  return new SmapsFormError('the text is not smaps');
}

/** The offset behind the line of a field whose number ends at `at`, or -1 when more than a unit follows. */
function detailEnd(text: Uint8Array, at: number): number {
  if (text[at] === SPACE && text[at + 1] === LETTER_K && text[at + 2] === LETTER_B && text[at + 3] === NEWLINE) {
    return at + 4;
  }
  const newline = text.indexOf(NEWLINE, at);
  const end = newline < 0 ? text.length : newline + 1;
  let unit = skipBlanks(text, at, end);
  if (text[unit] !== LETTER_K || text[unit + 1] !== LETTER_B) return end;
  unit = skipBlanks(text, unit + 2, end);
  return unit < end ? -1 : end;
}

function startsWith(text: Uint8Array, at: number, key: Uint8Array): boolean {
  for (let index = 0; index < key.length; index++) if (text[at + index] !== key[index]) return false;
  return true;
}

function isHex(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102);
}

function isBlank(byte: number): boolean {
  return byte === SPACE || (byte >= 9 && byte <= 13);
}

function skipBlanks(text: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(text[at]!)) at++;
  return at;
}

function hexEnd(text: Uint8Array, from: number, to: number): number {
  const most = Math.min(to, from + MOST_NUMBER);
  let at = from;
  while (at < most && isHex(text[at]!)) at++;
  return at;
}

function wordEnd(text: Uint8Array, from: number, to: number, limit: number): number {
  const most = Math.min(to, from + limit);
  let at = from;
  while (at < most && !isBlank(text[at]!)) at++;
  return at;
}
