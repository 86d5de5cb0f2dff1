/**
 * The form in which names of other programs are told.
 */
export interface ForeignName {
  /** The program, as one would type or cite it. */
  readonly tool: string;
  /** All names of the one quantity, the usual one first. */
  readonly names: readonly string[];
  /** What it is in metrics of ours: a name, or a formula of names, numbers and + - * /. Absent where we have none of it. */
  readonly is?: string;
  /** The unit in which the program prints it. */
  readonly unit: string;
  /** What differs, or where it comes from. */
  readonly note?: string;
  /** Metrics of ours that come near, where `is` names none. */
  readonly near?: readonly string[];
}

/** `names` are separated by `|`; what follows the formula is a note. */
export type ForeignRow = readonly [names: string, is: string, unit: string, note?: string];

/** Rows of one tool. A formula that begins with `~` names what comes near instead. */
export function namesOf(tool: string, rows: readonly ForeignRow[]): ForeignName[] {
  return rows.map(([names, is, unit, note]) => ({
    tool,
    names: names.split('|'),
    unit,
    ...(is.startsWith('~') ? { near: is.slice(1).split(' ').filter(Boolean) } : { is }),
    ...(note === undefined ? {} : { note }),
  }));
}

/** The metrics in a formula, each once. */
export function metricsIn(formula: string): string[] {
  return [...new Set(formula.match(/[A-Za-z]\w*/g) ?? [])];
}
