/** `tidemark host`: where the memory of the host is, as a sum of parts, now, over a stretch of time, or as it was recorded. */
import { setTimeout as pause } from 'node:timers/promises';
import { balanceOf, type HostValues } from '../analyze/balance.js';
import type { BalanceCourse } from '../analyze/recorded-balance.js';
import { readMappedShmem } from '../check/mapped-shmem.js';
import { readSteadyHost } from '../check/steady-host.js';
import { HOST_COLUMNS } from '../schema.js';
import { escapeTerminal } from '../text/escape.js';
import { formatTime } from '../text/time.js';
import { type HostReport, hostJson, hostLines, orNull } from '../views/host-table.js';
import { CommandError, exitCodeOf, reasonOf, UsageError } from './command-error.js';
import { type DirectCommand, type DirectWords, parseDirectWords } from './direct-command.js';
import { DIRECT_OPTIONS, hasSwitch, inputOf, procfsOf, singleValue } from './direct-options.js';
import { parsePositiveDuration } from './option-values.js';
import { writeJson, writeLines } from './output.js';
import { isTerminal } from './standard-streams.js';

export const command: DirectCommand = {
  usage: '[options]',
  options: {
    for: { value: 'time', help: 'look again after that time, and tell what changed' },
    in: { value: 'file', help: 'a recording to read instead of this host, - for stdin' },
    at: { value: 'time', help: 'with --in: then, 03:02, -15m, RFC 3339 or a mark (default: at its end)' },
    since: { value: 'time', help: 'with --in: what changed since then, and its course' },
    hostname: { value: 'name', help: 'with --in, of a merged recording: of which host' },
    procfs: DIRECT_OPTIONS.procfs,
    json: DIRECT_OPTIONS.json,
  },
  notes: [
    '~ stands before what no counter of the kernel tells alone: an estimate, whose bounds JSON has.',
    'docs/host.md says what each part is, and what belongs to the unaccounted rest.',
  ],
  run: printHost,
};

async function printHost(given: readonly string[]): Promise<void> {
  const words = parseDirectWords(command, given);
  if (words.positionals.length > 0) {
    throw new UsageError(`expected no argument, got "${escapeTerminal(words.positionals[0]!)}"`);
  }
  const file = inputOf(words);
  const { report, timeNs, source, course } =
    file === undefined ? await liveReport(words) : await recordedReport(words, file);
  if (hasSwitch(words, 'json')) {
    await writeJson({
      schema: 1,
      timeNs: `${timeNs}`,
      ...(source === undefined ? {} : { input: source }),
      ...hostJson(report),
      ...(course ? { course: courseJson(course) } : {}),
    });
    return;
  }
  const width = isTerminal() ? { width: process.stdout.columns } : {};
  const where = source === undefined ? '' : `${source}, `;
  await writeLines([`${where}${formatTime(timeNs)}`, '', ...hostLines(report, width)]);
}

interface Shown {
  readonly report: HostReport;
  /** Unix nanoseconds. */
  readonly timeNs: bigint;
  /** The recording, shown. */
  readonly source?: string;
  readonly course?: BalanceCourse;
}

async function recordedReport(words: DirectWords, file: string): Promise<Shown> {
  for (const option of ['for', 'procfs']) {
    if (words.options.has(option))
      throw new UsageError(`--${option} is of this host, --in of a recording: give one of them`);
  }
  const text = (name: string) => singleValue(words, name, (given) => given);
  const { recordedHost } = await import('./recorded-host.js');
  const found = recordedHost(file, { at: text('at'), since: text('since'), hostname: text('hostname') });
  return { ...found, source: file === '-' ? 'stdin' : escapeTerminal(file) };
}

/** At most so many points: the last of each stretch. */
const MOST_POINTS = 600;

/** Bytes by part and time; null where nothing was measured. */
function courseJson({ timeNs, parts }: BalanceCourse): object {
  const step = Math.max(1, timeNs.length / MOST_POINTS);
  const kept = Array.from({ length: Math.ceil(timeNs.length / step) }, (_, index) =>
    Math.min(timeNs.length - 1, Math.ceil((index + 1) * step) - 1),
  );
  const columns = [...parts].map(([name, bytes]) => [name, kept.map((at) => orNull(bytes[at]!))]);
  return { timesNs: kept.map((at) => String(timeNs[at])), ...Object.fromEntries(columns) };
}

async function liveReport(words: DirectWords): Promise<Shown> {
  for (const option of ['at', 'since', 'hostname']) {
    if (words.options.has(option)) throw new UsageError(`--${option} needs --in, a recording to look into`);
  }
  const root = procfsOf(words);
  const lengthNs = singleValue(words, 'for', parsePositiveDuration);
  const startNs = process.hrtime.bigint();
  const first = readReport(root);
  if (lengthNs === undefined) return { report: first, timeNs: nowNs() };
  await pause(Number(lengthNs / 1_000_000n));
  const second = readReport(root);
  const seconds = Number(process.hrtime.bigint() - startNs) / 1e9;
  return { report: { ...second, before: { balance: first.balance, values: first.values, seconds } }, timeNs: nowNs() };
}

function readReport(root: string): { balance: NonNullable<ReturnType<typeof balanceOf>>; values: HostValues } {
  const read = readValues(root);
  const values: HostValues = (name) => read[HOST_COLUMNS.indexOf(name)]!;
  const balance = balanceOf(values, readMappedShmem(root));
  if (!balance) {
    throw new CommandError(
      `${escapeTerminal(root)}/meminfo does not tell MemTotal and MemFree: there is no balance without`,
    );
  }
  return { balance, values };
}

function readValues(root: string): Float64Array {
  try {
    return readSteadyHost(root);
  } catch (error) {
    throw new CommandError(`${escapeTerminal(root)}/meminfo: ${reasonOf(error)}`, exitCodeOf(error));
  }
}

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
