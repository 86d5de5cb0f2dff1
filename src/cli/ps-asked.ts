/** What the words of `ps` ask for, in procps' terms. */
import type { PsListKind } from '../views/ps-select.js';

/** What the words say, before columns and order are looked up. */
export interface PsWords {
  all: boolean;
  lists: { kind: PsListKind; values: (number | string)[] }[];
  quick: number[] | undefined;
  /** `a`, `g`, `x` without a dash, `-a` and `-d` with one. */
  simple: Set<string>;
  runningOnly: boolean;
  negated: boolean;
  /** In the order given: `o` a list of columns, `O` one to put into the default, `b` the `O` without a dash. */
  formats: { kind: 'o' | 'O' | 'b'; list: string }[];
  sets: Set<string>;
  letters: Set<string>;
  sorts: string[];
  bsd: boolean;
  wide: number;
  columns: number | undefined;
  lines: number | undefined;
  headings: 'one' | 'none' | 'many';
  forest: 'lines' | 'blanks' | undefined;
  names: boolean;
  environment: boolean;
  numbers: boolean;
  deadChildren: boolean;
}
