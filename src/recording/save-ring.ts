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
import { Rings, V8_RING } from './format.js';
import { RecordCursor } from './packed-records.js';
import { V8Log, type V8Record } from './v8-log.js';

/**
 * Copies `storage` to a new file. `told`: the latest events, in the order in which they are stored; some may be. `toldV8`: the
 * same of what V8 told.
 */
export function saveRing(
  storage: Storage,
  path: string,
  told: readonly StampedEvent[],
  toldV8: readonly V8Record[] = [],
): void {
  copyRing(storage, path, (copy) => addTold(copy, told, toldV8));
}

function addTold(copy: FileStorage, told: readonly StampedEvent[], toldV8: readonly V8Record[]): void {
  if (told.length === 0 && toldV8.length === 0) return;
  const reader = RingReader.open(copy);
  const { stored, offsetNs } = storedEvents(reader, Rings.events);
  const v8Ring = reader.ringId(V8_RING);
  const events = missingOf(told, stored, offsetNs);
  const v8 = v8Ring < 0 ? [] : missingOf(toldV8, storedEvents(reader, v8Ring).stored, offsetNs);
  if (events.length === 0 && v8.length === 0) return;
  const { sizeBytes } = copy;
  const writer = RingWriter.reopen(copy, (whole) => copy.extend(whole, () => true));
  for (const { timeNs, event } of events) {
    const result = writer.appendRecord(Rings.events, timeNs + offsetNs, EventType[event.type], encodeEvent(event));
    if (!result.ok && result.reason === 'write-failed') throw writer.lastError;
  }
  new V8Log(writer, (reason) => {
    if (reason === 'write-failed') throw writer.lastError;
  }).append(v8, offsetNs);
  // One that had ended and was trimmed was given its size back.
  writer.close({ trim: copy.sizeBytes > sizeBytes });
}

/** Those behind the last that is stored: all of them come in their order. */
function missingOf<T extends StampedEvent>(
  told: readonly T[],
  stored: ReadonlySet<string>,
  offsetNs: bigint,
): readonly T[] {
  const last = told.findLastIndex(({ timeNs, event }) => stored.has(`${timeNs + offsetNs} ${event.type}`));
  return told.slice(last + 1);
}

/** The events of a ring by time and type, and what the times of the present writer are ahead of its clock by. */
function storedEvents(
  reader: RingReader,
  ring: number,
): { readonly stored: ReadonlySet<string>; readonly offsetNs: bigint } {
  const stored = new Set<string>();
  let offsetNs = 0n;
  const cursor = new RecordCursor(reader.cursor(ring));
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    const event = step === 'record' ? decodeEvent(cursor.type, cursor.payload) : undefined;
    if (!event) continue;
    if (event.type === 'clock') offsetNs = BigInt(event.offsetNs ?? 0);
    stored.add(`${cursor.timeNs} ${event.type}`);
  }
  return { stored, offsetNs };
}
