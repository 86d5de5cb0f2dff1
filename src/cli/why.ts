/**
 * `tidemark why PID|NAME`: one screen that explains the memory of a process, live or from a recording.
 *
 * The traps: a name can be that of several processes, and to explain one of them at random would be worse than to ask; and a
 * process that was killed is explained as it last was, which is before the end of the recording.
 */
import type { Command } from 'commander';
import type { Why } from '../analyze/why.js';
import { whyRecorded } from '../analyze/why-recorded.js';
import { findProcesses } from '../check/find-processes.js';
import { identityKey } from '../engine/identity.js';
import type { RecordedProcess } from '../recording/process-index.js';
import type { Recording } from '../recording/recording.js';
import { fitWidth } from '../text/display-width.js';
import { formatDuration } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { formatTime } from '../text/time.js';
import { whyJson } from '../views/why-json.js';
import { whyLines, whyMarkdown } from '../views/why-page.js';
import { CommandError, UsageError } from './command-error.js';
import { endAtOnce } from './end-at-once.js';
import { ExitCode } from './exit-codes.js';
import { parseAllowHold, parseMaxHold } from './hold-options.js';
import { parsePid, parsePositiveDuration } from './option-values.js';
import { type JsonOption, jsonOption, type ProcfsOption, procfsOption, valueOption } from './options.js';
import { warn, writeJson, writeLines } from './output.js';
import { readValue } from './read-value.js';
import { openInput } from './recording-input.js';
import { TIME_WORDS, timeAt } from './recording-times.js';
import { isTerminal } from './standard-streams.js';
import { whyLive } from './why-live.js';

interface Options extends ProcfsOption, JsonOption {
  in?: string;
  at?: string;
  since?: string;
  for?: bigint;
  maxHold: bigint;
  allowHold: bigint;
  markdown?: true;
}

const DEFAULT_FOR = 5_000_000_000n;
const WIDEST = 120;
/** Of several processes of one name. */
const MOST_LISTED = 10;
const LONGEST_COMMAND = 60;

export function configure(command: Command): void {
  command
    .argument('<process>', 'its pid, or its name')
    .option('--in <file>', 'from a recording, or - for one on standard input')
    .option('--at <time>', `of a recording: as it was then: ${TIME_WORDS} (default: the end, or that of the process)`)
    .option('--since <time>', 'of a recording: what grew from then on (default: without the first fifth of its life)')
    .addOption(valueOption('--for <time>', 'live: for how long it is watched (default: 5s)', parsePositiveDuration))
    .addOption(
      valueOption(
        '--max-hold <time>',
        'live: read its mappings more than twice if that holds it for no longer',
        parseMaxHold,
      ).default(500_000n, '0.5ms'),
    )
    .addOption(
      valueOption(
        '--allow-hold <time>',
        'live: read them at all if that holds it for no longer',
        parseAllowHold,
      ).default(100_000_000n, '100ms'),
    )
    .option('--markdown', 'print Markdown')
    .addOption(procfsOption())
    .addOption(jsonOption())
    .action(why);
}

async function why(word: string, options: Options): Promise<void> {
  if (options.json && options.markdown) {
    throw new UsageError('--json and --markdown exclude each other: give one of them');
  }
  const pid = /^\d+$/.test(word) ? readValue('PID', word, parsePid) : undefined;
  if (options.in !== undefined) {
    if (options.for !== undefined) throw new UsageError('--for is for a live process: with --in give --at and --since');
    using recording = openInput(options.in);
    await print(recorded(recording, word, pid, options), options);
    return;
  }
  for (const name of ['at', 'since'] as const) {
    if (options[name] !== undefined) throw new UsageError(`--${name} is of a recording: give it with --in`);
  }
  const chosen = pid ?? livePid(options.procfs, word);
  const forNs = options.for ?? DEFAULT_FOR;
  if (isTerminal('stderr')) warn('why', `watching process ${chosen} for ${formatDuration(forNs)}`);
  await print(await whyLive(chosen, { ...options, for: forNs }), options);
  // A read that was given up leaves a thread behind, for which Node would wait.
  await endAtOnce();
}

