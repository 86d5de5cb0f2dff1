/** What a writer tells and refuses, beside what it stores. */
import { describe, expect, it } from 'vitest';
import { BLOCK_HEADER, FRAME_HEAD, RECORD_HEAD } from './layout.js';
import { RingReader } from './ring-reader.js';
import { RingWriter } from './ring-writer.js';
import {
  BLOCK,
  bytesOf,
  COUNTERS,
  DEEP,
  drain,
  EVENTS,
  FILE_ID,
  HEADER,
  memory,
  Recorder,
  readRing,
  SPECS,
} from './rings.fixture.js';
import { SharedStorage } from './shared-storage.js';

const options = { rings: SPECS, metadata: {}, blockBytes: BLOCK, fileId: FILE_ID };
const SWEEP = { startNs: 0n, endNs: 0n, scalars: new Float64Array(2), status: new Uint8Array(9), rows: 'all' as const };
const columns = (length = 9) => SPECS[COUNTERS]!.columns.map((_, c) => new Float64Array(length).fill(c + 1));

describe('a writer is created', () => {
  it('over what is there, with whatever is behind its last block left alone', () => {
    const storage = memory(8);
    const bytes = new Uint8Array(storage.buffer).fill(0xee);
    new Recorder(storage);
    expect(bytes[HEADER - 1]).toBe(0);
    expect(bytes.subarray(HEADER).every((byte) => byte === 0xee)).toBe(true);
    expect(RingReader.open(new SharedStorage(storage.buffer)).blocks(EVENTS)).toEqual([]);
  });

  it.each([
    [
      { ...options, blockBytes: 3 * BLOCK },
      'Expected blockBytes to be a power of two from 65536 to 67108864, found 196608',
    ],
    [{ ...options, fileId: new Uint8Array(15) }, 'Expected fileId to have 16 bytes'],
    [{ ...options, rings: [] }, 'Expected rings to be an array of 1 to 64 entries'],
  ])('not with option %#', (wrong, message) => {
    expect(() => RingWriter.create(memory(8), wrong)).toThrow(new TypeError(message));
  });

  it('not where there is no room', () => {
    for (const size of [0, HEADER, HEADER + 6 * BLOCK - 1]) {
      const storage = new SharedStorage(new SharedArrayBuffer(size));
      expect(() => RingWriter.create(storage, options)).toThrow(/room for at least 6 blocks .* found [05]$/);
    }
  });

  it('with an id of its own, if it is given none', () => {
    const ids = [1, 2].map(() => {
      const storage = memory(6);
      RingWriter.create(storage, { rings: SPECS, metadata: {}, blockBytes: BLOCK });
      return Buffer.from(RingReader.open(storage).fileId).toString('hex');
    });
    expect(ids[0]).toHaveLength(32);
    expect(ids[0]).not.toBe(ids[1]);
  });
});

