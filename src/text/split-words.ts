/**
 * A command line as text, split into words as a shell's quotes split it, where no shell is to run.
 *
 * The trap: whoever writes `|`, `>` or `$HOME` means a shell, and would be given a word with that in it. So what only a shell
 * can do is refused, unless it is quoted.
 */
import { InputError } from './input-error.js';

const BLANK = /[ \t\n]/;
const OF_A_SHELL = /[|&;<>()$`*?~#!]/;
/** What a backslash stands before within double quotes; before others it is itself. */
const ESCAPED_IN_QUOTES = /["\\$`]/;

/** The words. Throws `InputError` for an open quote, for what only a shell can do, and where there is no word. */
export function splitWords(text: string): string[] {
  const refuse = (allowed: string) => new InputError(text, 'a command', allowed);
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (BLANK.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'" || character === '"') {
      const end = endOfQuote(text, at);
      if (end < 0) throw refuse(`quotes that are closed; the ${character} at ${at + 1} is not`);
      word = (word ?? '') + unquoted(text.slice(at + 1, end), character);
      at = end;
    } else if (character === '\\') {
      if (++at === text.length) throw refuse('no \\ at the end');
      word = (word ?? '') + text[at]!;
    } else if (OF_A_SHELL.test(character) && !(character === '#' && word !== undefined)) {
      throw refuse(`words without an unquoted ${character}: no shell is run; with one, sh -c '...'`);
    } else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  if (words.length === 0 || words[0] === '') throw refuse('a program and its arguments');
  if (words.some((each) => each.includes('\0'))) throw refuse('words without a NUL');
  return words;
}

function endOfQuote(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === quote) return at;
    if (quote === '"' && text[at] === '\\') at++;
  }
  return -1;
}

function unquoted(text: string, quote: string): string {
  if (quote === "'") return text;
  return text.replace(/\\(.)/gs, (whole, character: string) => (ESCAPED_IN_QUOTES.test(character) ? character : whole));
}