async function print(answer: Why, { json, markdown }: Options): Promise<void> {
  if (json) return await writeJson(whyJson(answer));
  if (markdown) return await writeLines(whyMarkdown(answer));
  await writeLines(whyLines(answer, isTerminal() ? Math.min(process.stdout.columns, WIDEST) : 80));
}

function livePid(root: string, name: string): number {
  const found = findProcesses(root, name);
  if (found.length === 1) return found[0]!.pid;
  const shown = escapeTerminal(name);
  if (found.length === 0) throw new CommandError(`no process is called "${shown}"`, ExitCode.notFound);
  throw several(
    name,
    found.map(({ pid, comm, commandLine }) => `${pid} (${shortCommand(commandLine || comm)})`),
  );
}

function recorded(recording: Recording, word: string, pid: number | undefined, { at, since }: Options): Why {
  const process = recordedProcess(recording, word, pid, at);
  const endNs = at === undefined ? process.lastNs : timeAt(recording, 'why', at);
  const sinceNs = since === undefined ? undefined : timeAt(recording, 'why', since, '--since');
  if (sinceNs !== undefined && sinceNs >= endNs) {
    const end = at === undefined ? `the last that is known of the process, ${formatTime(endNs)}` : '--at';
    throw new UsageError(`--since: it is not before ${end}`);
  }
  return whyRecorded(recording, process, { atNs: endNs, ...(sinceNs === undefined ? {} : { sinceNs }) });
}

/** The one process that is meant: with `--at` of those that were there then, else of all. */
function recordedProcess(
  recording: Recording,
  word: string,
  pid: number | undefined,
  at: string | undefined,
): RecordedProcess {
  const isMeant = (one: RecordedProcess) => (pid === undefined ? isCalled(one, word) : one.pid === pid);
  const all = recording.processes().filter((one) => !one.kernelThread && isMeant(one));
  const who = pid === undefined ? `process called "${escapeTerminal(word)}"` : `process ${pid}`;
  if (all.length === 0) throw new CommandError(`no ${who} is in the recording`, ExitCode.notFound);
  const times = ({ firstNs, lastNs }: RecordedProcess) => `from ${formatTime(firstNs)} to ${formatTime(lastNs)}`;
  const found = at === undefined ? all : all.filter(wasThere(recording, timeAt(recording, 'why', at)));
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    const when = all.slice(0, MOST_LISTED).map(times).join(', ');
    throw new CommandError(
      `no ${who} was there at --at ${escapeTerminal(at!)}; there was one ${when}`,
      ExitCode.notFound,
    );
  }
  const listed = found.map((one) => {
    const command = one.program?.args?.join(' ') ?? one.comm;
    return `${one.pid} (${shortCommand(command)}, ${times(one)})`;
  });
  if (pid === undefined) throw several(word, listed);
  throw new UsageError(`${found.length} processes had the pid ${pid}: ${shortList(listed)}; --at tells which`);
}

/** A frame stands until the next one would have come. */
function wasThere(recording: Recording, atNs: bigint): (process: RecordedProcess) => boolean {
  // Where the clock of the host was set back, a process may have ended at an earlier time than it began.
  if (recording.clock().stretches.length > 1) {
    const there = new Set(recording.at(atNs)?.processes.map(identityKey));
    return (process) => there.has(identityKey(process));
  }
  const tickNs = BigInt(Math.round(1e9 / recording.metadata.hz));
  return ({ firstNs, lastNs }) => firstNs <= atNs && atNs <= lastNs + tickNs;
}

function isCalled({ comm, program }: RecordedProcess, name: string): boolean {
  const called = program?.args?.[0];
  return comm === name || called === name || called?.slice(called.lastIndexOf('/') + 1) === name;
}

function several(name: string, listed: readonly string[]): UsageError {
  return new UsageError(
    `${listed.length} processes are called "${escapeTerminal(name)}": ${shortList(listed)}; give the pid of one`,
  );
}

function shortList(listed: readonly string[]): string {
  const rest = listed.length - MOST_LISTED;
  return `${listed.slice(0, MOST_LISTED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function shortCommand(command: string | Uint8Array): string {
  return fitWidth(escapeTerminal(command), LONGEST_COMMAND, '\u2026');
}
