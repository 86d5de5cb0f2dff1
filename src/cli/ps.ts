/**
 * `tidemark ps`: the processes of this host as procps prints them, with the memory that procps does not show.
 *
 * The trap: this is typed a hundred times a day, so nothing is loaded that the answer does not need; JSON and totals lie
 * in files of their own.
 */
import { readFileSync } from 'node:fs';
import { chooseEngine } from '../engine/choose.js';
import { DescriptorError } from '../engine/descriptors.js';
import type { EngineName } from '../engine/engine.js';
import { AccountNames } from '../procfs/accounts.js';
import { HostFacts } from '../procfs/host-facts.js';
import { StatSpan } from '../procfs/stat-span.js';
import { TtyNames } from '../procfs/tty-names.js';
import { escapeTerminal } from '../text/escape.js';
import { isUtf8Locale } from '../text/procps-escape.js';
import { PS_COLUMNS } from '../views/ps-columns.js';
import { PsList, type PsQuery } from '../views/ps-list.js';
import type { PsHost, PsRow } from '../views/ps-row.js';
import type { PsAsker } from '../views/ps-select.js';
import { PsTable } from '../views/ps-table.js';
import type { PsGrouping } from '../views/ps-totals.js';
import { CommandError, exitCodeOf, reasonOf, UsageError } from './command-error.js';
import { type DirectCommand, type DirectWords, parseDirectWords } from './direct-command.js';
import {
  DIRECT_OPTIONS,
  directUnitsOf,
  engineOf,
  hasSwitch,
  inputOf,
  procfsOf,
  singleValue,
} from './direct-options.js';
import { ExitCode } from './exit-codes.js';
import type { PsWords } from './ps-asked.js';
import { queryOf } from './ps-query.js';
import { parsePsWords } from './ps-words.js';
import { AT_OPTION, atOf } from './recorded-words.js';
import { isTerminal, writeStdout } from './standard-streams.js';

const OWN_OPTIONS = {
  json: DIRECT_OPTIONS.json,
  by: { value: 'what', help: 'totals that count shared memory once, by: comm, user, cgroup, exe' },
  in: { value: 'file', help: 'a recording to read instead of this host, - for stdin' },
  at: AT_OPTION,
  procfs: DIRECT_OPTIONS.procfs,
  engine: DIRECT_OPTIONS.engine,
  'page-size': DIRECT_OPTIONS['page-size'],
  'clock-ticks': DIRECT_OPTIONS['clock-ticks'],
} as const;

export const command: DirectCommand = {
  usage: '[options] [procps options such as aux, -ef, -p <pids>, -o <columns>, --sort <columns>]',
  options: OWN_OPTIONS,
  notes: [
    'Options of procps: A a C c d e F f G g H h j k l M N n O o P p q r S s T t U u v w x y Z, --cols --columns --context',
    '--cumulative --deselect --forest --format --group --Group --headers --lines --no-headers --pid --ppid --quick-pid',
    '--rows --sid --sort --tty --user --User --width.',
    '',
    'Columns, each also as NAME:WIDTH=HEADING:',
    ...wrapped([...PS_COLUMNS.keys()]),
  ],
  run,
};

async function run(words: readonly string[]): Promise<void> {
  const [own, rest] = splitWords(words);
  const options = parseDirectWords(command, own);
  const root = procfsOf(options);
  const engine = chooseEngine(engineOf(options)).name;
  const accounts = new AccountNames(root);
  const asker = { uid: process.geteuid?.() ?? 0, tty: ownTty() };
  const asked = parsePsWords(rest, { accounts, tty: asker.tty });
  const file = inputOf(options);
  if (file === undefined && atOf(options) !== undefined) throw new UsageError('--at: needs --in and a recording');
  if (file !== undefined) {
    const { printRecorded } = await import('./ps-recorded.js');
    return printRecorded(options, file, asked, pageOf(asked));
  }
  // Totals are of all processes, unless some were asked for.
  if (options.options.has('by') && asked.simple.size === 0 && asked.lists.length === 0) asked.all = true;
  const { query, fields } = queryOf(asked, process.env);
  const facts = new HostFacts(root);
  const host: PsHost = {
    root,
    units: directUnitsOf(options),
    facts,
    accounts,
    ttys: new TtyNames(root),
    locale: { utf8: isUtf8Locale(process.env), terminal: isTerminal() },
    // The clock of a captured tree stopped when it was captured.
    now: root === '/proc' ? Math.floor(Date.now() / 1000) : Math.floor(facts.bootTime + facts.uptime),
  };
  const isJson = hasSwitch(options, 'json');
  const by = options.options.has('by') ? await groupingOf(options) : undefined;
  if (by !== undefined) return printTotals(by, isJson, engine, host, query, asker, pageOf(asked).columns);
  const list = new PsList(engine, host, query, asker);
  if (isJson) {
    const { psObject } = await import('../views/ps-json.js');
    const { writeJson } = await import('./output.js');
    const processes: object[] = [];
    await failUnlessAny(
      readList(list, (row) => processes.push(psObject(row, query.columns, query.modes))),
      root,
    );
    return writeJson({ schema: 1, processes });
  }
  const table = new PsTable(fields, query.modes, pageOf(asked), facts.pidDigits);
  const shown = readList(list, (row) => table.add(row));
  await failUnlessAny(shown, root);
  if (shown === 0) table.addHeading();
  await writeStdout(table.bytes);
}

