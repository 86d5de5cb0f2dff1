/**
 * The writing end of the ring of V8: heaps and collections, those that are told together in one pack.
 *
 * The trap: a program that allocates fast collects hundreds of times a second, and must not overwrite marks and clocks: so these
 * have a ring of their own, which a recording that did not ask for them has not.
 */
import type { RingWriter } from '../ring/ring-writer.js';
import { EventType, encodeEvent, type TideEvent } from './events.js';
import { V8_RING } from './format.js';
import { PACKED_BYTES, RecordPacker } from './packed-records.js';

export interface V8Record {
  /** Monotonic nanoseconds: of a collection its begin. */
  readonly timeNs: bigint;
  readonly event: TideEvent & { readonly type: 'v8Heap' | 'v8Gc' };
}

export class V8Log {
  readonly #packer: RecordPacker | undefined;

  /** `lost` is told of records that could not be stored. */
  constructor(
    ring: RingWriter,
    private readonly lost: (reason: string, rows: number) => void,
  ) {
    const id = ring.rings.findIndex(({ name }) => name === V8_RING);
    if (id >= 0) this.#packer = new RecordPacker(ring, id);
  }

  /** Stores them at once: somebody may be waiting for them. */
  append(records: readonly V8Record[], offsetNs: bigint): void {
    const packer = this.#packer;
    if (!packer) return;
    for (const { timeNs, event } of records) {
      packer.add(timeNs + offsetNs, EventType[event.type], encodeEvent(event));
      if (packer.bytes >= PACKED_BYTES) this.#flush(packer);
    }
    this.#flush(packer);
  }

  #flush(packer: RecordPacker): void {
    const { records } = packer;
    const reason = packer.flush();
    if (reason !== undefined) this.lost(reason, records);
  }
}
