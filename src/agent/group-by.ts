/**
 * How the agent puts processes together: series are of groups and not of pids, since a fleet's store pays for every name that
 * it has ever seen, and a pid is a new one each time.
 *
 * The traps: whoever names a process or a control group chooses those bytes, so a name is kept raw (a character for each
 * byte) and escaped once, for its sink; and it may be as long as a path, which is cut, with a sum of what it was, so that two
 * groups stay two.
 */
import { crc32 } from 'node:zlib';
import { parseCgroups, unitOf } from '../procfs/cgroup.js';
import { InputError } from '../text/input-error.js';

const WORDS = ['container', 'unit', 'comm', 'exe', 'cgroup'] as const;
type Word = (typeof WORDS)[number];
const SUBJECTS = ['comm', 'exe', 'cgroup'] as const;
type Subject = (typeof SUBJECTS)[number];

/** What is known of a process; each character is one byte, and what could not be read is ''. */
export interface ProcessNames {
  readonly comm: string;
  readonly exe: string;
  /** The text of `/proc/PID/cgroup`. */
  readonly cgroups: string;
}

export interface GroupBy {
  /** As it was asked for. */
  readonly text: string;
  /** What has to be read of a process to name its group. */
  readonly needs: { readonly exe: boolean; readonly cgroups: boolean };
  /** The name of its group, raw and never ''. */
  nameOf(process: ProcessNames): string;
}

/** Of processes that a pattern does not match. */
export const UNMATCHED = '(unmatched)';

const ALLOWED =
  'container, unit, comm, exe, cgroup, or comm:PATTERN, exe:PATTERN, cgroup:PATTERN with a regular expression whose ' +
  'captures name the group';

/** `container`, `unit`, `comm`, `exe`, `cgroup`, or one of the last three with a pattern. Throws `InputError`. */
export function parseGroupBy(text: string): GroupBy {
  const word = WORDS.find((candidate) => candidate === text);
  if (word !== undefined) return { text, needs: needsOf(word), nameOf: (process) => shortened(nameBy(word, process)) };
  const found = /^(comm|exe|cgroup):(.+)$/s.exec(text);
  const subject = SUBJECTS.find((candidate) => candidate === found?.[1]);
  if (subject === undefined) throw new InputError(text, 'a way to group', ALLOWED);
  const pattern = patternOf(text, found![2]!);
  return {
    text,
    needs: needsOf(subject),
    nameOf: (process) => shortened(captured(pattern, subjectOf(subject, process)) || UNMATCHED),
  };
}

function needsOf(what: Word): GroupBy['needs'] {
  return { exe: what === 'exe', cgroups: what === 'container' || what === 'unit' || what === 'cgroup' };
}

function nameBy(what: Word, process: ProcessNames): string {
  const { comm, cgroups } = process;
  switch (what) {
    case 'container':
      return unitOf(cgroups) || comm || '?';
    case 'unit':
      return unitOf(withoutContainers(cgroups)) || comm || '?';
    case 'comm':
      return comm || '?';
    case 'exe':
      return subjectOf('exe', process) || `[${comm}]`;
    case 'cgroup':
      return subjectOf('cgroup', process) || '/';
  }
}

function subjectOf(subject: Subject, { comm, exe, cgroups }: ProcessNames): string {
  if (subject === 'comm') return comm;
  // A program that was replaced while it runs is the same program to whoever looks at a fleet.
  if (subject === 'exe') return exe.replace(/ \(deleted\)$/, '');
  const lines = parseCgroups(cgroups);
  const own = lines.find(({ controllers }) => controllers === '') ?? lines[0];
  const path = own?.path === '/' ? lines.find((line) => line.path !== '/')?.path : own?.path;
  return (path ?? own?.path ?? '').replace(/ \(deleted\)$/, '');
}

/** The captures, joined by `/`; the whole match where there are none; '' where nothing matches. */
function captured(pattern: RegExp, text: string): string {
  const match = pattern.exec(text);
  if (!match) return '';
  return match.length === 1 ? match[0] : match.slice(1).filter(Boolean).join('/');
}

/** Without the parts of paths that name a container: what is left is the unit that runs them. */
function withoutContainers(cgroups: string): string {
  return cgroups.replace(/\/[^\n/]*(?:[0-9a-f]{64}|[0-9a-f]{32})[^\n]*/g, '');
}

function patternOf(text: string, pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: \/.*\/\w*: /s, '');
    throw new InputError(text, 'a way to group', `a pattern that JavaScript allows (${reason.toLowerCase()})`);
  }
}

const LONGEST = 200;
const KEPT = 180;

function shortened(name: string): string {
  if (name.length <= LONGEST) return name;
  return `${name.slice(0, KEPT)}~${crc32(Buffer.from(name, 'latin1')).toString(16).padStart(8, '0')}`;
}