/** A list without a process is a failure, as it is for procps; why there is none is said where none can be read. */
async function failUnlessAny(shown: number, root: string): Promise<void> {
  if (shown > 0) return;
  process.exitCode = ExitCode.failed;
  const { whyUnread } = await import('../engine/why-unread.js');
  const why = whyUnread(root);
  if (why === undefined) return;
  const { warn } = await import('./output.js');
  warn('ps', escapeTerminal(why));
}

function readList(list: PsList, show: (row: PsRow) => void): number {
  try {
    return list.each(show);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof DescriptorError) throw error;
    const tree = escapeTerminal(path ?? 'the tree');
    throw new CommandError(`cannot read "${tree}": ${escapeTerminal(reasonOf(error))}`, exitCodeOf(error));
  }
}

async function groupingOf(options: DirectWords): Promise<PsGrouping> {
  const { PS_GROUPINGS } = await import('../views/ps-totals.js');
  const { oneOf } = await import('./option-values.js');
  return singleValue(options, 'by', oneOf('a grouping', PS_GROUPINGS))!;
}

async function printTotals(
  by: PsGrouping,
  isJson: boolean,
  engine: EngineName,
  host: PsHost,
  query: PsQuery,
  asker: PsAsker,
  width: number,
): Promise<void> {
  const { PsTotals, columnsOfTotals } = await import('../views/ps-totals.js');
  const { warn, writeJson, writeLines } = await import('./output.js');
  const totals = new PsTotals(by, host.root, query.modes);
  const whole = { ...query, columns: columnsOfTotals(by), order: [], forest: undefined };
  await failUnlessAny(
    readList(new PsList(engine, host, whole, asker), (row) => totals.add(row)),
    host.root,
  );
  totals.finish();
  if (isJson) await writeJson(totals.toJson());
  else await writeLines(totals.lines(width));
  for (const remark of totals.remarks()) warn('ps', escapeTerminal(remark));
}

/** Our own options, with their values, and the words that are in procps' grammar. */
function splitWords(words: readonly string[]): [own: string[], rest: string[]] {
  const [own, rest]: [string[], string[]] = [[], []];
  for (let at = 0; at < words.length; at++) {
    const [name] = words[at].replace(/^--/, '').split('=', 1);
    if (!words[at].startsWith('--') || !Object.hasOwn(OWN_OPTIONS, name)) {
      rest.push(words[at]);
      continue;
    }
    own.push(words[at]);
    const takesValue = 'value' in OWN_OPTIONS[name as keyof typeof OWN_OPTIONS] && !words[at].includes('=');
    if (takesValue && at + 1 < words.length) own.push(words[++at]);
  }
  return [own, rest];
}

function pageOf({ columns, lines, wide, headings }: PsWords): { columns: number; headingEvery: number } {
  const isShown = isTerminal();
  const screen = isShown ? process.stdout : isTerminal('stderr') ? process.stderr : undefined;
  let width = isShown ? screen?.columns || 80 : Number.POSITIVE_INFINITY;
  width = columns ?? sizeIn(process.env.COLUMNS) ?? width;
  if (wide > 0) width = wide > 1 ? Number.POSITIVE_INFINITY : Math.max(width, 132);
  const height = lines ?? sizeIn(process.env.LINES) ?? (screen?.rows || 24);
  return { columns: width, headingEvery: headings === 'none' ? -1 : headings === 'many' ? Math.max(1, height - 1) : 0 };
}

function sizeIn(text: string | undefined): number | undefined {
  const size = text && /^\d+$/.test(text) ? Number(text) : 0;
  return size > 0 && size < 128 * 1024 ? size : undefined;
}

/** The device number of the terminal that we are on, 0 for none. */
function ownTty(): number {
  const stat = new StatSpan();
  try {
    const text = readFileSync('/proc/self/stat');
    return stat.read(text, 0, text.length) ? stat.number('tty_nr') : 0;
  } catch {
    return 0;
  }
}

function wrapped(names: readonly string[]): string[] {
  const lines = [''];
  for (const name of names) {
    if (lines[lines.length - 1].length + name.length > 110) lines.push('');
    lines[lines.length - 1] += ` ${name}`;
  }
  return lines;
}
