/**
 * Instants of a recording from the one time grammar: the name of a mark or of an end of a span, or what `parseTime` reads, with
 * `-15m` before the newest frame.
 *
 * The traps: one text can mean several instants, since clocks go back twice a year and are set back by hand, and a name can
 * be given to several marks. The latest is taken and the choice is told; nobody is to look at the wrong hour unknowingly.
 * And a mark may be set just before the first frame or behind the last one: it belongs to the recording all the same.
 */
import { formatDurationShort } from '../text/duration.js';
import { InputError } from '../text/input-error.js';
import { earlierShowing, formatTime, parseTime } from '../text/time.js';
import { isPart } from './format.js';
import { type Edge, namedInstant } from './named-instants.js';
import type { Recording } from './recording.js';

export interface Instant {
  /** Unix nanoseconds. */
  readonly timeNs: bigint;
  /** Monotonic nanoseconds: which of two instants it is, where the clock of the host was set back and had the time twice. */
  readonly monotonicNs: bigint;
  /** For people, where the text could mean several instants: which ones, and that the latest is taken. */
  readonly choice?: string;
  /** Whether it is the time of a mark or of an end of a span. */
  readonly isMark: boolean;
}

/** Unix nanoseconds of the oldest and the newest frame. */
export interface RecordedSpan {
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/** An instant that the recording does not reach; `message` names it and the span, as half a sentence. */
export class OutsideRecordingError extends Error {
  override readonly name = 'OutsideRecordingError';
}

/** Stretches of a clock that was set back again and again, which are named. */
const MOST_NAMED = 4;
/** So long before the first frame, or two ticks, a mark still belongs to it. */
const MARK_SLACK_NS = 1_000_000_000n;

/** What the frames span; undefined when there are none. */
export function recordedSpan(recording: Recording): RecordedSpan | undefined {
  for (const walk of recording.walks({ metrics: [] })) {
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step !== 'frame') continue;
      return { firstNs: recording.clock().toUnix(walk.startNs), lastNs: recording.endNs };
    }
  }
  return undefined;
}

/** The instant that a text means, wherever it lies; `edge`: of a span by its name alone. Throws `InputError`. */
export function parseInstant(recording: Recording, text: string, edge: Edge = 'begin'): Instant {
  return named(recording, text, edge) ?? timed(recording, text);
}

/**
 * The instant that a text means, which the recording must reach: what is just before the first frame, as a mark may be,
 * becomes the time of that frame. Throws `InputError` and `OutsideRecordingError`.
 */
export function instantWithin(recording: Recording, text: string): Instant {
  const instant = parseInstant(recording, text);
  const span = recordedSpan(recording);
  const reached = recording.finder.span(recording.metadata.hz);
  if (!span || !reached) throw new OutsideRecordingError('the recording has no frame');
  const { timeNs, monotonicNs, isMark } = instant;
  const { fromNs, untilNs } = reached;
  const tickNs = BigInt(Math.round(1e9 / recording.metadata.hz));
  const slackNs = isMark ? max(MARK_SLACK_NS, 2n * tickNs) : 0n;
  if (monotonicNs < fromNs && monotonicNs >= fromNs - slackNs) {
    return { ...instant, timeNs: span.firstNs, monotonicNs: fromNs };
  }
  if (monotonicNs >= fromNs && (isMark || monotonicNs <= untilNs)) return instant;
  // Behind the last frame only by a correction of the clock.
  if (timeNs >= span.firstNs && timeNs <= span.lastNs + tickNs) return { ...instant, monotonicNs: untilNs };
  throw new OutsideRecordingError(
    `${formatTime(timeNs)} is outside the recording, which is ${spanWords(recording, span)}${whyMissing(recording)}`,
  );
}

/** Throws `OutsideRecordingError` when nothing of the recording lies in the range, both ends included. */
export function checkRange(recording: Recording, range: { readonly from?: bigint; readonly to?: bigint }): void {
  const span = recordedSpan(recording);
  if (!span) return;
  const stretches = stretchesOf(recording, span);
  const isLater = range.from !== undefined && stretches.every(({ lastNs }) => range.from! > lastNs);
  const isEarlier = range.to !== undefined && stretches.every(({ firstNs }) => range.to! < firstNs);
  if (!isLater && !isEarlier) {
    checkBetween(recording, range);
    return;
  }
  const where = isLater ? `from ${formatTime(range.from!)} on` : `up to ${formatTime(range.to!)}`;
  throw new OutsideRecordingError(
    `nothing is recorded ${where}; the recording is ${spanWords(recording, span)}${whyMissing(recording)}`,
  );
}

