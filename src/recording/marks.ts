/** Marks and spans: what a user, a harness or a tool wrote into a recording to find it again. */
import type { ClockLine } from './clock-line.js';
import type { TideEvent } from './events.js';

export interface Mark {
  readonly name: string;
  /** Unix nanoseconds. */
  readonly timeNs: bigint;
  /** Of a span: when it ended, or undefined while it is open. A mark is an instant and has none. */
  readonly endNs?: bigint | undefined;
  readonly kind: 'mark' | 'span';
}

/** The marks and spans among the events, by time. */
export function collectMarks(events: Iterable<{ timeNs: bigint; event: TideEvent }>, clock: ClockLine): Mark[] {
  const ends = new Map<number, bigint>();
  const found: { mark: Mark; span?: number }[] = [];
  for (const { timeNs, event } of events) {
    const unixNs = clock.toUnix(timeNs);
    if (event.type === 'mark') found.push({ mark: { name: event.name, timeNs: unixNs, kind: 'mark' } });
    if (event.type === 'begin')
      found.push({ mark: { name: event.name, timeNs: unixNs, kind: 'span' }, span: event.span });
    if (event.type === 'end') ends.set(event.span, unixNs);
  }
  return found
    .map(({ mark, span }) => (span === undefined ? mark : { ...mark, endNs: ends.get(span) }))
    .sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
}
