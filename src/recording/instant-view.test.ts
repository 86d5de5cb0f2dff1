/** Views of instants against a plain walk over the whole recording, frame by frame. */
import { describe, expect, it } from 'vitest';
import { Author, MONOTONIC, SECOND, someone } from '../../test/recorder/synthetic.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, Status } from '../schema.js';
import { InstantView, MergedRecordingError } from './instant-view.js';
import { openSharedRecording, type Recording } from './recording.js';

/** Everything of one frame, as text. */
type Frame = { readonly startNs: bigint; readonly rows: readonly string[] };

/** A generator that gives the same numbers each time. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/** Processes that come, go, and give their slots to others; deep reads now and then, some denied, one of them once. */
function author(ticks: number, sizeBytes = 2 ** 22): Author {
  const random = randomFrom(7);
  const made = new Author({ sizeBytes });
  const slots = 40;
  const born: number[] = [];
  for (let slot = 0; slot < slots; slot++) made.arrive(slot, someone(100 + slot));
  for (let tick = 0; tick < ticks; tick++) {
    const reused = Math.floor(random() * slots);
    if (tick % 97 === 50 && reused !== 3) {
      made.depart(reused);
      made.arrive(reused, someone(1000 + tick));
      born[reused] = tick;
    }
    for (let slot = 0; slot < slots; slot++) {
      if (random() < 0.7)
        made.set(slot, { rss: 4096 * Math.floor(random() * 1e6), userTime: tick * 1e7, threads: 1 + slot });
    }
    if (tick % 200 === 9) made.set(5, {}, Status.noMm);
    made.sweep({ missed: tick % 151 === 150 ? 3 : 0 });
    const read = Array.from({ length: 3 }, () => Math.floor(random() * slots)).filter((slot) => slot !== 3);
    const chosen = [...new Set(read)].sort((a, b) => a - b);
    if (tick % 3 === 0) made.deep(chosen, { pss: 1024 * tick, uss: 1024 * Math.floor(random() * 1e5) });
    if (tick === 2) made.deep([3], {}, Status.denied);
    if (tick % 31 === 30) made.deep([chosen[0] ?? 1], {}, Status.timeout);
  }
  return made;
}

function plainFrames(recording: Recording): Frame[] {
  const frames: Frame[] = [];
  for (const walk of recording.walks()) {
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step !== 'frame') continue;
      const { slots, count } = walk.rows;
      const rows = Array.from(slots.subarray(0, count), (slot) => {
        const counters = COUNTER_COLUMNS.map((_, column) => walk.counter(column, slot));
        const reads = ROLLUP_COLUMNS.map((_, column) => walk.rollup(column, slot));
        return [walk.key(slot), walk.status(slot), ...counters, ...reads, walk.rollupAgeNs(slot) ?? '-'].join(' ');
      });
      frames.push({ startNs: walk.startNs, rows });
    }
  }
  return frames;
}

function viewed(view: InstantView): Frame {
  expect(view.findReads()).toBe(true);
  const { frame } = view;
  const { slots, count } = frame.rows;
  const rows = Array.from(slots.subarray(0, count), (slot) => {
    const counters = COUNTER_COLUMNS.map((_, column) => frame.counter(column, slot));
    const reading = view.reading(frame.key(slot)!);
    const reads = ROLLUP_COLUMNS.map((_, column) => reading?.values[column] ?? Number.NaN);
    const age = reading && view.ageNs(reading);
    return [frame.key(slot), frame.status(slot), ...counters, ...reads, age ?? '-'].join(' ');
  });
  return { startNs: frame.startNs, rows };
}

