/**
 * Many small records as one: at the start of a recording, and in a storm, thousands of processes arrive in one tick, and what
 * is told of one is much like what is told of the next. So they are stored together, deflated.
 *
 * The traps: what is inflated is hostile, and must stay bounded. And a pack that does not fit must not cost what is in it.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { DropReason } from '../ring/append-result.js';
import type { RingCursor } from '../ring/ring-cursor.js';
import type { RingWriter } from '../ring/ring-writer.js';
import { ByteCursor, unzigzag, VARINT_BYTES_MAX, writeVarint, zigzag } from '../ring/varint.js';

/** Type number of a pack, in every ring of records. */
export const PACKED_RECORDS = 1000;

/** Fewer are stored one by one: a head of their own costs less than inflating does. */
const PACKED_LEAST = 8;
/** Bytes that are packed together: well below the smallest block, even where they do not deflate. */
export const PACKED_BYTES = 32 * 1024;
/** What a pack may be inflated to: the last record that goes into one may be large. */
const INFLATED_MOST = 2 ** 20;

const TYPE_MOST = 65535;

export interface PlainRecord {
  readonly timeNs: bigint;
  readonly type: number;
  readonly payload: Uint8Array;
}

/** The payload of a pack that stands at `timeNs`, behind `before` records of its ring. */
export function packRecords(timeNs: bigint, before: number, records: readonly PlainRecord[]): Uint8Array {
  const bytes = records.reduce((sum, { payload }) => sum + payload.length + 3 * VARINT_BYTES_MAX, 0);
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const record of records) {
    at = writeVarint(body, at, zigzag(Number(record.timeNs - timeNs)));
    at = writeVarint(body, at, record.type);
    at = writeVarint(body, at, record.payload.length);
    body.set(record.payload, at);
    at += record.payload.length;
  }
  const head = new Uint8Array(VARINT_BYTES_MAX);
  const headBytes = writeVarint(head, 0, before);
  return Buffer.concat([head.subarray(0, headBytes), deflateRawSync(body.subarray(0, at))]);
}

/** What is in a pack that stands at `timeNs`, and how many records were stored before it; undefined when it is damaged. */
export function unpackRecords(
  timeNs: bigint,
  payload: Uint8Array,
): { before: number; records: PlainRecord[] } | undefined {
  const records: PlainRecord[] = [];
  const reader = new ByteCursor();
  reader.reset(payload, new DataView(payload.buffer, payload.byteOffset, payload.byteLength), 0, payload.length);
  const before = reader.varint();
  if (reader.failed) return undefined;
  try {
    const body = new Uint8Array(inflateRawSync(payload.subarray(reader.at), { maxOutputLength: INFLATED_MOST }));
    reader.reset(body, new DataView(body.buffer), 0, body.length);
    while (reader.at < body.length) {
      const apart = unzigzag(reader.varint());
      const type = reader.varint();
      const length = reader.varint();
      if (reader.failed || type > TYPE_MOST || type === PACKED_RECORDS || length > body.length - reader.at)
        return undefined;
      records.push({
        timeNs: timeNs + BigInt(apart),
        type,
        payload: body.subarray(reader.at, reader.at + length),
      });
      reader.at += length;
    }
  } catch {
    return undefined;
  }
  return { before, records };
}

/** The writing end: collects records of a ring until they are flushed. */
export class RecordPacker {
  /** Bytes that wait. */
  bytes = 0;
  #records: PlainRecord[] = [];
  /** Records that were stored. */
  #stored = 0;

  constructor(
    private readonly ring: RingWriter,
    private readonly id: number,
  ) {}

  /** Time of the first of those that wait. */
  get firstNs(): bigint | undefined {
    return this.#records[0]?.timeNs;
  }

  add(timeNs: bigint, type: number, payload: Uint8Array): void {
    this.#records.push({ timeNs, type, payload });
    this.bytes += payload.length;
  }

  /** How many wait. */
  get records(): number {
    return this.#records.length;
  }

  /** Stores what waits. Returns why the first that was dropped was, if one was. */
  flush(): DropReason | undefined {
    const records = this.#records;
    const first = records[0];
    if (first === undefined) return undefined;
    this.#records = [];
    this.bytes = 0;
    if (records.length >= PACKED_LEAST) {
      const payload = packRecords(first.timeNs, this.#stored, records);
      const { empty } = this.ring.recordRoom(this.id);
      if (payload.length <= empty) {
        const stored = this.ring.appendRecord(this.id, first.timeNs, PACKED_RECORDS, payload);
        if (!stored.ok) return stored.reason;
        this.#stored += records.length;
        return undefined;
      }
    }
    let dropped: DropReason | undefined;
    for (const { timeNs, type, payload } of records) {
      const stored = this.ring.appendRecord(this.id, timeNs, type, payload);
      if (stored.ok) this.#stored++;
      else dropped ??= stored.reason;
    }
    return dropped;
  }
}

/** The reading end: the records of a ring one by one, whether they were packed or not. */
export class RecordCursor {
  timeNs = 0n;
  type = 0;
  /** After `record`: a view that the next call of `next` overwrites. */
  payload: Uint8Array = new Uint8Array(0);
  /**
   * After `gap`: how many records are missing. Of a pack that is missing it is only known how many it held once a later one
   * of the same writer is read; till then it counts as one.
   */
  lost = 0;
  #packed: PlainRecord[] = [];
  #next = 0;
  /** Records that were given out or are missing, and where the present writer began to count. */
  #count: number;
  #origin = 0;

  constructor(private readonly cursor: RingCursor) {
    this.#count = this.lostBefore;
  }

  /** What was overwritten before the cursor began. */
  get lostBefore(): number {
    return Math.max(0, this.cursor.nextFrame - 1);
  }

  next(): 'record' | 'gap' | null {
    for (;;) {
      const packed = this.#packed[this.#next++];
      if (packed !== undefined) {
        ({ timeNs: this.timeNs, type: this.type, payload: this.payload } = packed);
        return 'record';
      }
      const step = this.cursor.next();
      if (step === null) return null;
      if (step === 'gap') {
        this.lost = this.cursor.lost;
        this.#count += this.lost;
        return 'gap';
      }
      if (step !== 'record') continue;
      const { timeNs, type, payload } = this.cursor;
      if (type !== PACKED_RECORDS) {
        this.timeNs = timeNs;
        this.type = type;
        this.payload = payload;
        this.#count++;
        return 'record';
      }
      const pack = unpackRecords(timeNs, payload);
      this.#packed = pack?.records ?? [];
      this.#next = 0;
      const missing = pack === undefined ? 1 : this.#origin + pack.before - this.#count;
      // A writer that goes on after another counts anew.
      if (missing < 0) this.#origin -= missing;
      this.#count += Math.max(0, missing) + this.#packed.length;
      if (missing > 0) {
        this.lost = missing;
        return 'gap';
      }
    }
  }
}
