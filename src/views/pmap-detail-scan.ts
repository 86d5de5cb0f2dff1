/**
 * The text of `smaps` taken apart as `pmap -X` of procps does it: the columns in the order in which the kernel writes
 * them, a row per mapping.
 *
 * The traps: the columns are found while reading, and a mapping whose fields come in another order is no text of one
 * kernel: there procps gives up, and so does this. And the program is over before its code has become fast: so what runs
 * for every mapping is left to searches and patterns that Node compiles at once, and fields that are the same for many
 * mappings, as those of thread stacks and arenas are, are taken apart once.
 */

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
  /** What was printed last, since a mapping without the field shows it again. */
  value: string;
}

/** The fields of a mapping, shared by all mappings that have the same. */
export interface DetailFields {
  /** Values by column; fewer than there are columns when the text has no more. */
  readonly values: readonly string[];
  readonly flags: string | undefined;
  mappings: number;
}

/** Perms, offset, device and inode as the kernel wrote them; shared by all mappings that have the same. */
export type DetailPlace = readonly [perms: string, offset: string, device: string, inode: string];

// The patterns have procps' limits. Blanks are those of C: a JS pattern takes 0xa0 for one.
const HEAD =
  /([0-9a-f]{1,20})-[0-9a-f]{1,20} +([^ \t\n\v\f\r]{1,31} +[0-9a-f]{1,20} +[0-9a-f:]{1,63} +[0-9]{1,20})[ \t\v\f\r]*([^\n]{0,127})/y;
const FIELD = /([^:\n]{1,31}):[ \t\v\f\r]*([0-9]{1,20})([^\n]*)\n?/y;
const FLAGS = /VmFlags:[ \t\v\f\r]*([a-z][a-z ]{0,126})[^\n]*\n?/y;
/** Behind a number and its unit there is nothing. */
const MORE_THAN_UNIT = /^[ \t\v\f\r]*kB[ \t\v\f\r]*[^ \t\v\f\r]/;
const FLAGS_LINE = '\nVmFlags: ';

export class DetailScan {
  readonly columns: DetailColumn[] = [];
  /** Of each mapping: where it starts, its place and its name. */
  starts: string[] = [];
  places: DetailPlace[] = [];
  names: string[] = [];
  /** Every place once, by its text. */
  readonly distinctPlaces = new Map<string, DetailPlace>();
  /** Of the mapping with the same index. */
  fields: DetailFields[] = [];
  /** Every one once. */
  distinct: DetailFields[] = [];
  /** What is read now. */
  private text = '';
  /** The end of the last piece, which may be the begin of a mapping. */
  private rest = '';
  /** Blocks of fields that were read, by their text. */
  private readonly known = new Map<string, DetailFields>();
  private hasFlags = true;
  /** The fields of the mapping that was read line by line last, as one pattern. */
  private pattern: RegExp | undefined;
  /** Where the fields end that were read last. */
  private end = 0;

  constructor(private readonly isEnabled: (field: string) => boolean) {}

  /** Begins with the text of another process: its mappings are counted anew, columns and sums go on. */
  begin(): void {
    this.rest = '';
    this.starts = [];
    this.places = [];
    this.names = [];
    this.distinctPlaces.clear();
    this.fields = [];
    this.distinct = [];
    this.known.clear();
    this.hasFlags = true;
  }

  /** Adds a piece of the text. Throws `SmapsFormError`. */
  add(piece: Uint8Array): void {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    // What ends with the flags of a mapping ends with the mapping, whatever comes.
    const first = endOfLine(bytes, bytes.indexOf(FLAGS_LINE));
    const end = endOfLine(bytes, bytes.lastIndexOf(FLAGS_LINE));
    if (first === 0 || end === 0) {
      this.rest += bytes.toString('latin1');
      return;
    }
    // Only the mapping that lies in two pieces is copied.
    this.read(this.rest + bytes.toString('latin1', 0, first));
    this.read(bytes.toString('latin1', first, end));
    this.rest = bytes.toString('latin1', end);
  }

