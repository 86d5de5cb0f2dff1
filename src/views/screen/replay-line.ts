/**
 * The line that says that the screen is of the past: when, with the zone, where in the recording that is, and what it is
 * compared with.
 *
 * The trap: whoever comes back to this screen must not take it for now, so the line stands on top, in every view, however
 * small the screen is.
 */
import { escapeTerminal } from '../../text/escape.js';
import { formatShortSize } from '../../text/short-size.js';
import { formatTime } from '../../text/time.js';
import { spanText } from './clock-time.js';
import { lineOf, type Span, type StyledLine, span } from './styled-line.js';

/** Where in a recording the screen is. Times are Unix nanoseconds. */
export interface ReplayPosition {
  readonly timeNs: bigint;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** The step of the ladder whose last values these are, nanoseconds; 0 for a tick. */
  readonly stepNs: bigint;
  readonly tick: number;
  /** What is at this instant: a mark, a kill, a hole. Raw. */
  readonly happening?: string;
  /** Shares of memory are still looked for. */
  readonly isSearching: boolean;
  /** It goes on by itself with what is written. */
  readonly isFollowing: boolean;
}

/** What the screen is compared with. */
export interface ComparedWith {
  readonly timeNs: bigint;
  /** Processes that were there then and have ended, and the resident bytes that they had. */
  readonly ended: number;
  readonly endedRss: number;
}

/** Undefined where the screen shows now and compares with nothing. */
export function replayLine(
  replay: ReplayPosition | undefined,
  compared: ComparedWith | undefined,
): StyledLine | undefined {
  if (!replay && !compared) return undefined;
  return lineOf(...(replay ? positionSpans(replay) : []), ...(compared ? comparedSpans(compared, replay) : []));
}

function positionSpans(replay: ReplayPosition): Span[] {
  const { timeNs, firstNs, lastNs, stepNs, tick, happening, isSearching, isFollowing } = replay;
  const whole = Number(lastNs - firstNs);
  const share = whole > 0 ? Math.floor((Number(timeNs - firstNs) / whole) * 100) : 100;
  const behind = spanText(Number(lastNs - timeNs));
  const step = stepNs === 0n ? `tick ${tick}` : `last values of ${spanText(Number(stepNs))}`;
  return [
    span('REPLAY', 'alarm'),
    span(` ${formatTime(timeNs)}`, 'bold'),
    span(`  ${step}`),
    span(`  ${share} % of ${spanText(whole)}, ${behind} before its end`, 'dim'),
    ...(isFollowing ? [span('  following', 'dim')] : []),
    ...(isSearching ? [span('  looking for PSS', 'warn')] : []),
    ...(happening === undefined ? [] : [span(`  ${escapeTerminal(happening)}`, 'warn')]),
  ];
}

function comparedSpans({ timeNs, ended, endedRss }: ComparedWith, replay: ReplayPosition | undefined): Span[] {
  const lost = ended === 0 ? '' : `; ${ended} ended, which had ${formatShortSize(endedRss)}`;
  return [
    span(replay ? '  ' : ''),
    span('DIFFERENCE', 'alarm'),
    span(` since ${formatTime(timeNs)}`, 'bold'),
    span(lost, 'dim'),
  ];
}