describe.each([0, 3, 64])('a view of an instant that keeps %i frames', (mostKept) => {
  const viewOf = (recording: Recording) => new InstantView(recording, undefined, mostKept);

  it('has what a walk from the begin has there, wherever it is moved to', () => {
    const made = author(2400);
    made.close();
    const recording = made.open();
    expect(recording.ring.blocks(0).length).toBeGreaterThan(3);
    const frames = plainFrames(recording);
    const view = viewOf(recording);
    const random = randomFrom(3);
    for (let round = 0; round < 40; round++) {
      const index = Math.floor(random() * frames.length);
      const frame = frames[index]!;
      expect(view.moveTo(frame.startNs + BigInt(Math.floor(random() * 9e7)))).toBe(true);
      expect(viewed(view)).toEqual(frame);
    }
    expect(view.moveTo(frames[0]!.startNs)).toBe(true);
    expect(viewed(view)).toEqual(frames[0]);
    expect(view.moveTo(frames[0]!.startNs - 1n)).toBe(false);
    expect(viewed(view)).toEqual(frames[0]);
  });

  it('is the same wherever it came from', () => {
    const made = author(1500);
    made.close();
    const recording = made.open();
    const frames = plainFrames(recording);
    const view = viewOf(recording);
    const random = randomFrom(11);
    let at = 700;
    view.moveTo(frames[at]!.startNs);
    for (let round = 0; round < 400; round++) {
      const chance = random();
      if (chance < 0.45) at -= view.step(-1) ? 1 : 0;
      else if (chance < 0.8) at += view.step(1) ? 1 : 0;
      else {
        const by = Math.floor(random() * 20) - 10;
        at = chance < 0.98 ? Math.min(Math.max(at + by, 0), frames.length - 1) : Math.floor(random() * frames.length);
        expect(view.moveTo(frames[at]!.startNs)).toBe(true);
      }
      expect(viewed(view)).toEqual(frames[at]);
    }
  });

  it('goes forward and back tick by tick, over the edges of blocks', () => {
    const made = author(1500);
    made.close();
    const recording = made.open();
    const frames = plainFrames(recording);
    const edges = recording.ring.blocks(0).map(({ baseTimeNs }) => baseTimeNs);
    for (const edge of edges.slice(1)) {
      const index = frames.findIndex(({ startNs }) => startNs >= edge);
      const view = viewOf(recording);
      view.moveTo(frames[index - 3]!.startNs);
      for (let at = index - 3; at < index + 3; at++) {
        expect(viewed(view)).toEqual(frames[at]);
        expect(view.step(1)).toBe(true);
      }
      for (let at = index + 3; at > index - 4; at--) {
        expect(viewed(view)).toEqual(frames[at]);
        expect(view.step(-1)).toBe(true);
      }
    }
    const view = viewOf(recording);
    view.moveTo(frames.at(-1)!.startNs);
    expect(view.step(1)).toBe(false);
    expect(viewed(view)).toEqual(frames.at(-1));
    view.moveTo(frames[0]!.startNs);
    expect(view.step(-1)).toBe(false);
    expect(viewed(view)).toEqual(frames[0]);
  });

  it('can be stopped while it looks for reads, and finds the same in the end', () => {
    const made = author(2400);
    made.close();
    const recording = made.open();
    const frames = plainFrames(recording);
    const view = viewOf(recording);
    view.moveTo(frames.at(-2)!.startNs);
    // The one that was denied once, four minutes ago.
    expect(view.findReads(0)).toBe(false);
    let rounds = 1;
    while (!view.findReads(0)) rounds++;
    expect(rounds).toBeGreaterThan(1);
    expect(view.reading(view.frame.key(3)!)?.status).toBe(Status.denied);
    expect(viewed(view)).toEqual(frames.at(-2));
  });

  it('is of what is left where frames are damaged, and steps over what is lost', () => {
    const made = author(1800);
    made.close();
    const bytes = new Uint8Array(made.buffer);
    const [, second, third] = made.open().ring.blocks(0);
    // In the middle of a block, and the header of another.
    bytes.fill(0xa5, second!.offset + 20_000, second!.offset + 20_040);
    bytes.fill(0xa5, third!.offset, third!.offset + 8);
    const recording = openSharedRecording(made.buffer);
    const frames = plainFrames(recording);
    expect(frames.length).toBeLessThan(1800 - 20);
    const view = viewOf(recording);
    view.moveTo(frames[0]!.startNs);
    for (let at = 0; at < frames.length; at += 1) {
      expect(view.frame.startNs).toBe(frames[at]!.startNs);
      if (at % 23 === 0) expect(viewed(view)).toEqual(frames[at]);
      expect(view.step(1)).toBe(at + 1 < frames.length);
    }
    for (let at = frames.length - 1; at > frames.length - 50; at--) {
      expect(view.frame.startNs).toBe(frames[at]!.startNs);
      view.step(-1);
    }
    // An instant in a hole is the last one before it that can be read.
    const gap = frames.findIndex(({ startNs }, at) => at > 0 && startNs - frames[at - 1]!.startNs > SECOND);
    view.moveTo(frames[gap]!.startNs - 1n);
    expect(viewed(view)).toEqual(frames[gap - 1]);
    const hole = view.finder.hole(MONOTONIC, 1)!;
    expect(hole.lost).toBeGreaterThan(0);
    const second2 = view.finder.hole(hole.toNs, 1)!;
    expect(second2.lost).toBeGreaterThan(100);
    expect(view.finder.hole(second2.toNs, 1)).toBeUndefined();
    expect(view.finder.hole(second2.toNs, -1)).toEqual(hole);
    expect(view.finder.hole(hole.toNs, -1)).toBeUndefined();
  });

  it('follows a recording that is being written', () => {
    const made = author(500);
    const recording = made.open();
    const view = viewOf(recording);
    view.moveTo(made.nowNs);
    const before = view.frame.startNs;
    expect(view.step(1)).toBe(false);
    made.set(1, { rss: 4096, threads: 7 });
    made.sweep();
    made.deep([1], { pss: 2048 });
    expect(view.step(1)).toBe(true);
    expect(view.frame.startNs).toBeGreaterThan(before);
    expect(viewed(view)).toEqual(plainFrames(recording).at(-1));
  });

  it('goes from the steps of the older past over into ticks, and back', () => {
    const made = new Author({ sizeBytes: 1.25 * 2 ** 20, metadata: { keep: 'full:10s,1s:5m,1m:2h' } });
    const random = randomFrom(11);
    for (let slot = 0; slot < 24; slot++) made.arrive(slot, someone(100 + slot));
    for (let tick = 0; tick < 4000; tick++) {
      for (let slot = 0; slot < 24; slot++) made.set(slot, { rss: 4096 * Math.floor(random() * 1e5), threads: slot });
      made.sweep();
      if (tick % 17 === 0) made.deep([2], { pss: 1024 * tick });
    }
    made.close();
    const recording = made.open();
    const frames = plainFrames(recording);
    const view = viewOf(recording);
    view.moveTo(frames[0]!.startNs);
    expect(view.frame.stepNs).toBeGreaterThan(0n);
    const passed = new Set<bigint>();
    for (let at = 0; at < frames.length; at++) {
      passed.add(view.frame.stepNs);
      if (at % 13 === 0) expect(viewed(view)).toEqual(frames[at]);
      expect(view.frame.startNs).toBe(frames[at]!.startNs);
      expect(view.step(1)).toBe(at + 1 < frames.length);
    }
    expect(passed.has(0n) && passed.size > 1).toBe(true);
    const edge =
      frames.length -
      1 -
      [...frames].reverse().findIndex(({ startNs }, at, all) => at > 0 && all[at - 1]!.startNs - startNs >= SECOND);
    view.moveTo(frames[edge + 2]!.startNs);
    for (let at = edge + 2; at > edge - 3; at--) {
      expect(viewed(view)).toEqual(frames[at]);
      view.step(-1);
    }
  });

  it('refuses ticks of several hosts', () => {
    const sources = [
      { hostname: 'a', bootId: '' },
      { hostname: 'b', bootId: '' },
    ];
    const made = new Author({ metadata: { sources: sources as never } });
    expect(() => viewOf(made.open())).toThrow(MergedRecordingError);
  });
});
