import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { RingReader } from '../ring/ring-reader.js';
import type { RingSpec } from '../ring/ring-table.js';
import { RingWriter } from '../ring/ring-writer.js';
import { SharedStorage } from '../ring/shared-storage.js';
import { type PlainRecord, packRecords, RecordCursor, RecordPacker, unpackRecords } from './packed-records.js';

const records: PlainRecord[] = [
  { timeNs: 1000n, type: 1, payload: Uint8Array.of(1, 2, 3) },
  { timeNs: 999n, type: 65535, payload: new Uint8Array(0) },
  { timeNs: 4_000_000_001_000n, type: 13, payload: new Uint8Array(5000).fill(7) },
];

describe('a pack', () => {
  it('holds records with times and types of their own', () => {
    const pack = packRecords(1000n, 12_345_678, records);
    expect(unpackRecords(1000n, pack)).toEqual({ before: 12_345_678, records });
    expect(pack.length).toBeLessThan(100);
  });

  it('is refused whole when it is cut, inflates too far, holds a pack, or ends inside a record', () => {
    const pack = packRecords(0n, 0, records);
    for (let length = 0; length < pack.length; length++) {
      expect(unpackRecords(0n, pack.subarray(0, length))).toBeUndefined();
    }
    const of = (body: Uint8Array) => unpackRecords(0n, Buffer.concat([Uint8Array.of(0), deflateRawSync(body)]));
    expect(of(new Uint8Array(2 ** 20 - 1))?.records).toHaveLength((2 ** 20 - 1) / 3);
    expect(of(new Uint8Array(2 ** 20 + 2))).toBeUndefined();
    expect(of(Uint8Array.of(0, 0xe8, 0x07, 0))).toBeUndefined();
    expect(of(Uint8Array.of(0, 1, 4, 1, 2, 3))).toBeUndefined();
    expect(of(Uint8Array.of(0, 1, 3, 1, 2, 3))?.records).toHaveLength(1);
  });
});

const RINGS: RingSpec[] = [{ name: 'records', share: 1, rows: 'none', columns: [], scalars: [] }];

class Records {
  readonly buffer = new SharedArrayBuffer(16384 + 2 * 65536);
  writer = RingWriter.create(new SharedStorage(this.buffer), {
    rings: RINGS,
    metadata: {},
    blockBytes: 65536,
  });
  packer = new RecordPacker(this.writer, 0);
  given = 0;

  /** Records that do not deflate, flushed together. */
  give(count: number): void {
    for (let index = 0; index < count; index++) {
      const payload = Buffer.alloc(40);
      payload.writeUInt32LE(this.given);
      for (let at = 4; at < 40; at++) payload[at] = Math.random() * 256;
      this.packer.add(BigInt(this.given), 5, payload);
      this.given++;
    }
    this.packer.flush();
  }

  /** Numbers of the records that are there, and how many are missing. */
  read(): { numbers: number[]; lost: number } {
    const cursor = new RecordCursor(RingReader.open(new SharedStorage(this.buffer)).cursor(0));
    let lost = cursor.lostBefore;
    const numbers: number[] = [];
    for (let step = cursor.next(); step !== null; step = cursor.next()) {
      if (step === 'gap') lost += cursor.lost;
      else numbers.push(Buffer.from(cursor.payload).readUInt32LE(0));
    }
    return { numbers, lost };
  }
}

describe('a ring of packed and plain records', () => {
  it('gives all of them in their order', () => {
    const ring = new Records();
    for (const count of [3, 100, 1, 8, 7]) ring.give(count);
    const { numbers, lost } = ring.read();
    expect(numbers).toEqual(Array.from({ length: 119 }, (_, index) => index));
    expect(lost).toBe(0);
    expect(ring.writer.stats[0]!.stored).toBe(3 + 1 + 1 + 1 + 7);
  });

  it('counts what is overwritten, also what was in packs', () => {
    const ring = new Records();
    for (let round = 0; round < 60; round++) ring.give(round % 3 === 0 ? 4 : 150);
    const { numbers, lost } = ring.read();
    expect(numbers.at(-1)).toBe(ring.given - 1);
    expect(numbers.length).toBeLessThan(ring.given);
    expect(lost + numbers.length).toBe(ring.given);
  });

  it('counts on when another writer goes on', () => {
    const ring = new Records();
    ring.give(100);
    ring.give(3);
    ring.writer.close();
    ring.writer = RingWriter.resume(new SharedStorage(ring.buffer), () => {});
    ring.packer = new RecordPacker(ring.writer, 0);
    ring.give(50);
    ring.give(2);
    ring.give(20);
    expect(ring.read()).toEqual({ numbers: Array.from({ length: 175 }, (_, index) => index), lost: 0 });
  });
});
