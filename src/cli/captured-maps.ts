/**
 * Whether a captured text is one of mappings.
 *
 * The trap: the tokenizer passes over what is no mapping, since a later kernel may write lines that nobody knows yet; so of
 * a text of something else nothing is left, and that is no process without memory.
 */
import { HeaderWord, MappingTable, tokenizeGrowing } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import type { Tokenizers } from '../procfs/tokenizers.js';
import { fitWidth } from '../text/display-width.js';
import { escapeTerminal } from '../text/escape.js';
import { CommandError } from './command-error.js';

const LONGEST_LINE = 60;
const NEWLINE = 10;

/** What a tokenizer found: mappings, lines that are neither a mapping nor a part of one, and where the first of these begins. */
export interface FoundLines {
  readonly mappings: number;
  readonly malformedLines?: number;
  readonly firstMalformedOffset?: number;
}

/** Throws `CommandError` where a text that is not empty holds no mapping at all. */
export function refuseNoMaps(name: string, text: Uint8Array, found: FoundLines): void {
  if (text.length > 0 && found.mappings === 0) throw new CommandError(noMapping(name, text, found));
}

/** What is to be said of a text in which some lines are no mappings. */
export function noMapping(name: string, text: Uint8Array, { firstMalformedOffset = 0 }: FoundLines): string {
  const end = text.indexOf(NEWLINE, firstMalformedOffset);
  const line = escapeTerminal(text.subarray(firstMalformedOffset, end < 0 ? text.length : end));
  let number = 1;
  for (let at = text.indexOf(NEWLINE); at >= 0 && at < firstMalformedOffset; at = text.indexOf(NEWLINE, at + 1))
    number++;
  return `${name}: line ${number} is no mapping: ${fitWidth(line, LONGEST_LINE, '...')}`;
}

/** For those who print the lines as they are: throws where one is no mapping, unless it is the last and was cut. */
export function refuseOtherLines(name: string, text: Uint8Array, { smaps }: Tokenizers): void {
  const { bytes, length } = pad(text);
  const found = foundIn(tokenizeGrowing(smaps, bytes, length, new MappingTable(Math.max(64, length >> 9))));
  refuseNoMaps(name, text, found);
  const { malformedLines = 0, firstMalformedOffset = 0 } = found;
  if (malformedLines === 0 || text.indexOf(NEWLINE, firstMalformedOffset) < 0) return;
  throw new CommandError(noMapping(name, text, found));
}

export function foundIn({ header, rows }: MappingTable): FoundLines {
  return {
    mappings: rows,
    malformedLines: header[HeaderWord.malformedLines]!,
    firstMalformedOffset: header[HeaderWord.firstMalformed]!,
  };
}
