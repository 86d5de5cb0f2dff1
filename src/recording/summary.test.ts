/** What a recording holds and lacks must add up, also when the ring is full, cut, or still being written. */
import { truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Author, METADATA, someone, unixOf } from '../../test/recorder/synthetic.js';
import { scratch } from '../../test/recorder/workload.js';
import { FileStorage } from '../ring/file-storage.js';
import { SharedStorage } from '../ring/shared-storage.js';
import { Status } from '../schema.js';
import { NotARecordingError } from './format.js';
import { openRecording, Recording } from './recording.js';
import type { RecordingSummary } from './summary.js';

function expectSums({ ticks, coverage }: RecordingSummary): void {
  expect(ticks.expected).toBe(ticks.recorded + ticks.missed);
  const dropped = Object.values(coverage.dropped).reduce((sum, rows) => sum + rows, 0);
  expect(coverage.attempted).toBe(coverage.stored + dropped);
}

describe('a summary', () => {
  it('counts ticks, points and rows by their fate', () => {
    const author = new Author();
    author.arrive(0, someone(1));
    author.arrive(1, someone(2));
    author.set(0, { rss: 4096, threads: 1 });
    author.set(1, { userTime: 0 }, Status.noMm);
    author.sweep({ latenessNs: 1000, ownCpuNs: 5e6 });
    author.deep([0, 1], { pss: 1 }, Status.ok);
    author.set(1, {}, Status.denied);
    author.sweep({ missed: 3, latenessNs: 9_000_000, ownCpuNs: 30e6 });
    author.deep([0], {}, Status.timeout);
    author.writer.dropped(author.nowNs, 'counters', 'key-too-large', 7);
    author.writer.event(author.nowNs, { type: 'audit', checked: 3, mismatches: 1 });
    author.writer.event(author.nowNs, { type: 'audit', checked: 8, mismatches: 2 });
    // Ticks that were missed after the last frame are missed too.
    author.writer.event(author.nowNs + 1n, { type: 'gap', reason: 'late', ticks: 2, rows: 4 });
    author.close();
    const summary = author.open().summary();
    expectSums(summary);
    expect(summary).toMatchObject({
      ticks: { hz: 10, expected: 7, recorded: 2, missed: 5, latenessMs: { p50: 0.001, p99: 9, max: 9 } },
      // From the first sweep until it was closed.
      durationSeconds: 0.5,
      processes: { max: 2, seen: 2 },
      // rss, threads | userTime | pss twice | rss, threads: a zero is a value.
      points: 7,
      coverage: { stored: 5, dropped: { denied: 1, timeout: 1, 'missed-tick': 10, 'key-too-large': 7 } },
      audit: { checked: 8, mismatches: 2 },
      damage: [],
    });
    expect(summary.self).toMatchObject({ cpuSeconds: 0.03, residentBytes: 1e6, usPerProcessPerTick: 7500 });
    expect(summary.self.cpuShareOfOneCore).toBeCloseTo(0.03 / summary.durationSeconds, 9);
  });

  it('of a part has no more CPU time by deep reads than in all', () => {
    const author = new Author({ metadata: { cut: { from: '', to: '' } } });
    author.arrive(0, someone(1));
    author.set(0, { rss: 4096 });
    for (const [ownCpuNs, deepCpuNs] of [
      [50e6, 10e6],
      [60e6, 30e6],
    ] as const) {
      author.sweep({ ownCpuNs, deepCpuNs });
    }
    author.close();
    const { self, durationSeconds } = author.open().summary();
    expect(self.cpuSeconds).toBeCloseTo(0.01, 9);
    expect(self.deepShareOfOneCore).toBeCloseTo(0.01 / durationSeconds, 9);
  });

  it('of nothing has no numbers that would have to be made up', () => {
    const author = new Author();
    author.close();
    const summary = author.open().summary();
    expectSums(summary);
    expect(summary).toMatchObject({
      ticks: { expected: 0, recorded: 0, missed: 0, latenessMs: { p50: null, p99: null, max: null } },
      durationSeconds: 0,
      points: 0,
      processes: { max: 0, seen: 0 },
      self: { cpuShareOfOneCore: 0, usPerProcessPerTick: 0 },
    });
    expect(author.open().at(unixOf(1))).toBeUndefined();
    expect(author.open().endNs).toBe(unixOf(0));
  });
});

/** Far more than a ring of 2 MiB can hold: every value of many processes moves at each tick. */
function writeFull(author: Author, ticks: number): void {
  for (let slot = 0; slot < 60; slot++) author.arrive(slot, someone(slot + 1));
  for (let tick = 0; tick < ticks; tick++) {
    for (let slot = 0; slot < 60; slot++) {
      const noise = (tick * 7919 + slot * 104_729) % 1_000_003;
      author.set(slot, { rss: noise * 4096, vsize: tick * 4096, minorFaults: noise, userTime: noise * 1e7 });
    }
    author.sweep({ ownCpuNs: tick * 1e6 });
    if (tick % 2 === 0) author.deep([tick % 60], { pss: tick * 1024, uss: 1024 });
  }
}