describe('a writer tells', () => {
  it('its rings by name and number', () => {
    const storage = memory(8);
    const { writer } = new Recorder(storage);
    expect([writer.ringId('deep'), writer.maxSlots, writer.blockBytes, writer.rings]).toEqual([1, 65536, BLOCK, SPECS]);
    expect(() => writer.ringId('other')).toThrow(new TypeError('There is no ring "other"'));
    for (const ring of [3, -1]) {
      expect(() => writer.recordRoom(ring)).toThrow(new TypeError('Expected a ring from 0 to 2'));
      expect(() => RingReader.open(storage).cursor(ring)).toThrow(new TypeError('Expected a ring from 0 to 2'));
      expect(() => RingReader.open(storage).blocks(ring)).toThrow(new TypeError('Expected a ring from 0 to 2'));
    }
  });

  it('how much a record may have, here and in a block of its own', () => {
    const storage = memory(8);
    const { writer } = new Recorder(storage);
    const head = FRAME_HEAD.bytes + RECORD_HEAD.bytes;
    const empty = BLOCK - BLOCK_HEADER.bytes - FRAME_HEAD.bytes - head - 7;
    expect(writer.recordRoom(EVENTS)).toEqual({ open: 0, empty, block: 0, oldest: 1 });
    expect(writer.appendRecord(EVENTS, 1n, 1, new Uint8Array(6)).ok).toBe(true);
    expect(writer.recordRoom(EVENTS)).toEqual({ open: empty - 32, empty, block: 1, oldest: 1 });
    const fits = new Uint8Array(writer.recordRoom(EVENTS).open);
    expect(writer.appendRecord(EVENTS, 2n, 1, fits)).toMatchObject({ ok: true });
    expect(writer.recordRoom(EVENTS)).toMatchObject({ open: 0, block: 1 });
    // Round and round: as many blocks as it has are not overwritten.
    for (let at = 0; at < 9; at++) writer.appendRecord(EVENTS, 3n, 1, fits);
    const blocks = RingReader.open(storage).blocks(EVENTS);
    expect(writer.recordRoom(EVENTS)).toMatchObject({ block: 10, oldest: blocks[0]!.sequence });
  });

  it('the bytes that each append took', () => {
    const storage = memory(8);
    const { writer } = new Recorder(storage);
    const first = writer.appendRecord(EVENTS, 1n, 1, new Uint8Array(7));
    expect(first).toEqual({ ok: true, bytes: 40 });
    expect(writer.stats[EVENTS]).toMatchObject({ attempted: 1, stored: 1, bytes: 40, blocks: 1, recycled: 0 });
    writer.setLabel(COUNTERS, 2, Buffer.from('ab'));
    expect(writer.appendColumns(COUNTERS, { ...SWEEP, columns: columns() }).ok).toBe(true);
    const { points, changed, keyBytes, bytes } = writer.stats[COUNTERS]!;
    // One process in three columns; its label has a frame of its own.
    expect([points, changed, keyBytes, bytes]).toEqual([3, 3, keyBytes, keyBytes]);
    expect(keyBytes % 8).toBe(0);
    writer.appendColumns(COUNTERS, { ...SWEEP, columns: columns() });
    expect(writer.stats[COUNTERS]).toMatchObject({ points: 6, changed: 3, keyBytes });
  });

  it('whether blocks are left, and deals these out anew', () => {
    const storage = memory(8);
    const { writer } = new Recorder(storage);
    const fill = (ring: number, times: number) => {
      for (let at = 0; at < times; at++) writer.appendRecord(ring, 1n, 1, new Uint8Array(40_000));
    };
    fill(EVENTS, 3);
    expect([writer.hasUnusedBlocks, writer.stats[EVENTS]!.recycled]).toEqual([true, 1]);
    writer.deal([1, 1, 1000]);
    fill(EVENTS, 3);
    // Two each are kept for the others.
    expect([writer.hasUnusedBlocks, writer.stats[EVENTS]!.recycled]).toEqual([true, 2]);
    expect(RingReader.open(storage).blocks(EVENTS)).toHaveLength(4);
    // A share that is not named is the one in the header.
    writer.deal([0.001]);
    fill(EVENTS, 1);
    expect(writer.stats[EVENTS]!.recycled).toBe(3);
  });
});

