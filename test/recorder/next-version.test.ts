/**
 * A recording as a later version may write it: more rings, columns, scalars, label bytes and metadata, events and frames of
 * unknown kinds, a larger version in the header. This version reads of it what it knows, and says that there is more.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { TierColumns } from '../../src/engine/tier-columns.js';
import { Recording } from '../../src/recording/recording.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import type { AppendResult } from '../../src/ring/append-result.js';
import type { BlockWriter } from '../../src/ring/block-writer.js';
import type { SweepColumns } from '../../src/ring/columns-encoder.js';
import { FILE_HEADER, FORMAT_MAJOR } from '../../src/ring/layout.js';
import { RingReader } from '../../src/ring/ring-reader.js';
import { RingWriter, type RingWriterOptions } from '../../src/ring/ring-writer.js';
import { SharedStorage } from '../../src/ring/shared-storage.js';
import type { Storage } from '../../src/ring/storage.js';
import { COUNTER_COLUMNS } from '../../src/schema.js';
import { readTwice } from '../tide-reader/second-reader.js';
import { runTidemark } from '../tidemark-process.js';
import { Author, METADATA, MONOTONIC, SECOND, START, someone } from './synthetic.js';

const UNKNOWN_KIND = 77;
const UNKNOWN_EVENT = 999;
const TICKS = 60;
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-next-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => void vi.restoreAllMocks());

/** The same content, as this version writes it or, with `isNext`, as a later one may. */
function write(isNext: boolean): Uint8Array {
  const writer = isNext ? becomeNext() : undefined;
  const author = new Author({ sizeBytes: 2 ** 20 });
  author.arrive(0, someone(10, 'alpha'));
  author.arrive(3, someone(20, 'beta'));
  for (let tick = 0; tick < TICKS; tick++) {
    author.set(0, { rss: 4096 * (tick % 7), threads: 1 + (tick % 2) });
    author.set(3, { rss: 4096 * tick, userTime: 1e7 * tick });
    author.sweep();
    if (tick % 5 === 0) author.deep([0, 3], { pss: 1024 * tick, uss: 512 });
    if (tick % 11 === 0) author.writer.event(author.nowNs, { type: 'mark', name: `at ${tick}` });
    writer?.unknown(author.nowNs);
  }
  author.close();
  return new Uint8Array(author.buffer).slice();
}

/** Makes the ring's writer one of a later version, until the mocks are restored. */
function becomeNext(): { unknown(timeNs: bigint): void } {
  const { create } = RingWriter;
  const { appendColumns, setLabel } = RingWriter.prototype;
  let ring: RingWriter | undefined;
  vi.spyOn(RingWriter, 'create').mockImplementation((storage: Storage, options: RingWriterOptions) => {
    const [counters, ...others] = options.rings;
    const rings = [
      {
        ...counters!,
        columns: [{ name: 'futureMetric', quantum: 3 }, ...counters!.columns],
        scalars: ['futureScalar', ...counters!.scalars],
      },
      ...others,
      { name: 'thinned', share: 5, rows: 'all' as const, columns: [{ name: 'rss', quantum: 1 }], scalars: [] },
      { name: 'commandLines', share: 5, rows: 'none' as const, columns: [], scalars: [] },
    ];
    ring = create.call(RingWriter, storage, {
      ...options,
      rings,
      metadata: { ...options.metadata, future: { deep: [1] } },
    });
    return ring;
  });
  vi.spyOn(RingWriter.prototype, 'appendColumns').mockImplementation(function (
    this: RingWriter,
    at: number,
    sweep: SweepColumns,
  ): AppendResult {
    if (at !== 0) return appendColumns.call(this, at, sweep);
    const known = sweep.columns as readonly Float64Array[];
    const columns = [known[0]!.map((value) => value / 7), ...known];
    return appendColumns.call(this, at, { ...sweep, columns, scalars: Float64Array.of(42, ...sweep.scalars) });
  });
  vi.spyOn(RingWriter.prototype, 'setLabel').mockImplementation(function (this: RingWriter, at, slot, label) {
    setLabel.call(this, at, slot, Uint8Array.of(...label, 9, 9, 9));
  });
  return {
    unknown(timeNs) {
      ring!.appendRecord(ring!.ringId('events'), timeNs, UNKNOWN_EVENT, Uint8Array.of(0xff, 0));
      ring!.appendRecord(ring!.ringId('commandLines'), timeNs, 1, Buffer.from('/bin/true'));
      ring!.rings.forEach((_, at) => {
        appendUnknown(ring!, at);
      });
    },
  };
}

