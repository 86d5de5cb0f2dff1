/**
 * The times that commands take which read a recording: `--at`, and the range of `--from --to --last`.
 *
 * The trap: a range that the recording does not reach would be an empty answer that looks like "nothing happened". It is an
 * error that names the span, unless an empty file is what a script wants; then it is a warning.
 */
import type { Command } from 'commander';
import { checkRange, type Instant, instantWithin, OutsideRecordingError, parseInstant } from '../recording/instants.js';
import type { Edge } from '../recording/named-instants.js';
import type { Recording } from '../recording/recording.js';
import type { TimeRange } from '../recording/time-range.js';
import { formatDurationShort } from '../text/duration.js';
import { InputError } from '../text/input-error.js';
import { formatTime } from '../text/time.js';
import { UsageError } from './command-error.js';
import { parsePositiveDuration } from './option-values.js';
import { valueOption } from './options.js';
import { warn } from './output.js';

export const TIME_WORDS = '03:02, -15m, RFC 3339, or the name of a mark or span';

/** What is nearer is a correction of the clock. */
const OTHER_INSTANT_NS = 1_000_000_000n;

/** As they were given; `last` in nanoseconds. */
export interface RangeWords {
  readonly from?: string;
  readonly to?: string;
  readonly last?: bigint;
}

/** Adds `--from`, `--to` and `--last`. `texts`: what the first two do, where that is special. */
export function addRangeOptions(
  command: Command,
  texts: { readonly from?: string; readonly to?: string } = {},
): Command {
  return command
    .option('--from <time>', texts.from ?? `leave out what is earlier: ${TIME_WORDS}`)
    .option('--to <time>', texts.to ?? 'leave out what is later; a span by its name: to its end')
    .addOption(valueOption('--last <time>', 'only that long before the end, such as 10m', parsePositiveDuration));
}

/**
 * The range, Unix nanoseconds. Throws `UsageError` for what cannot be understood or contradicts itself, and for a range in
 * which nothing is recorded, unless `mayBeEmpty`, when that is a warning.
 */
export function rangeIn(
  recording: Recording,
  command: string,
  { from: fromText, to: toText, last }: RangeWords,
  { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {},
): TimeRange {
  if (last !== undefined && (fromText !== undefined || toText !== undefined)) {
    throw new UsageError('--last excludes --from and --to');
  }
  const to = toText === undefined ? undefined : instantIn(recording, command, '--to', toText, 'end');
  const asked = fromText === undefined ? undefined : instantIn(recording, command, '--from', fromText, 'begin');
  const from = last === undefined ? asked : recording.endNs - last;
  if (from !== undefined && to !== undefined && from > to) {
    throw new UsageError('--from: it is later than --to');
  }
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  try {
    checkRange(recording, range);
  } catch (error) {
    if (!(error instanceof OutsideRecordingError)) throw error;
    if (!mayBeEmpty) throw new UsageError(error.message);
    warn(command, error.message);
  }
  return range;
}

/** Any instant, Unix nanoseconds, also one that the recording does not reach; `edge`: of a span by its name alone. */
function instantIn(recording: Recording, command: string, option: string, text: string, edge: Edge): bigint {
  return told(command, option, () => parseInstant(recording, text, edge)).timeNs;
}

/** An instant that the recording reaches; without a text the newest frame. */
export function instantAt(recording: Recording, command: string, text: string | undefined, option = '--at'): Instant {
  return told(command, option, () => instantWithin(recording, text ?? '-0s'));
}

/**
 * The same for those who count in Unix nanoseconds. The trap: where the clock of the host was set back, a mark may have the time of
 * another instant too; then the later is taken, and told.
 */
export function timeAt(recording: Recording, command: string, text: string | undefined, option = '--at'): bigint {
  const { timeNs, monotonicNs } = instantAt(recording, command, text, option);
  const taken = recording.monotonicOf(timeNs);
  if (taken - monotonicNs > OTHER_INSTANT_NS) {
    const sentence = `the clock of the host was set back, and was ${formatTime(timeNs)} again`;
    warn(command, `${option}: ${sentence} ${formatDurationShort(taken - monotonicNs)} later; the later is taken`);
  }
  return timeNs;
}

/** Says which of several instants was taken. */
function told(command: string, option: string, find: () => Instant): Instant {
  try {
    const instant = find();
    if (instant.choice !== undefined) warn(command, `${option}: ${instant.choice}`);
    return instant;
  } catch (error) {
    if (error instanceof InputError || error instanceof OutsideRecordingError) {
      throw new UsageError(`${option}: ${error.message}`);
    }
    throw error;
  }
}
