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

/**
 * The marks and spans among the events, by time. The events come in the order in which they were written: each writer of a
 * recording that was gone on with numbers its spans from the start again, so an end is of the last begin of its number.
 */
export function collectMarks(events: Iterable<{ timeNs: bigint; event: TideEvent }>, clock: ClockLine): Mark[] {
  type Found = { -readonly [Key in keyof Mark]: Mark[Key] };
  const found: Found[] = [];
  const open = new Map<number, Found>();
  for (const { timeNs, event } of events) {
    const unixNs = clock.toUnix(timeNs);
    if (event.type === 'mark') found.push({ name: event.name, timeNs: unixNs, kind: 'mark' });
    if (event.type === 'begin') {
      const span: Found = { name: event.name, timeNs: unixNs, kind: 'span' };
      found.push(span);
      open.set(event.span, span);
    }
    if (event.type === 'end') {
      const ended = open.get(event.span);
      if (ended) ended.endNs = unixNs;
      open.delete(event.span);
    }
  }
  return found.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
}
