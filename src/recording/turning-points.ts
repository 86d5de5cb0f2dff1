/**
 * What one wants to go to in a recording: kills by the kernel, marks, missed ticks, restarts, and frames that are lost.
 *
 * The trap: a hole that damage left has no record of its own; it is found between the frames, block by block, and only
 * where it is asked for.
 */
import { decodeEvent, type TideEvent } from './events.js';
import type { FrameFinder } from './frame-finder.js';
import { RecordCursor } from './packed-records.js';
import type { Recording } from './recording.js';

export interface TurningPoint {
  /** Monotonic nanoseconds; of a hole, the first frame behind it. */
  readonly timeNs: bigint;
  readonly kind: 'oom' | 'mark' | 'gap' | 'resume' | 'hole';
  /** For people; names in it are raw. */
  readonly text: string;
  /** Of an OOM kill: whom, as far as it is known. */
  readonly victim?: { readonly pid?: number; readonly comm?: string };
}

/** Those that have a record, by time. Comings and goings are not looked at, of which there may be very many. */
export function recordedPoints({ ring }: Recording): TurningPoint[] {
  const id = ring.ringId('events');
  if (id < 0) return [];
  const points: TurningPoint[] = [];
  const cursor = new RecordCursor(ring.cursor(id));
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    const event = step === 'record' ? decodeEvent(cursor.type, cursor.payload) : undefined;
    const point = event && pointOf(cursor.timeNs, event);
    if (point) points.push(point);
  }
  return points.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
}

/** The nearest behind a time, or before it, holes included. */
export function nearestPoint(
  points: readonly TurningPoint[],
  finder: FrameFinder,
  timeNs: bigint,
  direction: 1 | -1,
): TurningPoint | undefined {
  const recorded =
    direction > 0 ? points.find((point) => point.timeNs > timeNs) : points.findLast((point) => point.timeNs < timeNs);
  const hole = finder.hole(timeNs, direction);
  if (!hole) return recorded;
  const isNearer = !recorded || (direction > 0 ? hole.toNs < recorded.timeNs : hole.toNs > recorded.timeNs);
  return isNearer ? { timeNs: hole.toNs, kind: 'hole', text: `${hole.lost} frames before this are lost` } : recorded;
}

function pointOf(timeNs: bigint, event: TideEvent): TurningPoint | undefined {
  switch (event.type) {
    case 'mark': {
      if (event.name !== 'oom') return { timeNs, kind: 'mark', text: `mark "${event.name}"` };
      const { pid, comm } = event;
      const whom = pid === undefined ? '' : ` of ${comm ?? '?'}[${pid}]`;
      const victim = { ...(pid === undefined ? {} : { pid }), ...(comm === undefined ? {} : { comm }) };
      return { timeNs, kind: 'oom', text: `OOM kill${whom}`, victim };
    }
    case 'begin':
      return { timeNs, kind: 'mark', text: `begin of "${event.name}"` };
    case 'gap':
      return { timeNs, kind: 'gap', text: `${event.ticks} ticks were missed: ${event.reason}` };
    case 'resume':
      return { timeNs, kind: 'resume', text: `recorded on after a ${event.reason}` };
    default:
      return undefined;
  }
}
