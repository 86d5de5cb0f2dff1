/**
 * Instants that have a name: those of marks, and the two ends of spans.
 *
 * The traps: the name of a span means its begin where something begins and its end where something ends, or a range from a span to
 * the same span would be empty.
 */
import { escapeTerminal } from '../text/escape.js';
import { formatTime } from '../text/time.js';
import { eachEvent, type StampedEvent } from './event-reading.js';
import { type Named, namedOf } from './marks.js';
import type { Recording } from './recording.js';

/** Which end of a span its name alone means. */
export type Edge = 'begin' | 'end';

export interface NamedInstant {
  /** Monotonic nanoseconds. */
  readonly monotonicNs: bigint;
  /** For people, where the name could mean several instants, or the end of a span that has none. */
  readonly choice?: string;
}

const EDGE_WORD = /^(.*) (begin|end)s$/su;

/** The instant of that name: of a mark or a span, or `NAME begins` and `NAME ends` of a span; undefined when there is none. */
export function namedInstant(recording: Recording, text: string, edge: Edge): NamedInstant | undefined {
  const [, spanName, word] = EDGE_WORD.exec(text) ?? [];
  const { exact, spans } = namedIn(recording, text, spanName);
  // Marks may be called so too, and what somebody wrote is what they mean.
  if (exact.length > 0) return latest(recording, exact, text, edge);
  return spans.length === 0 ? undefined : latest(recording, spans, spanName!, word as Edge);
}

/** What is called by the whole text, and the spans that are called by what is before `begins` or `ends`. */
function namedIn(recording: Recording, text: string, spanName: string | undefined): Record<'exact' | 'spans', Named[]> {
  const [exact, spans]: [Named[], Named[]] = [[], []];
  // Not `events()`, which reads comings and goings too: a fork storm leaves very many of them.
  const events: StampedEvent[] = [];
  eachEvent(recording.ring, 'events', (timeNs, event) => {
    if (event.type === 'mark' || event.type === 'begin' || event.type === 'end') events.push({ timeNs, event });
  });
  for (const named of namedOf(events)) {
    if (named.name === text) exact.push(named);
    if (named.kind === 'span' && named.name === spanName) spans.push(named);
  }
  return { exact, spans };
}

/** Of several the one that began last, so that both ends of a range by one name are those of one span. */
function latest(recording: Recording, all: readonly Named[], name: string, edge: Edge): NamedInstant {
  const last = all.reduce((one, other) => (other.fromNs >= one.fromNs ? other : one));
  const clock = recording.clock();
  const shownName = `"${escapeTerminal(name)}"`;
  const choices: string[] = [];
  if (all.length > 1) {
    const what = all.every(({ kind }) => kind === 'span')
      ? 'spans'
      : all.some(({ kind }) => kind === 'span')
        ? 'marks and spans'
        : 'marks';
    choices.push(
      `${all.length} ${what} are called ${shownName}; the latest is taken, of ${formatTime(clock.toUnix(last.fromNs))}`,
    );
  }
  let monotonicNs = last.fromNs;
  if (last.kind === 'span' && edge === 'end') {
    monotonicNs = endOf(recording, last);
    if (last.toNs === undefined) choices.push(`the span ${shownName} has no end; the end of the recording is taken`);
  }
  return { monotonicNs, ...(choices.length === 0 ? {} : { choice: choices.join('; ') }) };
}

/** Of one that goes on the newest frame; none may be behind its begin. */
function endOf(recording: Recording, { fromNs, toNs }: Named): bigint {
  if (toNs !== undefined) return toNs;
  const newest = recording.finder.last();
  return newest && newest.startNs > fromNs ? newest.startNs : fromNs;
}
