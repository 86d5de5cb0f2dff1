/**
 * The rows of the list: processes or groups of them, chosen by the filter, with every text escaped.
 *
 * The traps: a filter is typed letter by letter, so half a pattern is not an error but plain text; and names are hostile,
 * so the filter looks at what is shown, which is the escaped form.
 */
import { type Composition, compositionOf, type LiveProcess } from '../../analyze/live-processes.js';
import type { Change } from '../../analyze/memory-history.js';
import { groupProcesses, type ProcessGroup } from '../../analyze/process-groups.js';
import { escapeTerminal } from '../../text/escape.js';
import type { ProcessFacts, ScreenModel } from './screen-model.js';

/** What rows are put together by. */
export const GROUPINGS = ['none', 'command', 'user', 'unit'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface ScreenRow {
  /** The process, see `identityKey`, or the name of the group. */
  readonly key: string;
  readonly pid?: number;
  /** Processes of a group. */
  readonly members?: readonly LiveProcess[];
  readonly process?: LiveProcess;
  /** Bytes, NaN where not measured. For a group at most, since shared pages count for each member. */
  readonly rss: number;
  readonly pss: number;
  readonly uss: number;
  readonly swap: number;
  /** Of a process 0 or 1: how many shares are denied. */
  readonly denied: number;
  /** Shares that are not known for another reason. */
  readonly unread: number;
  readonly isOld: boolean;
  readonly short: Change;
  readonly long: Change;
  readonly peak: number;
  readonly peakNs: bigint;
  readonly composition: Composition | undefined;
  readonly user: string;
  readonly unit: string;
  readonly command: string;
}

export interface RowChoice {
  readonly grouping: Grouping;
  readonly filter: string;
  /** Command lines in place of names; `whole` with the folder of the program. */
  readonly commandLines: boolean | 'whole';
}

/** All rows that the filter lets through, in no order. */
export function rowsOf(model: ScreenModel, choice: RowChoice): ScreenRow[] {
  const rows: ScreenRow[] = model.processes.map((process) => new ProcessRow(process, model, choice.commandLines));
  const matches = matcherOf(choice.filter);
  const chosen = choice.filter === '' ? rows : rows.filter((row) => searchedOf(row).some(matches));
  if (choice.grouping === 'none') return chosen;
  const nameOf = new Map(chosen.map((row) => [row.key, groupName(row, choice.grouping, model)]));
  const processes = chosen.map((row) => row.process!);
  return groupProcesses(processes, ({ key }) => nameOf.get(key)!, model.oldNs).map((group) =>
    groupRow(group, choice.grouping),
  );
}

/** The name also where command lines are shown. */
function searchedOf({ command, user, unit, pid, process }: ScreenRow): string[] {
  return [command, user, unit, String(pid), escapeTerminal(process!.identity.comm)];
}

/** A regular expression where the text is one, else the text itself; capitals count where there are any. */
export function matcherOf(filter: string): (text: string) => boolean {
  const flags = filter === filter.toLowerCase() ? 'iu' : 'u';
  try {
    const pattern = new RegExp(filter, flags);
    return (text) => pattern.test(text);
  } catch {
    const plain = flags === 'iu' ? filter.toLowerCase() : filter;
    return (text) => (flags === 'iu' ? text.toLowerCase() : text).includes(plain);
  }
}

/** The row of one process. Of thousands a page is shown, so texts and what a bar is made of are made when they are asked for. */
class ProcessRow implements ScreenRow {
  readonly key: string;
  readonly pid: number;
  readonly rss: number;
  readonly pss: number;
  readonly uss: number;
  readonly swap: number;
  readonly denied: number;
  readonly unread: number;
  readonly isOld: boolean;
  readonly short: Change;
  readonly long: Change;
  readonly peak: number;
  readonly peakNs: bigint;
  readonly #facts: ProcessFacts | undefined;

  constructor(
    readonly process: LiveProcess,
    model: ScreenModel,
    private readonly commandLines: RowChoice['commandLines'],
  ) {
    this.key = process.key;
    this.pid = process.identity.pid;
    this.rss = process.rss;
    this.pss = process.pss;
    this.uss = process.uss;
    this.swap = process.swap;
    this.denied = process.deep === 'denied' ? 1 : 0;
    this.unread = process.deep === 'unread' ? 1 : 0;
    this.isOld = process.deepAgeNs > model.oldNs;
    this.short = process.short;
    this.long = process.long;
    this.peak = process.peak;
    this.peakNs = process.peakNs;
    this.#facts = model.factsOf(process.key);
  }

  get composition(): Composition | undefined {
    return compositionOf(this.process);
  }

  get user(): string {
    return escapeLatin1(this.#facts?.user ?? '');
  }

  get unit(): string {
    return escapeLatin1(this.#facts?.unit ?? '');
  }

  get command(): string {
    return commandOf(this.process, this.#facts, this.commandLines);
  }
}

function commandOf(
  { identity }: LiveProcess,
  facts: ProcessFacts | undefined,
  commandLines: RowChoice['commandLines'],
): string {
  const name = escapeTerminal(identity.comm);
  if (!commandLines || !facts?.cmdline) return name;
  // What matters is behind the folder, and there is little room.
  return escapeLatin1(commandLines === 'whole' ? facts.cmdline : facts.cmdline.replace(/^\/\S*\//, ''));
}

/** By the name of the program also where command lines are shown. */
function groupName(row: ScreenRow, grouping: Grouping, model: ScreenModel): string {
  if (grouping === 'user') return row.user;
  if (grouping === 'unit') return row.unit;
  return commandOf(row.process!, model.factsOf(row.key), false);
}

function groupRow(group: ProcessGroup, grouping: Grouping): ScreenRow {
  const { key, members, rss, pss, uss, swap, denied, unread, isOld, short, long } = group;
  const name = key === '' ? '(none)' : key;
  return {
    key: `${grouping}=${key}`,
    members,
    ...{ rss, pss, uss, swap, denied, unread, isOld, short, long },
    // Members peak at different times: the sum of their peaks was never there.
    peak: Number.NaN,
    peakNs: 0n,
    composition: compositionOf(group),
    user: grouping === 'user' ? name : '',
    unit: grouping === 'unit' ? name : '',
    command: name,
  };
}

/** Of a text with a character for each byte. */
function escapeLatin1(text: string): string {
  return escapeTerminal(Buffer.from(text, 'latin1'));
}
