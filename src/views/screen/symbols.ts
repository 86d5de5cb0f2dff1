/**
 * What a screen draws with: characters of Unicode where the locale has them, else ASCII; and letters in bars where there is
 * no colour to tell their parts apart.
 */
export interface Symbols {
  readonly ascii: boolean;
  readonly colour: boolean;
  readonly ellipsis: string;
  /** In front of an upper bound. */
  readonly atMost: string;
  /** In front of a sum that lacks something. */
  readonly atLeast: string;
  readonly rule: string;
}

export function symbolsFor(utf8: boolean, colour: boolean): Symbols {
  return utf8
    ? { ascii: false, colour, ellipsis: '\u2026', atMost: '\u2264', atLeast: '\u2265', rule: '\u2500' }
    : { ascii: true, colour, ellipsis: '~', atMost: '<', atLeast: '>', rule: '-' };
}
