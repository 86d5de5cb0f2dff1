/**
 * `tidemark wss PID`: the working set of a process. Clears the referenced bits of its pages, waits, and reads which of them
 * are set again.
 *
 * The traps: clearing them takes from the kernel what it knows of which pages are in use, so that is said first; both the
 * clearing and the read lock the target's memory map for a walk of all its pages; and in the meantime the process may end,
 * its pid may be given to another, and it may run another program. So all is read through one open folder of procfs,
 * which stays that of the one process.
 */
import { closeSync, constants, openSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { workingSetOf } from '../analyze/working-set.js';
import { clearReferences, openClearReferences } from '../engine/clear-references.js';
import { readGuardedFile } from '../engine/guarded-file.js';
import { readBounded } from '../procfs/bounded-file.js';
import { readHostUnits } from '../procfs/host-units.js';
import { MappingTable, tokenizeGrowing } from '../procfs/mapping-table.js';
import { textAndHex } from '../procfs/object-values.js';
import { pad } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { StatField, StatValues, tokenizeStat } from '../procfs/stat.js';
import { foreseenHoldNs } from '../sampler/deep-schedule.js';
import { formatDuration, formatDurationShort } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { formatSize } from '../text/size.js';
import { shareText, workingSetJson, workingSetLines } from '../views/working-set-table.js';
import { CommandError } from './command-error.js';
import { endAtOnce } from './end-at-once.js';
import { ExitCode } from './exit-codes.js';
import { parseAllowHold, parseMaxHold } from './hold-options.js';
import { parsePid, parsePositiveDuration } from './option-values.js';
import { type JsonOption, jsonOption, type ProcfsOption, procfsOption, valueOption } from './options.js';
import { warn, writeJson, writeLines } from './output.js';
import { processFileError, whyNoMemory } from './process-bytes.js';
import { readValue } from './read-value.js';

interface Options extends ProcfsOption, JsonOption {
  for: bigint;
  maxHold: bigint;
  allowHold?: bigint;
}

/** One process, by what tells it from others and its program from another that it runs later. */
interface Seen {
  readonly startTicks: bigint;
  readonly comm: Uint8Array;
  /** Where its code and its stack begin: exec changes them. */
  readonly program: string;
  readonly rss: number;
  readonly isZombie: boolean;
}

const ZOMBIE = 90;
/** How often to look whether it is still there. */
const LOOK_MS = 250;
/** A write of the kernel's that takes as many times what it was foreseen to take waits for a lock. */
const PATIENCE = 20;
const LEAST_DEADLINE_MS = 1000;

export function configure(command: Command): void {
  command
    .argument('<pid>', 'the process')
    .addOption(
      valueOption('--for <time>', 'for how long its use is watched', parsePositiveDuration).default(
        10_000_000_000n,
        '10s',
      ),
    )
    .addOption(
      valueOption('--max-hold <time>', 'lock its memory map for no longer in one go', parseMaxHold).default(
        500_000n,
        '0.5ms',
      ),
    )
    .addOption(valueOption('--allow-hold <time>', 'lock it for that long, twice', parseAllowHold))
    .addOption(procfsOption())
    .addOption(jsonOption())
    .action(run);
}

async function run(word: string, options: Options): Promise<void> {
  const pid = readValue('PID', word, parsePid);
  const folder = openFolder(options.procfs, pid);
  try {
    await measure(pid, `/proc/self/fd/${folder}`, options);
  } finally {
    closeSync(folder);
  }
  // A read that was given up leaves a thread behind, for which Node would wait.
  await endAtOnce();
}

async function measure(pid: number, folder: string, options: Options): Promise<void> {
  const before = attempt(pid, 'stat', options, () => seen(folder));
  if (before.isZombie || before.rss === 0) return nothing(pid, before, options);
  const allowed = refuseLongHold(pid, before, options);
  const clearFd = attempt(pid, 'clear_refs', options, () => openClearReferences(folder));
  // Whoever may clear may not read everywhere, and then nothing is to be cleared.
  attempt(pid, 'smaps', options, () =>
    closeSync(openSync(`${folder}/smaps`, constants.O_RDONLY | constants.O_NONBLOCK)),
  );
  // Taking its memory map for a moment tells whether anybody can.
  attempt(pid, 'cmdline', options, () => readGuardedFile(`${folder}/cmdline`));
  const who = `process ${pid} (${escapeTerminal(before.comm)})`;
  warn(
    'wss',
    `clearing the referenced bits of ${who}, ${formatSize(before.rss)} resident: until they are set again the kernel does ` +
      'not know which of these pages are in use and may take the wrong ones when memory is short; dirty bits stay',
  );
  const deadlineMs = Math.max(LEAST_DEADLINE_MS, (allowed * PATIENCE) / 1e6);
  const clearHoldNs = attempt(pid, 'clear_refs', options, () => clearReferences(clearFd, deadlineMs));
  closeSync(clearFd);
  // Not before: until the bits are cleared Ctrl-C ends the program.
  const interruption = onInterruption();
  const from = process.hrtime.bigint();
  await wait(folder, from + options.for, interruption.signal);
  interruption.end();
  const elapsedNs = process.hrtime.bigint() - from;
  const text = attempt(pid, 'smaps', options, () => readGuardedFile(`${folder}/smaps`), elapsedNs);
  const readHoldNs = Number(process.hrtime.bigint() - from - elapsedNs);
  const after = attempt(pid, 'stat', options, () => seen(folder), elapsedNs);
  if (after.isZombie || text.length === 0) throw ended(pid, elapsedNs, options.for);
  const { bytes, length } = pad(text);
  const table = tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(Math.max(64, length >> 9)));
  const set = workingSetOf(table, bytes, readLink(`${folder}/exe`));
  const isReplaced = after.program !== before.program;
  if (elapsedNs < options.for) {
    warn('wss', `interrupted after ${formatDurationShort(elapsedNs)} of ${formatDuration(options.for)}`);
  }
  if (isReplaced) warn('wss', `${who} has begun another program meanwhile: what is told is what that has used so far`);
  const took = { clearHoldNs, readHoldNs };
  if (options.json) {
    await writeJson({
      schema: 1,
      pid,
      startTicks: Number(before.startTicks),
      ...textAndHex('comm', after.comm),
      status: 'ok',
      askedNs: String(options.for),
      elapsedNs: String(elapsedNs),
      ...(isReplaced ? { replaced: true } : {}),
      ...took,
      ...workingSetJson(set),
    });
    return;
  }
  const held = [clearHoldNs, readHoldNs].map(formatDurationShort);
  await writeLines([
    `${who} used ${formatSize(set.total.referenced)} of ${formatSize(set.total.rss)} resident in ` +
      `${formatDurationShort(elapsedNs)}: ${shareText(set.total)}`,
    '',
    ...workingSetLines(set, process.stdout.isTTY ? process.stdout.columns : undefined),
    '',
    `Its memory map was locked for at most ${held[0]} to clear and ${held[1]} to read. Sizes are in KiB.`,
  ]);
}

