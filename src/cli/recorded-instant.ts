/**
 * `--in F --at T` of the commands that show processes: the recording, moved to that instant.
 *
 * The trap: what was read last before the instant is older than it; so when it was read is always told, with the zone.
 */
import { InstantView, MergedRecordingError } from '../recording/instant-view.js';
import { mappingsBefore } from '../recording/mapping-finder.js';
import { mapsText, smapsText } from '../recording/mapping-text.js';
import type { ProgramPart } from '../recording/program-part.js';
import type { Recording } from '../recording/recording.js';
import { STATUSES, Status } from '../schema.js';
import { formatDurationShort } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { formatTime } from '../text/time.js';
import { CommandError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import { warn } from './output.js';
import { openInput } from './recording-input.js';
import { instantAt } from './recording-times.js';

export interface RecordedInstant extends Disposable {
  readonly recording: Recording;
  readonly view: InstantView;
  /** Unix nanoseconds of the frame. */
  readonly timeNs: bigint;
}

/** Opens a recording and moves to the instant. Throws `CommandError`. */
export function openInstant(command: string, file: string, at: string | undefined): RecordedInstant {
  const recording = openInput(file);
  try {
    const { monotonicNs } = instantAt(recording, command, at);
    const clock = recording.clock();
    const view = viewOf(recording, file);
    if (!view.moveTo(monotonicNs)) throw new CommandError(`${shown(file)}: it has no frame`);
    return {
      recording,
      view,
      timeNs: clock.toUnix(view.frame.startNs),
      [Symbol.dispose]: () => recording.close(),
    };
  } catch (error) {
    recording.close();
    throw error;
  }
}

/** A view of a recording. Throws `CommandError` for one that was merged. */
export function viewOf(recording: Recording, file: string): InstantView {
  try {
    return new InstantView(recording);
  } catch (error) {
    if (!(error instanceof MergedRecordingError)) throw error;
    throw new CommandError(`${shown(file)}: ${error.message}`);
  }
}

/** `2025-03-01T03:02:00.000+01:00`, and what a step of the ladder stands for. */
export function instantText({ view, timeNs }: Pick<RecordedInstant, 'view' | 'timeNs'>): string {
  const { stepNs } = view.frame;
  return `${formatTime(timeNs)}${stepNs === 0n ? '' : `, the last values of ${formatDurationShort(stepNs)}`}`;
}

export interface RecordedText {
  readonly pid: number;
  readonly startTicks: number;
  readonly comm: Uint8Array;
  readonly program: ProgramPart;
  /** Unix nanoseconds of the instant, and of the read of the mappings. */
  readonly timeNs: bigint;
  readonly readNs: bigint;
  /** For people: when it was read. */
  readonly when: string;
  maps(): Uint8Array;
  smaps(): Uint8Array;
}

/** The mappings of a process at the instant. Throws `CommandError`: 4 when it was not there, 5 when they were denied. */
export function recordedText(instant: RecordedInstant, pid: number): RecordedText {
  const { recording, view, timeNs } = instant;
  const slot = slotOfPid(view, pid);
  if (slot === undefined) throw notThere(instant, pid);
  const { frame } = view;
  const identity = frame.identity(slot)!;
  const { startTicks, comm } = identity;
  if (frame.status(slot) === Status.noMm) {
    throw new CommandError(`process ${pid} had no memory of its own at ${instantText(instant)}`);
  }
  if (recording.metadata.mappings === 'off') {
    throw new CommandError('no mappings were recorded; record --mappings auto does so');
  }
  const { found, lastStatus } = mappingsBefore(recording, { pid, startTicks }, frame.startNs);
  if (!found) throw noMappings(instant, pid, lastStatus);
  const readNs = recording.clock().toUnix(found.timeNs);
  const age = formatDurationShort(frame.startNs - found.timeNs);
  const refused = lastStatus === Status.ok ? '' : `; a later read ended with ${STATUSES[lastStatus!] ?? 'lost'}`;
  const { table, text } = found;
  return {
    ...{ pid, startTicks, comm, timeNs, readNs },
    program: recording.programs().get(frame.key(slot)!) ?? {},
    when: `process ${pid} at ${instantText(instant)}, read ${age} before, at ${formatTime(readNs)}${refused}`,
    maps: () => mapsText(table, text),
    smaps: () => smapsText(table, text),
  };
}

/** Says on stderr of when it is. */
export function tellWhen(command: string, sentence: string): void {
  warn(command, sentence);
}

/** The program of a process, a character for each byte. */
export function exeOf({ exe, exeHex }: ProgramPart): string | undefined {
  if (exeHex !== undefined) return Buffer.from(exeHex, 'hex').toString('latin1');
  return exe === undefined ? undefined : Buffer.from(exe).toString('latin1');
}

/** The arguments as the kernel has them, each ended by a zero. */
export function cmdlineOf({ args, argsHex }: ProgramPart): Uint8Array {
  if (argsHex !== undefined) return Buffer.from(argsHex, 'hex');
  return Buffer.from(args?.map((arg) => `${arg}\0`).join('') ?? '');
}

function slotOfPid({ frame }: InstantView, pid: number): number | undefined {
  const { slots, count } = frame.rows;
  return slots
    .subarray(0, count)
    .find((slot) => frame.identity(slot)?.pid === pid && frame.status(slot) !== Status.gone);
}

/** Looks through the whole recording, so that the sentence says when it was there. */
function notThere(instant: RecordedInstant, pid: number): CommandError {
  const lives = instant.recording.processes({ pid }).map(({ firstNs, lastNs }) => {
    return `from ${formatTime(firstNs)} to ${formatTime(lastNs)}`;
  });
  const known = lives.length === 0 ? 'it is not in the recording' : `it was there ${lives.slice(0, 3).join(', ')}`;
  return new CommandError(`there was no process ${pid} at ${instantText(instant)}; ${known}`, ExitCode.notFound);
}

function noMappings(instant: RecordedInstant, pid: number, lastStatus: number | undefined): CommandError {
  const when = `of process ${pid} before ${instantText(instant)}`;
  if (lastStatus === undefined)
    return new CommandError(`no mappings were recorded ${when}, or they have been overwritten`);
  const status = STATUSES[lastStatus] ?? 'lost';
  const exitCode = lastStatus === Status.denied ? ExitCode.notPermitted : ExitCode.failed;
  return new CommandError(`the mappings ${when} could not be read: ${status}`, exitCode);
}

function shown(file: string): string {
  return file === '-' ? 'standard input' : escapeTerminal(file);
}
