/**
 * The values that options take, from text. Each throws `InputError`, which says what was given and what is allowed;
 * `options.ts` adds the option's name, so that the sentence is the same for every command.
 */
import { statSync } from 'node:fs';
import { parseDuration } from '../text/duration.js';
import { InputError } from '../text/input-error.js';
import { parseSize } from '../text/size.js';

const MIN_HZ = 0.01;
const MAX_HZ = 10_000;
const MAX_PID = 2 ** 31 - 1;
const MIN_PAGE_SIZE = 4096;
const MAX_PAGE_SIZE = 2 ** 24;
const MAX_CLOCK_TICKS = 1_000_000;

/** A rate in ticks per second, 0.01 to 10000. */
export function parseHz(text: string): number {
  const hz = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (hz >= MIN_HZ && hz <= MAX_HZ) return hz;
  throw new InputError(text, 'a rate', `times per second, ${MIN_HZ} to ${MAX_HZ}, such as 10 or 0.5`);
}

/** A whole number between the two. */
export function parseCount(text: string, least: number, most: number): number {
  const count = wholeNumber(text, least, most);
  if (count === undefined) throw new InputError(text, 'a number', `a whole number from ${least} to ${most}`);
  return count;
}

/** A pid, 1 to 2^31 - 1. */
export function parsePid(text: string): number {
  const pid = wholeNumber(text, 1, MAX_PID);
  if (pid === undefined) throw new InputError(text, 'a pid', 'a whole number from 1 to 2^31 - 1');
  return pid;
}

/** Pids with commas between them, without duplicates, in the order given. */
export function parsePids(text: string): number[] {
  const pids = text.split(',').map((pid) => wholeNumber(pid, 1, MAX_PID));
  if (pids.some((pid) => pid === undefined)) {
    throw new InputError(text, 'a list of pids', 'whole numbers with commas between them, such as 1 or 1,2,3');
  }
  return [...new Set(pids as number[])];
}

/** Bytes of a page: a power of two from 4096 to 16M, as `getconf PAGESIZE` prints it or as a size. */
export function parsePageSize(text: string): number {
  const allowed = 'a power of two from 4096 to 16M, such as 4096 or 64K';
  let bytes = Number.NaN;
  try {
    bytes = /^\d+$/.test(text) ? Number(text) : parseSize(text);
  } catch (error) {
    // The sentence must speak of pages, not of sizes.
    if (!(error instanceof InputError)) throw error;
  }
  if (bytes >= MIN_PAGE_SIZE && bytes <= MAX_PAGE_SIZE && Number.isInteger(Math.log2(bytes))) return bytes;
  throw new InputError(text, 'a page size', allowed);
}

/** Clock ticks of a second, as `getconf CLK_TCK` prints them. */
export function parseClockTicks(text: string): number {
  const ticks = wholeNumber(text, 1, MAX_CLOCK_TICKS);
  if (ticks === undefined) throw new InputError(text, 'a number of clock ticks', 'ticks per second, such as 100');
  return ticks;
}

/** A duration that is not 0, in nanoseconds. */
export function parsePositiveDuration(text: string): bigint {
  const ns = parseDuration(text);
  if (ns === 0n) throw new InputError(text, 'a duration', 'more than nothing, such as 10s');
  return ns;
}

/** A folder that exists and can be looked at. */
export function parseFolder(text: string): string {
  let isFolder = false;
  try {
    isFolder = statSync(text).isDirectory();
  } catch {
    // Whatever the errno, there is no folder for us.
  }
  if (!isFolder) throw new InputError(text, 'a folder', 'a procfs tree that can be read, such as /proc');
  return text;
}

/** A regular expression as JavaScript writes it, without slashes. */
export function parseRegExp(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: \/.*\/\w*: /s, '');
    throw new InputError(text, 'a regular expression', `what JavaScript allows (${reason.toLowerCase()})`);
  }
}

/** What reads a value, with the words that it takes where it takes some by name: a shell completes those. */
export interface ValueParser<T> {
  (text: string): T;
  readonly words?: readonly string[];
}

/** One of the words. */
export function oneOf<const Word extends string>(what: string, words: readonly Word[]): ValueParser<Word> {
  const parse = (text: string) => {
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) throw new InputError(text, what, words.join(', '));
    return word;
  };
  return Object.assign(parse, { words });
}

/** One of the words, or what the other parser reads: `auto|off|HZ`. */
export function wordOr<const Word extends string, T>(
  words: readonly Word[],
  parse: (text: string) => T,
): ValueParser<Word | T> {
  const parseEither = (text: string) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(text, error.expected, `${words.join(', ')}, or ${error.allowed}`);
    }
  };
  return Object.assign(parseEither, { words });
}

/** The decimal number in the text when it lies between the two. */
function wholeNumber(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}