/** Two marks may be set between two ticks. Where the clock was set back a range has several parts, which are not looked at. */
function checkBetween(recording: Recording, { from, to }: { readonly from?: bigint; readonly to?: bigint }): void {
  const clock = recording.clock();
  if (from === undefined || to === undefined || from > to || clock.stretches.length > 1) return;
  const last = recording.finder.atOrBefore(clock.toMonotonic(to));
  if (last && last.startNs >= clock.toMonotonic(from, 'earliest')) return;
  throw new OutsideRecordingError(`no frame lies between ${formatTime(from)} and ${formatTime(to)}`);
}

/** What the clock of the host showed at the frames, in stretches between which it was set back, from the earliest on. */
function stretchesOf(recording: Recording, span: RecordedSpan): readonly RecordedSpan[] {
  const clock = recording.clock();
  const last = recording.finder.last();
  const first = recording.finder.first();
  if (clock.stretches.length === 1 || !first || !last) return [span];
  return clock.unixStretches({ fromNs: first.startNs, untilNs: last.startNs }).reverse();
}

/** `from 2025-03-01T03:00:00.000+01:00 to 2025-03-01T03:10:00.000+01:00`, and so on where the clock was set back. */
function spanWords(recording: Recording, span: RecordedSpan): string {
  const stretches = stretchesOf(recording, span);
  const words = stretches.map(({ firstNs, lastNs }) => `from ${formatTime(firstNs)} to ${formatTime(lastNs)}`);
  const named = words.slice(0, MOST_NAMED).join(' and, after its clock was set back, ');
  return words.length > MOST_NAMED ? `${named}, and so on` : named;
}

/** Why what was there once may be missing. */
function whyMissing({ metadata, ring }: Recording): string {
  if (isPart(metadata)) return '; it was cut from a longer one';
  const oldest = ring.blocks(ring.ringId('counters'))[0];
  return oldest && oldest.sequence > 1 ? '; what was earlier has been overwritten' : '';
}

function named(recording: Recording, text: string, edge: Edge): Instant | undefined {
  const found = namedInstant(recording, text, edge);
  return found && { ...found, timeNs: recording.clock().toUnix(found.monotonicNs), isMark: true };
}

function timed(recording: Recording, text: string): Instant {
  try {
    return text.startsWith('-') ? beforeTheEnd(recording, text) : shown(recording, text);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(
      text,
      error.expected,
      `${error.allowed}, or the name of a mark or span (load, "load begins", "load ends")`,
    );
  }
}

function beforeTheEnd(recording: Recording, text: string): Instant {
  const { endNs } = recording;
  const clock = recording.clock();
  const asked = parseTime(text, endNs);
  const last = recording.finder.last();
  if (clock.stretches.length === 1 || !last) {
    return { timeNs: asked, monotonicNs: clock.toMonotonic(asked), isMark: false };
  }
  const monotonicNs = clock.before(last.startNs, endNs - asked);
  return { timeNs: clock.toUnix(monotonicNs), monotonicNs, isMark: false };
}

/** What a clock showed: by the end of each stretch of it, the latest first, since a time of day is that of a day. */
function shown(recording: Recording, text: string): Instant {
  const clock = recording.clock();
  const span = recording.finder.span(recording.metadata.hz);
  const ends = span && clock.stretches.length > 1 ? clock.unixStretches(span).map(({ lastNs }) => lastNs) : [];
  for (const endNs of [recording.endNs, ...ends]) {
    const timeNs = parseTime(text, endNs);
    const [monotonicNs, earlierNs] = span ? clock.instants(timeNs, span) : [];
    if (monotonicNs === undefined) continue;
    const choice = shownTwice(recording, text, timeNs) ?? setBack(timeNs, monotonicNs, earlierNs);
    return { timeNs, monotonicNs, isMark: false, ...(choice === undefined ? {} : { choice }) };
  }
  const timeNs = parseTime(text, recording.endNs);
  return { timeNs, monotonicNs: clock.toMonotonic(timeNs), isMark: false };
}

/** A time of day that clocks showed twice within the recording. */
function shownTwice(recording: Recording, text: string, timeNs: bigint): string | undefined {
  const earlierNs = earlierShowing(text, timeNs);
  if (earlierNs === undefined) return undefined;
  const span = recordedSpan(recording);
  if (!span || earlierNs < span.firstNs) return undefined;
  const both = [earlierNs, timeNs].map((ns) => formatTime(ns, { digits: 0 })).join(' and at ');
  return `clocks went back and showed ${text} twice, at ${both}; the later is taken`;
}

/** A time that the clock of the host had twice, since it was set back meanwhile. */
function setBack(timeNs: bigint, monotonicNs: bigint, earlierNs: bigint | undefined): string | undefined {
  if (earlierNs === undefined) return undefined;
  const apart = formatDurationShort(Number(monotonicNs - earlierNs));
  return `the clock of the host was set back: it was ${formatTime(timeNs)} twice, ${apart} apart; the later is taken`;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