describe('a writer refuses', () => {
  const { writer } = new Recorder(memory(8));
  writer.setLabel(COUNTERS, 5, Buffer.from('x'));
  writer.setLabel(DEEP, 5, Buffer.from('x'));
  const deep = { ...SWEEP, columns: [new Float64Array(9), new Float64Array(9)] };

  it.each([
    [
      'too few scalars',
      () => writer.appendColumns(COUNTERS, { ...SWEEP, columns: columns(), scalars: new Float64Array(1) }),
      'Expected 2 scalars for ring "counters"',
    ],
    [
      'too few columns',
      () => writer.appendColumns(COUNTERS, { ...SWEEP, columns: columns().slice(1) }),
      'Expected 3 columns for ring "counters"',
    ],
    [
      'a short column',
      () => writer.appendColumns(COUNTERS, { ...SWEEP, columns: [...columns().slice(1), new Float64Array(5)] }),
      'Expected status and columns of ring "counters" to cover 6 slots',
    ],
    [
      'a short status',
      () => writer.appendColumns(COUNTERS, { ...SWEEP, columns: columns(), status: new Uint8Array(5) }),
      'Expected status and columns of ring "counters" to cover 6 slots',
    ],
    [
      'one array that is too short',
      () => writer.appendColumns(COUNTERS, { ...SWEEP, columns: new Float64Array(26), stride: 9 }),
      'Expected 3 columns of 9 slots',
    ],
    [
      'a stride that is too short',
      () => writer.appendColumns(COUNTERS, { ...SWEEP, columns: new Float64Array(27), stride: 5 }),
      'Expected status and columns of ring "counters" to cover 6 slots',
    ],
    [
      'a list in place of all',
      () =>
        writer.appendColumns(COUNTERS, { ...SWEEP, columns: columns(), rows: { slots: new Uint32Array(1), count: 1 } }),
      'Expected rows of ring "counters" to be "all"',
    ],
    ['all in place of a list', () => writer.appendColumns(DEEP, deep), 'Expected rows of ring "deep" to be a list'],
    [
      'more rows than there are',
      () => writer.appendColumns(DEEP, { ...deep, rows: { slots: new Uint32Array(2), count: 3 } }),
      'Expected 3 slots, found 2',
    ],
    ['columns where records are', () => writer.clearLabel(EVENTS, 0), 'Ring "events" holds records, not columns'],
    [
      'records where columns are',
      () => writer.appendRecord(DEEP, 0n, 1, new Uint8Array(1)),
      'Ring "deep" holds columns, not records',
    ],
    [
      'half a slot',
      () => writer.setLabel(COUNTERS, 1.5, Buffer.from('x')),
      'Expected a slot from 0 to 65535, found 1.5',
    ],
    [
      'a slot below 0',
      () => writer.setLabel(COUNTERS, -1, Buffer.from('x')),
      'Expected a slot from 0 to 65535, found -1',
    ],
  ])('%s', (_what, act, message) => {
    const before = JSON.stringify(writer.stats);
    expect(act).toThrow(new TypeError(message));
    expect(JSON.stringify(writer.stats)).toBe(before);
  });

  it('a sweep of more than 26 days, which is counted', () => {
    const long = { ...SWEEP, columns: columns(), endNs: 2n ** 51n };
    expect(writer.appendColumns(COUNTERS, long)).toEqual({ ok: false, reason: 'bad-time' });
    expect(writer.appendColumns(COUNTERS, { ...long, startNs: 2n ** 51n, endNs: 0n })).toEqual({
      ok: false,
      reason: 'bad-time',
    });
    expect(writer.appendColumns(COUNTERS, { ...long, endNs: 2n ** 51n - 2000n }).ok).toBe(true);
    expect(writer.stats[COUNTERS]).toMatchObject({ attempted: 3, stored: 1, dropped: { 'bad-time': 2 } });
  });
});

it('columns may be one array, which is looked at anew when another one comes', () => {
  const storage = memory(8);
  const { writer } = new Recorder(storage);
  writer.setLabel(COUNTERS, 1, Buffer.from('x'));
  const [a, b] = [
    Float64Array.from({ length: 9 }, (_, at) => at),
    Float64Array.from({ length: 12 }, (_, at) => 100 + at),
  ];
  const cursor = RingReader.open(storage).cursor(COUNTERS);
  const values: number[][] = [];
  for (const [array, stride] of [
    [a, 3],
    [a, 3],
    [b, 4],
    [b, 2],
  ] as const) {
    writer.appendColumns(COUNTERS, { ...SWEEP, columns: array, stride });
    for (let step = cursor.next(); step !== null; step = cursor.next()) {
      if (step === 'columns') values.push(cursor.columns.map((column) => column[1]!));
    }
  }
  expect(values).toEqual([
    [1, 4, 7],
    [1, 4, 7],
    [101, 105, 109],
    [101, 103, 105],
  ]);
});