/** For how long each of the two holds may be, nanoseconds. */
function refuseLongHold(pid: number, { rss }: Seen, { maxHold, allowHold = 0n }: Options): number {
  const foreseen = foreseenHoldNs(rss, readHostUnits().pageSize);
  const allowed = Math.max(Number(maxHold), Number(allowHold));
  if (foreseen <= allowed) return allowed;
  // Two digits, up, and some room: what is proposed is to be enough.
  const proposed = Math.ceil((foreseen * 1.2) / 1e6);
  throw new CommandError(
    `process ${pid} has ${formatSize(rss)} resident: clearing and reading would each lock its memory map for about ` +
      `${formatDurationShort(foreseen)}, and ${formatDuration(BigInt(allowed))} is allowed; ` +
      `if it may wait for that long, --allow-hold ${proposed}ms`,
  );
}

async function nothing(pid: number, { startTicks, comm }: Seen, options: Options): Promise<void> {
  const about = { pid, startTicks: Number(startTicks), ...textAndHex('comm', comm) };
  if (options.json) await writeJson({ schema: 1, ...about, status: 'no-mm' });
  warn('wss', `process ${pid} ${whyNoMemory(options.procfs, pid)}`);
}

/** Until then, until the signal, or until the process has ended. */
async function wait(folder: string, endNs: bigint, signal: AbortSignal): Promise<void> {
  for (;;) {
    const restMs = Number(endNs - process.hrtime.bigint()) / 1e6;
    if (restMs <= 0 || signal.aborted) return;
    await sleep(Math.min(restMs, LOOK_MS), undefined, { signal }).catch(() => {});
    try {
      if (seen(folder).isZombie) return;
    } catch {
      return;
    }
  }
}

/** The first signal ends the wait, the next one the program. */
function onInterruption(): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const stop = () => {
    controller.abort();
    end();
  };
  const end = () => {
    for (const signal of signals) process.off(signal, stop);
  };
  for (const signal of signals) process.on(signal, stop);
  return { signal: controller.signal, end };
}

function seen(folder: string): Seen {
  const { bytes, length } = pad(readBounded(`${folder}/stat`));
  const stat = new StatValues();
  if (!tokenizeStat(bytes, length, stat)) throw Object.assign(new Error('stat is cut'), { code: 'ESRCH' });
  const [code, stack] = [stat.fields[StatField.startcode], stat.fields[StatField.startstack]];
  return {
    startTicks: stat.fields[StatField.starttime]!,
    comm: bytes.slice(stat.commStart, stat.commStart + stat.commLength),
    program: `${code} ${stack}`,
    rss: Number(stat.fields[StatField.rss]!) * readHostUnits().pageSize,
    isZombie: stat.state === ZOMBIE,
  };
}

/** What a read of one file of the process gives, or the sentence for its error. `elapsedNs`: since the bits were cleared. */
function attempt<T>(pid: number, file: string, options: Options, read: () => T, elapsedNs?: bigint): T {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The folder that is open stays there, and what is in it does not.
    if ((code === 'ESRCH' || code === 'ENOENT') && elapsedNs !== undefined) throw ended(pid, elapsedNs, options.for);
    throw processFileError(options.procfs, pid, file, error);
  }
}

function ended(pid: number, elapsedNs: bigint, askedNs: bigint): CommandError {
  const when = `after ${formatDurationShort(elapsedNs)} of ${formatDuration(askedNs)}`;
  return new CommandError(`process ${pid} ended ${when}: its memory cannot be read any more`, ExitCode.notFound);
}

function openFolder(root: string, pid: number): number {
  try {
    return openSync(`${root}/${pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    throw processFileError(root, pid, 'folder', error);
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
