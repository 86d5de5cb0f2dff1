/** Marks and spans: what a user, a harness or a tool wrote into a recording to find it again. */
import type { ClockLine } from './clock-line.js';
import type { StampedEvent } from './event-reading.js';

export interface Mark {
  readonly name: string;
  /** Unix nanoseconds. */
  readonly timeNs: bigint;
  /** Of a span: when it ended, or undefined while it is open. A mark is an instant and has none. */
  readonly endNs?: bigint | undefined;
  readonly kind: 'mark' | 'span';
}

/** A mark, or a span with its end where it has one; monotonic nanoseconds. */
export interface Named {
  readonly name: string;
  readonly kind: Mark['kind'];
  readonly fromNs: bigint;
  toNs?: bigint;
}

/**
 * The marks and spans among the events, which come in the order in which they were written: each writer of a recording that was
 * gone on with numbers its spans from the start again, so an end is of the last begin of its number.
 */
export function namedOf(events: Iterable<StampedEvent>): Named[] {
  const found: Named[] = [];
  const open = new Map<number, Named>();
  for (const { timeNs, event } of events) {
    if (event.type === 'mark') found.push({ name: event.name, kind: 'mark', fromNs: timeNs });
    if (event.type === 'begin') {
      const span: Named = { name: event.name, kind: 'span', fromNs: timeNs };
      found.push(span);
      open.set(event.span, span);
    }
    if (event.type === 'end') {
      const ended = open.get(event.span);
      if (ended) ended.toNs = timeNs;
      open.delete(event.span);
    }
  }
  return found;
}

/** The same by the time of day, in its order. */
export function collectMarks(events: Iterable<StampedEvent>, clock: ClockLine): Mark[] {
  return namedOf(events)
    .map(({ name, kind, fromNs, toNs }): Mark => {
      const mark = { name, timeNs: clock.toUnix(fromNs), kind };
      return toNs === undefined ? mark : { ...mark, endNs: clock.toUnix(toNs) };
    })
    .sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
}