/** Puts a frame of an unknown kind, which counts, into the open block of a ring. */
function appendUnknown(writer: RingWriter, at: number): void {
  const { appenders } = writer as unknown as { appenders: { block: BlockWriter; frameSequence: number }[] };
  const appender = appenders[at]!;
  const frame = new Uint8Array(64).fill(0xab);
  if (!appender.block.isOpen || appender.block.room < frame.length) return;
  appender.block.append(frame, 0, 61, UNKNOWN_KIND, 0, appender.frameSequence++);
}

function withVersion(bytes: Uint8Array, major: number, minor: number): Uint8Array {
  const view = new DataView(bytes.buffer);
  view.setUint16(FILE_HEADER.major, major, true);
  view.setUint16(FILE_HEADER.minor, minor, true);
  const metadata = bytes.subarray(
    FILE_HEADER.metadata,
    FILE_HEADER.metadata + view.getUint32(FILE_HEADER.metadataBytes, true),
  );
  view.setUint32(FILE_HEADER.crc, crc32(metadata, crc32(bytes.subarray(0, FILE_HEADER.crc))), true);
  return bytes;
}

/** All that this version knows to ask. */
function answers(bytes: Uint8Array) {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  const recording = Recording.open(new SharedStorage(buffer));
  const processes = recording.processes();
  const frames = [...recording.frames()].map((frame) =>
    frame.kind === 'gap'
      ? frame
      : {
          tick: frame.tick,
          timeNs: frame.timeNs,
          rows: Array.from({ length: frame.count }, (_, row) => frame.process(row)),
        },
  );
  const series = (['rss', 'threads', 'userTime', 'pss', 'uss'] as const).map((metric) =>
    processes.map((process) => recording.series(process, metric)),
  );
  const { damage } = recording;
  return { processes, frames, series, marks: recording.marks(), damage, lost: recording.lostEvents() };
}

describe('a recording of a later version', () => {
  it.each([
    ['minor', FORMAT_MAJOR, 7],
    ['major', FORMAT_MAJOR + 1, 0],
  ])('a larger %s one: what is known of it is read', async (name, major, minor) => {
    const plain = write(false);
    const next = withVersion(write(true), major, minor);
    expect(answers(plain).frames).toHaveLength(TICKS);
    expect(answers(next)).toEqual(answers(plain));

    const file = path.join(folder, `${name}.tide`);
    writeFileSync(file, next);
    expect(readTwice(file).difference).toBeUndefined();
    const { code, stdout, stderr } = await runTidemark(['info', file]);
    expect([code, stderr]).toEqual([0, '']);
    if (major > FORMAT_MAJOR) expect(stdout).toMatch(new RegExp(`version ${FORMAT_MAJOR + 1}.*frames left out`));
  });
});

describe('a recording of an earlier version', () => {
  it.each([2 ** 16, 2 ** 19])('that was cut into blocks of %d bytes is gone on with in such blocks', (blockBytes) => {
    const storage = new SharedStorage(new SharedArrayBuffer(16384 + 12 * blockBytes));
    const options = { metadata: METADATA, blockBytes, maxSlots: 64 };
    const columns = new TierColumns(COUNTER_COLUMNS, 64);
    const writeTicks = (writer: RecordingWriter, from: number) => {
      writer.arrive(MONOTONIC, 0, someone(10));
      for (let tick = 0; tick < 3000; tick++) {
        columns.columns.forEach((column, index) => {
          column[0] = (tick + from) * 4096 * (index + 1);
        });
        columns.status[0] = 0;
        const at = MONOTONIC + BigInt(from + tick) * SECOND;
        const scalars = { tick, lateness: 0, ownCpu: tick, ownRss: 0, missedTicks: 0, statEvery: 1 };
        writer.counters(at, at + 5n, scalars, columns);
      }
    };
    writeTicks(RecordingWriter.create(storage, options), 0);
    const now = { monotonicNs: MONOTONIC + 3000n * SECOND, realNs: START, boottimeNs: 0n };
    writeTicks(
      RecordingWriter.resume(storage, METADATA, now, () => {}),
      3000,
    );
    const reader = RingReader.open(storage);
    expect(reader.blockBytes).toBe(blockBytes);
    const recording = Recording.open(storage);
    const { value } = recording.series(someone(10), 'rss');
    expect(value.length).toBeGreaterThan(1500);
    expect([...value].reverse()).toEqual(Array.from({ length: value.length }, (_, back) => (5999 - back) * 4096));
    expect(recording.damage).toEqual([]);
  });
});
