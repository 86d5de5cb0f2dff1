/**
 * Marks, spans and missed ticks as slices of a Perfetto trace.
 *
 * The trap: slices of one track nest, and spans need not; so a span goes on the first track on which none is open.
 */
import type { Recording } from '../recording/recording.js';
import { monotonicRange } from '../recording/time-range.js';
import { EventType } from './perfetto-fields.js';
import { eventPacket, type TimedBytes, trackPacket } from './perfetto-packets.js';
import type { ExportOptions } from './rows.js';

const MARKS_TRACK = 1n;
const GAPS_TRACK = 2n;
const FIRST_SPAN_TRACK = 10n;

/** In the order of time. */
export function* perfettoMarks(recording: Recording, options: ExportOptions, clock: number): Generator<TimedBytes> {
  const { fromNs, toNs } = monotonicRange(options, recording.clock());
  const named = new Set<bigint>();
  /** By track: the span that is open on it. */
  const open: (number | undefined)[] = [];
  const packet = (timeNs: bigint, type: number, track: bigint, name?: string): TimedBytes => ({
    timeNs,
    bytes: eventPacket(clock, timeNs, type, track, name === undefined ? {} : { name }),
  });
  function* onTrack(timeNs: bigint, track: bigint, title: string): Generator<TimedBytes> {
    if (named.has(track)) return;
    named.add(track);
    yield { timeNs, bytes: trackPacket(track, title) };
  }
  for (const { timeNs, event } of recording.events()) {
    if ((fromNs !== undefined && timeNs < fromNs) || (toNs !== undefined && timeNs > toNs)) continue;
    if (event.type === 'mark') {
      yield* onTrack(timeNs, MARKS_TRACK, 'marks');
      yield packet(timeNs, EventType.instant, MARKS_TRACK, event.name);
    } else if (event.type === 'gap') {
      yield* onTrack(timeNs, GAPS_TRACK, 'missed ticks');
      yield packet(timeNs, EventType.instant, GAPS_TRACK, `${event.ticks} missed: ${event.reason}`);
    } else if (event.type === 'begin') {
      const free = open.indexOf(undefined);
      const lane = free < 0 ? open.length : free;
      open[lane] = event.span;
      yield* onTrack(timeNs, FIRST_SPAN_TRACK + BigInt(lane), 'spans');
      yield packet(timeNs, EventType.sliceBegin, FIRST_SPAN_TRACK + BigInt(lane), event.name);
    } else if (event.type === 'end') {
      const lane = open.indexOf(event.span);
      if (lane < 0) continue;
      open[lane] = undefined;
      yield packet(timeNs, EventType.sliceEnd, FIRST_SPAN_TRACK + BigInt(lane));
    }
  }
}
