/**
 * Texts of one number per line behind a key, such as `meminfo` and `vmstat`: some of their numbers, put into columns.
 *
 * The trap: a recorder that costs next to nothing hardly ever runs its code often enough to have it compiled, and a loop over
 * the bytes of such a text then takes ten times as long as the kernel's own work. But the lines of a kernel keep their keys
 * and their order while it runs: so the first text becomes one regular expression, which takes the numbers out of all
 * later ones in one step; a text that it does not fit is learned anew. So it is for one file; see `keyed-lines.ts` for many.
 */
const LINE = /^([^\s:]+)(:?[ \t]+)(\d+)( kB)?$/;
const SPECIAL = /[.*+?^${}()|[\]\\]/g;

export class LearnedLines {
  readonly #columnOf: (key: string) => number;
  #pattern: RegExp | undefined;
  /** By number that the pattern takes out. */
  #columns: number[] = [];
  #scales: number[] = [];

  /** `columnOf`: the column of a key, or below 0 for one that is not wanted. */
  constructor(columnOf: (key: string) => number) {
    this.#columnOf = columnOf;
  }

  /**
   * Adds the numbers of the wanted keys to `values`, a number followed by `kB` as bytes. A column without a line is left as it
   * is, so whoever wants NaN for it puts that there first; NaN counts as nothing in the sum. Returns how many were found.
   */
  addTo(values: Float64Array, text: string): number {
    // A text always fits what was learned of it.
    const found = this.#pattern?.exec(text) ?? this.#learn(text).exec(text)!;
    const columns = this.#columns;
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index]!;
      const before = values[column]!;
      values[column] = (Number.isNaN(before) ? 0 : before) + Number(found[index + 1]) * this.#scales[index]!;
    }
    return columns.length;
  }

  #learn(text: string): RegExp {
    this.#columns = [];
    this.#scales = [];
    const parts = text.split('\n').map((line) => {
      const [, key, between, , unit = ''] = LINE.exec(line) ?? [];
      if (key === undefined) return escaped(line);
      const head = `${escaped(key)}${between!.startsWith(':') ? ':' : ''}[ \\t]+`;
      const column = this.#columnOf(key);
      if (column < 0) return `${head}\\d+${unit}`;
      this.#columns.push(column);
      this.#scales.push(unit === '' ? 1 : 1024);
      return `${head}(\\d+)${unit}`;
    });
    this.#pattern = new RegExp(`^${parts.join('\\n')}$`);
    return this.#pattern;
  }
}

function escaped(text: string): string {
  return text.replace(SPECIAL, '\\$&');
}