describe('a ring that is full', () => {
  const author = new Author({ sizeBytes: 2 ** 21 });
  writeFull(author, 6000);
  author.close();
  const recording = author.open();

  it('holds the newest, whole, and counts what it holds', () => {
    const summary = recording.summary();
    expectSums(summary);
    expect(summary.damage).toEqual([]);
    expect(summary.ticks.missed).toBe(0);
    expect(summary.ticks.recorded).toBeGreaterThan(500);
    expect(summary.ticks.recorded).toBeLessThan(6000);
    const frames = [...recording.frames()].map((frame) => (frame.kind === 'frame' ? frame.tick : -1));
    expect(frames.at(-1)).toBe(5999);
    expect(frames).toEqual(Array.from({ length: frames.length }, (_, index) => frames[0]! + index));
    expect(summary.ticks.recorded).toBe(frames.length);
    // Its own cost is that of what it still holds.
    expect(summary.self.cpuSeconds).toBeCloseTo((frames.length - 1) / 1e3, 6);
    expect(summary.processes).toEqual({ max: 60, seen: 60 });
    const { timeNs, value } = recording.series({ pid: 8, startTicks: 108 }, 'rss');
    expect(timeNs).toHaveLength(frames.length);
    frames.forEach((tick, index) => {
      expect(value[index]).toBe(((tick * 7919 + 7 * 104_729) % 1_000_003) * 4096);
    });
  });

  it('does not tell reads from before its first frame as reads of that frame', () => {
    const first = recording.frames().next().value!;
    if (first.kind === 'gap') throw new Error('a gap');
    const read = Array.from({ length: first.count }, (_, row) => first.process(row)).filter(
      ({ rollupStatus }) => rollupStatus !== 'not-due',
    );
    expect(read.length).toBeLessThanOrEqual(1);
    expect(recording.at(unixOf(1))).toBeUndefined();
    expect(recording.at(first.timeNs)!.timeNs).toBe(first.timeNs);
  });
});

describe('a file', () => {
  it('reads the same while it is written, and more each time', () => {
    using folder = scratch();
    const path = folder.file('a.tide');
    const author = new Author({ storage: FileStorage.create(path, 2 ** 21) });
    using live = openRecording(path);
    expect(live.summary().ticks.recorded).toBe(0);
    author.arrive(0, someone(1));
    const counts: number[] = [];
    const walk = live.walk();
    let walked = 0;
    for (let tick = 0; tick < 300; tick++) {
      author.set(0, { rss: tick * 4096 });
      author.sweep();
      if (tick % 50 !== 0) continue;
      counts.push(live.summary().ticks.recorded);
      expect(live.at(unixOf(1e6))!.timeNs).toBe(unixOf(tick));
      for (let step = walk.next(); step !== null; step = walk.next()) if (step === 'frame') walked++;
      expect(walked).toBe(tick + 1);
      expect(live.endNs).toBe(unixOf(tick));
    }
    expect(counts).toEqual([1, 51, 101, 151, 201, 251]);
    author.close(true);
    expect(live.summary()).toMatchObject({ damage: [], ticks: { recorded: 300 } });
    using closed = openRecording(path);
    expect(closed.sizeBytes).toBeLessThan(2 ** 21);
    expect(closed.summary()).toMatchObject({ damage: [], ticks: { recorded: 300, missed: 0 } });
  });

  it('that is cut says so, and gives what is left', () => {
    using folder = scratch();
    const path = folder.file('a.tide');
    const author = new Author({ storage: FileStorage.create(path, 2 ** 21) });
    writeFull(author, 900);
    author.close();
    truncateSync(path, 2 ** 20);
    using recording = openRecording(path);
    const summary = recording.summary();
    expectSums(summary);
    expect(summary.damage.length).toBeGreaterThan(0);
    expect(summary.damage).toContainEqual(expect.objectContaining({ reason: 'truncated', offset: 2 ** 20 }));
    expect(summary.ticks.recorded).toBeGreaterThan(100);
    for (const one of recording.processes()) recording.series(one, 'rss');
    expect(recording.at(unixOf(1e6))).toBeDefined();
  });

  it('whose newest block is damaged still knows the state before', () => {
    const author = new Author({ sizeBytes: 2 ** 21 });
    writeFull(author, 400);
    author.close();
    const before = Recording.open(new SharedStorage(author.buffer)).summary();
    // The first frame of the newest block of counters: all of the block depends on it.
    const text = Buffer.from(author.buffer);
    let newest = -1;
    for (let at = text.indexOf('TBLK'); at >= 0; at = text.indexOf('TBLK', at + 1)) {
      if (text.readUInt32LE(at + 16) === 0) newest = at;
    }
    expect(newest).toBeGreaterThan(0);
    text.fill(0xff, newest + 64, newest + 96);
    const recording = Recording.open(new SharedStorage(author.buffer));
    const after = recording.summary();
    expect(after.damage.length).toBeGreaterThan(0);
    expect(after.ticks.recorded).toBeLessThan(before.ticks.recorded);
    expect(recording.at(unixOf(1e6))).toBeDefined();
    expect(recording.endNs).toBe(recording.at(unixOf(1e6))!.timeNs);
  });

  it('that is something else is named', () => {
    using folder = scratch();
    for (const [name, content] of [
      ['empty', ''],
      ['text', 'hello\n'.repeat(1000)],
      ['zeros', Buffer.alloc(100_000)],
    ] as const) {
      writeFileSync(folder.file(name), content);
      expect(() => openRecording(folder.file(name))).toThrow();
    }
    expect(() => openRecording(folder.path)).toThrow(/not a regular file/);
    const metadata = { ...METADATA, startedAt: { monotonicNs: 'x', realNs: '1', boottimeNs: '' } };
    const author = new Author({ metadata });
    expect(() => author.open()).toThrow(NotARecordingError);
    expect(() => new Author({ metadata: { hz: 0 } }).open()).toThrow(NotARecordingError);
    expect(() => new Author({ metadata: { format: 'other' as never } }).open()).toThrow(/does not hold a recording/);
  });
});
