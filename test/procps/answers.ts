/**
 * What procps and Tidemark print, side by side: every line that is not the same, with the process it is about.
 *
 * The trap: names are bytes, not text, so lines are compared as latin1; and an empty answer equals an empty answer, so a
 * comparison also says how many lines it looked at.
 */

import { MAIN } from '../tidemark-process.js';
import { run } from './captured-tree.js';
import type { StoppedProcess } from './stopped-processes.js';

export interface Answer {
  readonly code: number | null;
  readonly stdout: Buffer;
}

/** Runs the built command with nothing of the caller's locale or width. */
export function tidemark(words: readonly string[], env: Record<string, string> = {}) {
  return run(process.execPath, [MAIN, ...words], { NO_COLOR: '1', ...env });
}

/** The lines of an answer, each a string of one character per byte. */
export function linesOf(answer: Answer): string[] {
  return answer.stdout.toString('latin1').split('\n');
}

/** Which process each line is about: `undefined` for lines about none, such as a header. */
export type AboutWhom = (lines: readonly string[]) => readonly (number | undefined)[];

/** The blocks of pmap: each opens with `PID:   COMMAND`. */
export const byBlock: AboutWhom = (lines) => {
  let pid: number | undefined;
  return lines.map((line) => {
    const head = /^(\d+): {3}/.exec(line);
    if (head) pid = Number(head[1]);
    return pid;
  });
};

/** A table whose column `index` (from 0) is the pid. */
export function byColumn(index: number): AboutWhom {
  return (lines) =>
    lines.map((line) => {
      const word = line.trim().split(/\s+/)[index];
      return word !== undefined && /^\d+$/.test(word) ? Number(word) : undefined;
    });
}

/** Every difference as one line: the kind of process, what procps says, what Tidemark says. */
export function differences(
  processes: readonly StoppedProcess[],
  about: AboutWhom,
  theirs: readonly string[],
  ours: readonly string[],
): string[] {
  const kinds = new Map(processes.map(({ kind, pid }) => [pid, kind]));
  const whom = about(theirs);
  const found: string[] = [];
  for (let i = 0; i < Math.max(theirs.length, ours.length); i++) {
    if (theirs[i] === ours[i]) continue;
    const kind = kinds.get(whom[i] ?? 0) ?? 'no process';
    found.push(`${kind}, line ${i + 1}: ${JSON.stringify(theirs[i])} but ${JSON.stringify(ours[i])}`);
  }
  return found;
}

/**
 * As `differences`, where a line may be what procps said before or what it said after: of a column that moves by itself
 * only once a minute, one of the two is right.
 */
export function differencesFromEither(
  processes: readonly StoppedProcess[],
  about: AboutWhom,
  before: readonly string[],
  after: readonly string[],
  ours: readonly string[],
): string[] {
  const theirs = before.map((line, i) => (isBetween(line, after[i], ours[i]) ? ours[i]! : line));
  return differences(processes, about, theirs, ours);
}

/** Whether each word is that of one of the two, or a number between theirs: a share of the processor falls all the time. */
function isBetween(before: string, after = '', ours = ''): boolean {
  const [first, last, words] = [before, after, ours].map((line) => line.trim().split(/\s+/)) as [
    string[],
    string[],
    string[],
  ];
  if (first.length !== words.length || last.length !== words.length) return false;
  return words.every((word, place) => {
    const [one, other] = [first[place]!, last[place]!];
    if (word === one || word === other) return true;
    const [value, low, high] = [
      Number(word),
      Math.min(Number(one), Number(other)),
      Math.max(Number(one), Number(other)),
    ];
    return value > low && value < high;
  });
}

/** The kinds that no line is about: those were not compared. */
export function kindsWithout(
  processes: readonly StoppedProcess[],
  about: AboutWhom,
  lines: readonly string[],
): string[] {
  const seen = new Set(about(lines));
  return processes.filter(({ pid }) => !seen.has(pid)).map(({ kind }) => kind);
}

/** Calls `each` for every item, some at a time, and gives the results in order. */
export async function several<Item, Result>(items: readonly Item[], each: (item: Item) => Promise<Result>) {
  const results = new Array<Result>(items.length);
  let next = 0;
  const work = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await each(items[i]);
  };
  await Promise.all([work(), work(), work()]);
  return results;
}