  /** Takes what is left, and counts. Throws `SmapsFormError`. */
  finish(isQuiet: boolean): void {
    this.read(this.rest);
    for (const { values, mappings } of this.distinct) {
      for (let index = 0; index < values.length; index++) {
        const column = this.columns[index]!;
        column.total += Number(values[index]) * mappings;
        if (isQuiet) column.width = Math.max(column.width, values[index]!.length);
      }
    }
  }

  private read(text: string): void {
    this.text = text;
    for (let at = 0; at < text.length; ) {
      HEAD.lastIndex = at;
      const head = HEAD.exec(text);
      if (head === null) throw new SmapsFormError('the text is not smaps');
      this.starts.push(head[1]!);
      this.places.push(this.placeOf(head[2]!));
      this.names.push(head[3]!);
      const newline = text.indexOf('\n', HEAD.lastIndex);
      if (newline < 0) {
        this.fields.push(this.readFields(text.length));
        break;
      }
      // Nearly always the flags are the last of the fields. If not, the reading shows it and nothing is shared.
      const flags = this.hasFlags ? text.indexOf(FLAGS_LINE, newline) : -1;
      if (flags < 0) this.hasFlags = false;
      const behind = flags < 0 ? -1 : text.indexOf('\n', flags + 1) + 1;
      const block = behind > 0 ? text.slice(newline + 1, behind) : '';
      let fields = block === '' ? undefined : this.known.get(block);
      if (fields === undefined) {
        fields = this.readFields(newline + 1);
        if (this.end === behind) this.known.set(block, fields);
      } else {
        this.end = behind;
        fields.mappings++;
      }
      this.fields.push(fields);
      at = this.end;
    }
  }

  private placeOf(text: string): DetailPlace {
    let place = this.distinctPlaces.get(text);
    if (place === undefined) {
      place = text.split(/ +/) as unknown as DetailPlace;
      this.distinctPlaces.set(text, place);
    }
    return place;
  }

  private readFields(from: number): DetailFields {
    return this.readFieldsAsBefore(from) ?? this.readFieldsByLine(from);
  }

  /** All fields at once, when they are those of a mapping before; undefined when they are not. */
  private readFieldsAsBefore(from: number): DetailFields | undefined {
    const { pattern } = this;
    if (pattern === undefined) return undefined;
    pattern.lastIndex = from;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.end = pattern.lastIndex;
    return this.keep(match.slice(1, -1), match.at(-1));
  }

  private readFieldsByLine(from: number): DetailFields {
    const { text, columns } = this;
    const values: string[] = [];
    let pattern = '';
    let at = from;
    for (;;) {
      FIELD.lastIndex = at;
      const field = FIELD.exec(text);
      if (field === null || (field[3] !== ' kB' && MORE_THAN_UNIT.test(field[3]!))) break;
      const name = field[1]!;
      const isShown = this.isEnabled(name);
      if (isShown) {
        if (values.length === columns.length) columns.push({ name, width: 0, total: 0, value: '' });
        else if (columns[values.length]!.name !== name) {
          throw new SmapsFormError(`the fields are not the same for every mapping: "${name}" at byte ${at}`);
        }
        values.push(field[2]!);
      }
      const number = isShown ? '([0-9]{1,20})' : '[0-9]{1,20}';
      pattern += `${name.replace(/[^A-Za-z0-9_]/g, '\\$&')}:[ \\t]*${number}${field[3] === ' kB' ? ' kB' : ''}\\n`;
      at = FIELD.lastIndex;
    }
    FLAGS.lastIndex = at;
    const flags = FLAGS.exec(text);
    if (flags !== null) at = FLAGS.lastIndex;
    this.end = at;
    this.pattern = flags === null ? undefined : new RegExp(`${pattern}VmFlags: ([a-z][a-z ]{0,126})\\n`, 'y');
    return this.keep(values, flags?.[1]);
  }

  private keep(values: readonly string[], flags: string | undefined): DetailFields {
    const fields = { values, flags: flags?.replace(/ $/, ''), mappings: 1 };
    this.distinct.push(fields);
    return fields;
  }
}

/** Where the line ends whose begin, or the newline before it, is at `at`; 0 when it does not end or there is none. */
function endOfLine(bytes: Buffer, at: number): number {
  return at < 0 ? 0 : bytes.indexOf(10, at + 1) + 1;
}
