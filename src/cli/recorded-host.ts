/** The balance of a host at an instant of a recording, and what changed since another. */
import { type BalanceCourse, balanceAt, balanceCourse, type RecordedBalance } from '../analyze/recorded-balance.js';
import type { Recording } from '../recording/recording.js';
import { escapeTerminal } from '../text/escape.js';
import { formatTime } from '../text/time.js';
import type { HostReport } from '../views/host-table.js';
import { CommandError, UsageError } from './command-error.js';
import { openInput } from './recording-input.js';
import { timeAt } from './recording-times.js';

export interface RecordedHostWords {
  readonly at?: string | undefined;
  readonly since?: string | undefined;
  /** Of a merged recording: the name of the host. */
  readonly hostname?: string | undefined;
}

export interface RecordedHost {
  readonly report: HostReport;
  /** Unix nanoseconds of the reading. */
  readonly timeNs: bigint;
  readonly course?: BalanceCourse;
}

/** Throws `UsageError` for a time or host that the recording has not, `CommandError` where it has none of the host. */
export function recordedHost(file: string, words: RecordedHostWords): RecordedHost {
  using recording = openInput(file);
  const source = sourceOf(recording, words.hostname);
  const atNs = timeAt(recording, 'host', words.at);
  const now = readAt(recording, atNs, source);
  if (words.since === undefined) return { report: now, timeNs: now.timeNs };
  const sinceNs = timeAt(recording, 'host', words.since, '--since');
  if (recording.monotonicOf(sinceNs) >= recording.monotonicOf(atNs))
    throw new UsageError(`--since: ${formatTime(sinceNs)} is not before ${formatTime(atNs)}`);
  const before = readAt(recording, sinceNs, source);
  const course = balanceCourse(recording, { from: before.timeNs, to: atNs }, now.mapped, source);
  const seconds = Number(recording.monotonicOf(now.timeNs) - recording.monotonicOf(before.timeNs)) / 1e9;
  return { report: { ...now, before: { ...before, seconds }, courses: course.parts }, timeNs: now.timeNs, course };
}

function readAt(recording: Recording, timeNs: bigint, source: number): RecordedBalance {
  const found = balanceAt(recording, timeNs, source);
  if (found) return found;
  const first = recording.hostSeries('hostMemFree', { source }).timeNs[0];
  if (first !== undefined) {
    throw new CommandError(
      `the host was not read before ${formatTime(timeNs)}; the first reading is of ${formatTime(first)}`,
    );
  }
  throw new CommandError(
    'this recording has nothing of its host: it was made with --host off, or by an earlier version',
  );
}

function sourceOf({ metadata }: Recording, hostname: string | undefined): number {
  const hosts = (metadata.sources ?? [metadata.host]).map((host) => host.hostname);
  if (hostname === undefined) {
    if (hosts.length === 1) return 0;
    throw new UsageError(`this recording is of several hosts, name one with --hostname: ${shown(hosts)}`);
  }
  const found = hosts.indexOf(hostname);
  if (found >= 0) return found;
  throw new UsageError(`--hostname: there is no "${escapeTerminal(hostname)}" in this recording, but ${shown(hosts)}`);
}

function shown(hosts: readonly string[]): string {
  return [...new Set(hosts)].map((host) => escapeTerminal(host)).join(', ');
}
