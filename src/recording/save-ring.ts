/**
 * A copy of a recording that is being made, with all that its recorder was told.
 *
 * The trap: a mark is on its way to the sampler for a moment, longer when that is busy, and whoever ends a span and saves means the
 * span to be in the file. So what is not in the copy yet is put there, as the sampler is about to do in the ring.
 */
import { copyRing } from '../ring/copy-ring.js';
import type { FileStorage } from '../ring/file-storage.js';
import { RingReader } from '../ring/ring-reader.js';
import { RingWriter } from '../ring/ring-writer.js';
import type { Storage } from '../ring/storage.js';
import type { StampedEvent } from './event-reading.js';
import { decodeEvent, EventType, encodeEvent } from './events.js';
import { Rings } from './format.js';
import { RecordCursor } from './packed-records.js';

/** Copies `storage` to a new file. `told`: the latest events, in the order in which they are stored; some may be. */
export function saveRing(storage: Storage, path: string, told: readonly StampedEvent[]): void {
  copyRing(storage, path, (copy) => addEvents(copy, told));
}

function addEvents(copy: FileStorage, told: readonly StampedEvent[]): void {
  if (told.length === 0) return;
  const { stored, offsetNs } = storedEvents(copy);
  const missing = told.slice(
    told.findLastIndex(({ timeNs, event }) => stored.has(`${timeNs + offsetNs} ${event.type}`)) + 1,
  );
  if (missing.length === 0) return;
  const { sizeBytes } = copy;
  const writer = RingWriter.reopen(copy, (whole) => copy.extend(whole, () => true));
  for (const { timeNs, event } of missing) {
    const result = writer.appendRecord(Rings.events, timeNs + offsetNs, EventType[event.type], encodeEvent(event));
    if (!result.ok && result.reason === 'write-failed') throw writer.lastError;
  }
  // One that had ended and was trimmed was given its size back.
  writer.close({ trim: copy.sizeBytes > sizeBytes });
}

/** The events by time and type, and what the times of the present writer are ahead of its clock by. */
function storedEvents(copy: FileStorage): { readonly stored: ReadonlySet<string>; readonly offsetNs: bigint } {
  const stored = new Set<string>();
  let offsetNs = 0n;
  const cursor = new RecordCursor(RingReader.open(copy).cursor(Rings.events));
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    const event = step === 'record' ? decodeEvent(cursor.type, cursor.payload) : undefined;
    if (!event) continue;
    if (event.type === 'clock') offsetNs = BigInt(event.offsetNs ?? 0);
    stored.add(`${cursor.timeNs} ${event.type}`);
  }
  return { stored, offsetNs };
}
