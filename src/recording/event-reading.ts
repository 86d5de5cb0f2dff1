/**
 * What the rings of records of a recording hold: events, clocks, programs.
 *
 * The trap: comings and goings have a ring of their own, so that a fork storm overwrites no mark, gap or clock; what is lost
 * of each is told apart.
 */
import { identityKey } from '../engine/identity.js';
import type { RingReader } from '../ring/ring-reader.js';
import { ClockLine, type ClockPair } from './clock-line.js';
import { decodeCommand } from './commands.js';
import { decodeEvent, type TideEvent } from './events.js';
import { COMMANDS_RING, type RecordingMetadata } from './format.js';
import { RecordCursor } from './packed-records.js';
import type { ProgramPart } from './program-part.js';

export interface StampedEvent {
  /** Monotonic nanoseconds. */
  readonly timeNs: bigint;
  readonly event: TideEvent;
}

const EVENT_RINGS = ['lives', 'events'] as const;

/** Every event that is still there, by time. */
export function readEvents(reader: RingReader): StampedEvent[] {
  const out: StampedEvent[] = [];
  for (const ring of EVENT_RINGS) eachEvent(reader, ring, (timeNs, event) => out.push({ timeNs, event }));
  return out.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
}

/** At least how many events were never stored, or have been overwritten or damaged; a pack counts once. */
export function countLostEvents(reader: RingReader): { readonly events: number; readonly lives: number } {
  const dropped = { events: 0, lives: 0 };
  const events = eachEvent(reader, 'events', (_, event) => {
    if (event.type === 'drop' && event.tier === 'ring/lives') dropped.lives += event.rows;
    if (event.type === 'drop' && event.tier === 'ring/events') dropped.events += event.rows;
  });
  return { events: events + dropped.events, lives: eachEvent(reader, 'lives', () => {}) + dropped.lives };
}

/** The clocks of the recording. */
export function readClockLine(reader: RingReader, { startedAt }: RecordingMetadata): ClockLine {
  const { monotonicNs, realNs } = startedAt;
  const pairs: ClockPair[] = [];
  const lost = eachEvent(reader, 'events', (timeNs, event) => {
    if (event.type === 'clock') pairs.push({ monotonicNs: timeNs, realNs: BigInt(event.realNs) });
  });
  // Where readings have been overwritten, the clock may have been set between the start and the oldest one left.
  if (lost === 0 || pairs.length === 0) pairs.push({ monotonicNs: BigInt(monotonicNs), realNs: BigInt(realNs) });
  return new ClockLine(pairs);
}

/** What programs the processes ran, the last of each, by `identityKey`. */
export function readPrograms(reader: RingReader): Map<string, ProgramPart> {
  const programs = new Map<string, ProgramPart>();
  const ring = reader.ringId(COMMANDS_RING);
  if (ring < 0) return programs;
  const cursor = new RecordCursor(reader.cursor(ring));
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    const command = step === 'record' ? decodeCommand(cursor.type, cursor.payload) : undefined;
    if (!command) continue;
    const { pid: _, startTicks: __, source: ___, ...program } = command;
    programs.set(identityKey(command), program);
  }
  return programs;
}

/** Takes every event of one ring that is still there, in the order in which they were written. Returns how many of it are lost. */
export function eachEvent(
  reader: RingReader,
  name: (typeof EVENT_RINGS)[number],
  take: (timeNs: bigint, event: TideEvent) => void,
): number {
  const ring = reader.ringId(name);
  if (ring < 0) return 0;
  const cursor = new RecordCursor(reader.cursor(ring));
  // Overwritten before the oldest block; what is missing later comes as gaps. Frames of unknown kinds are not missing.
  let lost = cursor.lostBefore;
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    if (step === 'gap') lost += cursor.lost;
    if (step !== 'record') continue;
    const event = decodeEvent(cursor.type, cursor.payload);
    if (event) take(cursor.timeNs, event);
  }
  return lost;
}
