/** `tidemark host`: where the memory of the host is, as a sum of parts, now and over a stretch of time. */
import { setTimeout as pause } from 'node:timers/promises';
import { balanceOf, type HostValues } from '../analyze/balance.js';
import { readMappedShmem } from '../check/mapped-shmem.js';
import { readSteadyHost } from '../check/steady-host.js';
import { HOST_COLUMNS } from '../schema.js';
import { escapeTerminal } from '../text/escape.js';
import { formatTime } from '../text/time.js';
import { type HostReport, hostJson, hostLines } from '../views/host-table.js';
import { CommandError, exitCodeOf, reasonOf, UsageError } from './command-error.js';
import { type DirectCommand, type DirectWords, parseDirectWords } from './direct-command.js';
import { DIRECT_OPTIONS, hasSwitch, procfsOf, singleValue } from './direct-options.js';
import { parsePositiveDuration } from './option-values.js';
import { writeJson, writeLines } from './output.js';
import { isTerminal } from './standard-streams.js';

export const command: DirectCommand = {
  usage: '[options]',
  options: {
    for: { value: 'time', help: 'look again after that time, and tell what changed' },
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
  const { report, timeNs, source } = await liveReport(words);
  if (hasSwitch(words, 'json')) {
    await writeJson({
      schema: 1,
      timeNs: `${timeNs}`,
      ...(source === undefined ? {} : { input: source }),
      ...hostJson(report),
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
}

async function liveReport(words: DirectWords): Promise<Shown> {
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
