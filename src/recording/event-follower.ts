/** The events of a recording as they are written. */
import { decodeEvent } from './events.js';
import { RecordCursor } from './packed-records.js';
import type { Recording, StampedEvent } from './recording.js';

export class EventFollower {
  /** Whether the last writer has ended in order. */
  isClosed = false;
  /** Events that were overwritten before they could be read. */
  lost = 0;
  readonly #cursors: readonly RecordCursor[];

  constructor(recording: Recording) {
    const { ring } = recording;
    this.#cursors = ['events', 'lives']
      .map((name) => ring.ringId(name))
      .flatMap((id) => (id < 0 ? [] : [new RecordCursor(ring.cursor(id))]));
  }

  /** What has come since the last time, by time. */
  next(): StampedEvent[] {
    const events: StampedEvent[] = [];
    for (const cursor of this.#cursors) {
      for (let step = cursor.next(); step !== null; step = cursor.next()) {
        if (step === 'gap') this.lost += cursor.lost;
        const event = step === 'record' ? decodeEvent(cursor.type, cursor.payload) : undefined;
        if (event?.type === 'close') this.isClosed = true;
        if (event?.type === 'resume') this.isClosed = false;
        if (event) events.push({ timeNs: cursor.timeNs, event });
      }
    }
    return events.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
  }
}