describe('a block', () => {
  it('is ended on request, and the next record begins another', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    recorder.writer.endBlock(EVENTS);
    recorder.record(1n, 1, new Uint8Array(1));
    recorder.writer.endBlock(EVENTS);
    recorder.writer.endBlock(EVENTS);
    recorder.record(2n, 2, new Uint8Array(2));
    const reader = RingReader.open(storage);
    expect(reader.blocks(EVENTS).map(({ firstFrameSequence, baseTimeNs }) => [firstFrameSequence, baseTimeNs])).toEqual(
      [
        [1, 1n],
        [2, 2n],
      ],
    );
    expect(readRing(storage, EVENTS).frames).toEqual(recorder.truth[EVENTS]);
    expect(reader.damage).toEqual([]);
    recorder.writer.close();
    const after = bytesOf(storage);
    recorder.writer.endBlock(EVENTS);
    recorder.writer.close();
    expect(bytesOf(storage)).toEqual(after);
  });

  it('that cannot be ended is told as the last error, and nothing that was stored is lost', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    recorder.record(1n, 1, new Uint8Array(1));
    const { write } = storage;
    storage.write = () => {
      throw new Error('EIO');
    };
    recorder.writer.endBlock(EVENTS);
    expect(recorder.writer.lastError).toMatchObject({ message: 'EIO' });
    expect(recorder.record(2n, 1, new Uint8Array(1))).toEqual({ ok: false, reason: 'write-failed' });
    storage.write = write;
    expect(recorder.record(3n, 1, new Uint8Array(1)).ok).toBe(true);
    const seen = drain(RingReader.open(storage).cursor(EVENTS));
    expect([...seen.frames.keys()]).toEqual([1, 2]);
    expect(seen.lost).toBe(0);
  });
});

it('what waits, gathers and is flushed is asked of the storage', () => {
  const storage = memory(8);
  const calls: string[] = [];
  for (const name of ['settle', 'flush', 'flushBehind', 'close'] as const) storage[name] = () => calls.push(name);
  storage.gather = (...gathers: unknown[]) => calls.push(`gather ${gathers[0]}`);
  const { writer } = new Recorder(storage);
  writer.gather(true);
  writer.gather(false);
  writer.settle();
  writer.flush();
  writer.appendRecord(EVENTS, 1n, 1, new Uint8Array(60_000));
  writer.appendRecord(EVENTS, 1n, 1, new Uint8Array(60_000));
  expect(calls).toEqual(['gather true', 'gather false', 'settle', 'flush', 'flushBehind']);
  storage.flush = () => {
    throw new Error('the disk failed');
  };
  expect(() => writer.close()).toThrow('the disk failed');
  expect(calls.at(-1)).toBe('close');
});

it('memory is written inside of its bounds, and read as far as it goes', () => {
  const storage = new SharedStorage(new SharedArrayBuffer(16));
  expect(() => storage.write(10, new Uint8Array(8), 0, 7)).toThrow(
    new RangeError('Expected a write inside the ring, found offset 10'),
  );
  storage.write(10, Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7), 1, 6);
  const into = new Uint8Array(8).fill(9);
  expect([storage.read(12, into, 2, 6), ...into]).toEqual([4, 9, 9, 3, 4, 5, 6, 9, 9]);
  expect([storage.read(16, into, 0, 4), storage.read(99, into, 0, 4), storage.read(0, into, 0, 0)]).toEqual([0, 0, 0]);
  storage.commit(8, 0x01020304, 0xf5060708);
  expect([storage.read(8, into, 0, 8), ...into]).toEqual([8, 4, 3, 2, 1, 8, 7, 6, 0xf5]);
});
