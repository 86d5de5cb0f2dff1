/**
 * The options by which somebody says which processes a recording is about.
 *
 * The trap: each of them alone is a choice; two of them are no intersection but a mistake.
 */
import { Option } from 'commander';
import { AccountNames } from '../procfs/accounts.js';
import type { MatchSubject, Target } from '../sampler/target.js';
import { escapeTerminal } from '../text/escape.js';
import { InputError } from '../text/input-error.js';
import { UsageError } from './command-error.js';
import { parsePid, parsePids } from './option-values.js';
import { valueOption } from './options.js';

/** The kernel numbers namespaces from here on, and its own first one, 4026531836, is among the first. */
const FIRST_NAMESPACE = 0xeffffff0;

export interface TargetOptions {
  pid?: number[];
  tree?: number;
  match?: { match: RegExp; on: MatchSubject };
  cgroup?: string;
  user?: string;
  pidNamespace?: number;
}

export function targetOptions(): Option[] {
  return [
    valueOption('-p, --pid <pids>', 'only these processes, with commas between them', parsePids),
    valueOption('--tree <pid>', 'only this process and its descendants', parsePid),
    valueOption('--match <what:pattern>', 'only processes whose comm, exe or cmdline matches', parseMatch),
    new Option('--cgroup <path>', 'only processes of this cgroup and those below it'),
    new Option('--user <name>', 'only processes with this effective user, by name or number'),
    valueOption('--pid-namespace <number>', 'only processes of this pid namespace, as lsns tells it', parseNamespace),
  ];
}

/** What was chosen; everybody when nothing was. `procfs` is the tree whose users have names. */
export function targetOf(options: TargetOptions & { readonly procfs: string }): Target {
  const { pid, tree, match, cgroup, user, pidNamespace } = options;
  const given = [pid, tree, match, cgroup, user, pidNamespace].filter((choice) => choice !== undefined);
  if (given.length > 1) {
    throw new UsageError(
      '--pid, --tree, --match, --cgroup, --user and --pid-namespace exclude each other: give one of them',
    );
  }
  if (pid) return { pids: pid };
  if (tree !== undefined) return { tree };
  if (cgroup !== undefined) return { cgroup };
  if (user !== undefined) return { uid: uidOf(user, options.procfs) };
  if (pidNamespace !== undefined) return { pidNamespace };
  return match ?? 'host';
}

/** The same in words. */
export function describeChoice({ pid, tree, match, cgroup, user, pidNamespace }: TargetOptions): string {
  if (pid) return pid.length === 1 ? `process ${pid[0]}` : `${pid.length} processes`;
  if (tree !== undefined) return `process ${tree} and its descendants`;
  if (cgroup !== undefined) return `cgroup ${escapeTerminal(cgroup)}`;
  if (user !== undefined) return `processes of user ${escapeTerminal(user)}`;
  if (pidNamespace !== undefined) return `pid namespace ${pidNamespace}`;
  return match ? `processes whose ${match.on} matches ${escapeTerminal(String(match.match))}` : 'every process';
}

function uidOf(text: string, root: string): number {
  const uid = /^\d{1,10}$/.test(text)
    ? Number(text)
    : new AccountNames(root).uidOf(Buffer.from(text).toString('latin1'));
  if (uid !== undefined && uid < 2 ** 32 - 1) return uid;
  throw new UsageError(`--user: "${escapeTerminal(text)}" is not a user; allowed: a name of this host, or a number`);
}

/** `comm:PATTERN`, `exe:PATTERN` or `cmdline:PATTERN`. */
function parseMatch(text: string): { match: RegExp; on: MatchSubject } {
  const allowed = 'comm:PATTERN, exe:PATTERN or cmdline:PATTERN with a regular expression, such as comm:^node$';
  const found = /^(comm|exe|cmdline):(.+)$/s.exec(text);
  if (!found) throw new InputError(text, 'a match', allowed);
  try {
    return { on: found[1] as MatchSubject, match: new RegExp(found[2]!) };
  } catch {
    throw new InputError(text, 'a match', allowed);
  }
}

/** `4026531836`, or `pid:[4026531836]` as the link has it. */
function parseNamespace(text: string): number {
  const number = Number(/^(?:pid:\[)?(\d{1,10})\]?$/.exec(text)?.[1] ?? Number.NaN);
  if (number >= FIRST_NAMESPACE && number < 2 ** 32) return number;
  const allowed = 'its number, such as 4026531836: see lsns -t pid, or readlink /proc/PID/ns/pid';
  throw new InputError(text, 'a pid namespace', allowed);
}
