/**
 * Instants of a recording from the one time grammar: the name of a mark, or what `parseTime` reads, with `-15m` before the
 * newest frame.
 *
 * The traps: one text can mean several instants, since clocks go back twice a year and are set back by hand, and a name can
 * be given to several marks. The latest is taken and the choice is told; nobody is to look at the wrong hour unknowingly.
 * And a mark may be set just before the first frame or behind the last one: it belongs to the recording all the same.
 */
import { formatDurationShort } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { InputError } from '../text/input-error.js';
import { earlierShowing, formatTime, parseTime } from '../text/time.js';
import { decodeEvent } from './events.js';
import { isPart } from './format.js';
import { RecordCursor } from './packed-records.js';
import type { Recording } from './recording.js';

export interface Instant {
  /** Unix nanoseconds. */
  readonly timeNs: bigint;
  /** For people, where the text could mean several instants: which ones, and that the latest is taken. */
  readonly choice?: string;
  /** Whether it is the time of a mark. */
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

/** A step of the real clock below this is the usual correction and no second occurrence of a time. */
const CLOCK_SLACK_NS = 1_000_000_000n;
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

/** The instant that a text means, wherever it lies. Throws `InputError`. */
export function parseInstant(recording: Recording, text: string): Instant {
  return marked(recording, text) ?? timed(recording, text);
}

/**
 * The instant that a text means, which the recording must reach: what is just before the first frame, as a mark may be,
 * becomes the time of that frame. Throws `InputError` and `OutsideRecordingError`.
 */
export function instantWithin(recording: Recording, text: string): Instant {
  const instant = parseInstant(recording, text);
  const span = recordedSpan(recording);
  if (!span) throw new OutsideRecordingError('the recording has no frame');
  const { timeNs, isMark } = instant;
  const tickNs = BigInt(Math.round(1e9 / recording.metadata.hz));
  const slackNs = isMark ? max(MARK_SLACK_NS, 2n * tickNs) : 0n;
  if (timeNs < span.firstNs && timeNs >= span.firstNs - slackNs) return { ...instant, timeNs: span.firstNs };
  // The last frame stands until the next one would have come.
  if (timeNs >= span.firstNs && (isMark || timeNs <= span.lastNs + tickNs)) return instant;
  throw new OutsideRecordingError(
    `${formatTime(timeNs)} is outside the recording, which is ${spanWords(span)}${whyMissing(recording)}`,
  );
}

/** Throws `OutsideRecordingError` when nothing of the recording lies in the range, both ends included. */
export function checkRange(recording: Recording, range: { readonly from?: bigint; readonly to?: bigint }): void {
  const span = recordedSpan(recording);
  if (!span) return;
  const isLater = range.from !== undefined && range.from > span.lastNs;
  if (!isLater && !(range.to !== undefined && range.to < span.firstNs)) return;
  const where = isLater ? `from ${formatTime(range.from!)} on` : `up to ${formatTime(range.to!)}`;
  throw new OutsideRecordingError(
    `nothing is recorded ${where}; the recording is ${spanWords(span)}${whyMissing(recording)}`,
  );
}

/** `from 2025-03-01T03:00:00.000+01:00 to 2025-03-01T03:10:00.000+01:00`. */
export function spanWords({ firstNs, lastNs }: RecordedSpan): string {
  return `from ${formatTime(firstNs)} to ${formatTime(lastNs)}`;
}

/** Why what was there once may be missing. */
function whyMissing({ metadata, ring }: Recording): string {
  if (isPart(metadata)) return '; it was cut from a longer one';
  const oldest = ring.blocks(ring.ringId('counters'))[0];
  return oldest && oldest.sequence > 1 ? '; what was earlier has been overwritten' : '';
}

function marked(recording: Recording, name: string): Instant | undefined {
  const { ring } = recording;
  const id = ring.ringId('events');
  if (id < 0) return undefined;
  const times: bigint[] = [];
  // Not `marks()`, which reads comings and goings too: a fork storm leaves very many of them.
  const cursor = new RecordCursor(ring.cursor(id));
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    const event = step === 'record' ? decodeEvent(cursor.type, cursor.payload) : undefined;
    if ((event?.type === 'mark' || event?.type === 'begin') && event.name === name) times.push(cursor.timeNs);
  }
  if (times.length === 0) return undefined;
  const timeNs = recording.clock().toUnix(times.reduce(max));
  if (times.length === 1) return { timeNs, isMark: true };
  const shown = escapeTerminal(name);
  const choice = `${times.length} marks are called "${shown}"; the latest is taken, of ${formatTime(timeNs)}`;
  return { timeNs, isMark: true, choice };
}

function timed(recording: Recording, text: string): Instant {
  let timeNs: bigint;
  try {
    timeNs = parseTime(text, recording.endNs);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(text, error.expected, `${error.allowed}, or the name of a mark`);
  }
  const choice = shownTwice(recording, text, timeNs) ?? setBack(recording, timeNs);
  return { timeNs, isMark: false, ...(choice === undefined ? {} : { choice }) };
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
function setBack(recording: Recording, timeNs: bigint): string | undefined {
  const clock = recording.clock();
  const byNs = clock.toMonotonic(timeNs, 'latest') - clock.toMonotonic(timeNs, 'earliest');
  if (byNs < CLOCK_SLACK_NS) return undefined;
  const shown = formatTime(timeNs);
  return `the clock of the host was set back: it was ${shown} twice, ${formatDurationShort(Number(byNs))} apart; the later is taken`;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
