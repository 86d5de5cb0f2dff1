/** The reading end of the ring of V8. */
import type { RingReader } from '../ring/ring-reader.js';
import { decodeEvent } from './events.js';
import { V8_RING } from './format.js';
import { RecordCursor } from './packed-records.js';
import type { V8Record } from './v8-log.js';

/** Heaps and collections, by time. */
export function v8Records(reader: RingReader): V8Record[] {
  const out: V8Record[] = [];
  reader.refresh();
  const ring = reader.ringId(V8_RING);
  if (ring < 0) return out;
  const cursor = new RecordCursor(reader.cursor(ring));
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    const event = step === 'record' ? decodeEvent(cursor.type, cursor.payload) : undefined;
    if (event?.type === 'v8Heap' || event?.type === 'v8Gc') out.push({ timeNs: cursor.timeNs, event });
  }
  return out.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
}
