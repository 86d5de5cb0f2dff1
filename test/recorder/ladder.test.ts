/** Older stretches that keep last, least and most: read back and compared with a plain model of what was put in. */
import { describe, expect, it } from 'vitest';
import { exportCsv } from '../../src/export/csv.js';
import { columnOf } from '../../src/recording/frame.js';
import { FrameWalk, Kind } from '../../src/recording/frame-walk.js';
import { openSharedRecording } from '../../src/recording/recording.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import { SharedStorage } from '../../src/ring/shared-storage.js';
import { METRICS, type MetricName, Status } from '../../src/schema.js';
import { Author, METADATA, MONOTONIC, SECOND, START, someone, unixOf } from './synthetic.js';

const KEEP = 'full:10s,1s:5m,1m:2h';
const TICKS_PER_SECOND = 10;
const MINUTE = 60n * SECOND;

/** What one process had at each tick, NaN where nothing was measured. */
interface Model {
  readonly pid: number;
  readonly rss: Map<number, number>;
  readonly pss: Map<number, number>;
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** Twenty minutes of a few processes whose memory moves all the time, in a ring that holds a fraction of it in ticks. */
function record(seconds: number) {
  const author = new Author({ sizeBytes: 1.25 * 2 ** 20, metadata: { keep: KEEP } });
  const next = random(7);
  const models = new Map<number, Model>();
  const slots = Array.from({ length: 24 }, (_, slot) => slot);
  const pidOf = new Map<number, number>();
  let pid = 100;
  const born = (slot: number) => {
    pidOf.set(slot, pid);
    models.set(pid, { pid, rss: new Map(), pss: new Map() });
    author.arrive(slot, someone(pid++));
  };
  for (const slot of slots) born(slot);
  for (let tick = 0; tick < seconds * TICKS_PER_SECOND; tick++) {
    // Slot 0 changes hands in the middle of seconds, slot 1 is not measured for whole seconds.
    if (tick % 37 === 36) {
      author.set(0, {}, Status.gone);
      author.sweep();
      // All others are what they were.
      for (const slot of slots.slice(1)) {
        const { rss } = models.get(pidOf.get(slot)!)!;
        if (rss.has(tick - 1)) rss.set(tick, rss.get(tick - 1)!);
      }
      author.depart(0);
      born(0);
      continue;
    }
    for (const slot of slots) {
      const value = Math.floor(next() * 1000) * 4096;
      if (slot === 1 && Math.floor(tick / 25) % 2 === 1) {
        author.set(slot, {}, Status.denied);
        continue;
      }
      author.set(slot, { rss: value, threads: slot });
      models.get(pidOf.get(slot)!)!.rss.set(tick, value);
    }
    author.sweep();
    if (tick % 17 === 0) {
      const value = Math.floor(next() * 1000) * 1024;
      author.deep([2], { pss: value });
      models.get(pidOf.get(2)!)!.pss.set(tick, value);
    }
    if (tick % 100 === 0) {
      const at = author.nowNs;
      author.writer.clock({ monotonicNs: at, realNs: at - MONOTONIC + START, boottimeNs: at });
    }
  }
  author.close();
  return { recording: author.open(), models, stats: author.writer.stats };
}

/** Last, least and most per interval, as anybody would compute them. */
function aggregated(values: Map<number, number>, everyNs: bigint) {
  const out = new Map<bigint, { last: number; min: number; max: number }>();
  for (const [tick, value] of values) {
    const time = unixOf(tick);
    const key = time - (time % everyNs);
    const held = out.get(key);
    out.set(key, {
      last: value,
      min: Math.min(value, held?.min ?? value),
      max: Math.max(value, held?.max ?? value),
    });
  }
  return out;
}

const SECONDS = 20 * 60;
const { recording, models, stats } = record(SECONDS);
const NAMES: MetricName[] = ['rss', 'pss'];
/** Each series is a walk over the whole recording: some that were there all the time, some of those that came and went. */
const sample = [...models.values()].filter(({ pid }) => [101, 102, 105, 123, 124, 130, 200, 400].includes(pid));
/** The first whole minute of the real clock. */
const FULL_MINUTE = START - (START % MINUTE) + MINUTE;

describe('what the ladder of a recording holds', () => {
  const [coarse, middle, ticks] = recording.walks();
  const firstOf = (walk: typeof ticks) => {
    for (let step = walk!.next(); step !== null; step = walk!.next()) if (step === 'frame') return walk!.startNs;
    return -1n;
  };
  const begins = [coarse, middle, ticks].map((walk) => firstOf(walk) - MONOTONIC + START);

  it('has wrapped, ticks and seconds both, and goes back to the start by minutes', () => {
    expect([coarse, middle, ticks].map((walk) => walk!.stepNs)).toEqual([MINUTE, SECOND, 0n]);
    expect(begins[0]).toBe(START);
    expect(begins[1]).toBeGreaterThan(START);
    expect(begins[2]).toBeGreaterThan(begins[1]!);
    for (const ring of stats) for (const count of Object.values(ring.dropped)) expect(count).toBe(0);
  });

  it.each(['last', 'min', 'max'] as const)('gives the exact %s of each minute of every process', (agg) => {
    let compared = 0;
    for (const { pid, ...values } of sample) {
      for (const name of NAMES) {
        const expected = aggregated(values[name as 'rss'], MINUTE);
        const series = recording.series(someone(pid), name, { every: MINUTE, agg });
        expect([...series.timeNs]).toEqual([...expected.keys()]);
        series.timeNs.forEach((time, index) => {
          expect(series.value[index]).toBe(expected.get(time)![agg]);
          compared++;
        });
      }
    }
    expect(compared).toBeGreaterThan(4 * (SECONDS / 60));
  });

  it('gives the exact seconds where minutes are not all that is left', () => {
    const from = begins[1]! + SECOND - (begins[1]! % SECOND);
    for (const agg of ['last', 'min', 'max'] as const) {
      const expected = aggregated(models.get(105)!.rss, SECOND);
      const series = recording.series(someone(105), 'rss', { every: SECOND, agg, from });
      expect(series.value.length).toBe([...expected.keys()].filter((time) => time >= from).length);
      series.timeNs.forEach((time, index) => {
        expect(series.value[index]).toBe(expected.get(time)![agg]);
      });
    }
  });

  it('has nothing where nothing was measured, and says why', () => {
    const { timeNs, value, status } = recording.series(someone(101), 'rss', {
      from: begins[1]!,
      to: begins[2]! - SECOND,
    });
    const absent = [...value.keys()].filter((index) => Number.isNaN(value[index]!));
    // How long seconds are all that is left follows from what a tick takes in the file.
    expect(absent.length).toBeGreaterThan(50);
    for (const index of absent) expect(status[index]).toBe(Status.denied);
    for (const [index, time] of timeNs.entries()) {
      const seen = aggregated(models.get(101)!.rss, SECOND).has(time - (time % SECOND));
      expect(Number.isNaN(value[index]!)).toBe(!seen);
    }
  });

  it('knows the processes that are only in old steps', () => {
    const seen = recording.processes();
    expect(seen.map(({ pid }) => pid).sort((a, b) => a - b)).toEqual([...models.keys()]);
    expect(seen.find(({ pid }) => pid === 100)).toMatchObject({ departed: expect.any(Boolean), firstNs: START });
  });

  it('answers for an instant by the finest ring that has it', () => {
    const old = recording.at(START + 90n * SECOND)!;
    expect(old).toMatchObject({ timeNs: FULL_MINUTE, stepNs: MINUTE });
    const expected = aggregated(models.get(105)!.rss, MINUTE).get(FULL_MINUTE)!;
    expect(old.processes.find(({ pid }) => pid === 105)!.values.rss).toBe(expected.last);
    expect(recording.at(begins[1]! + 10n * SECOND)).toMatchObject({ stepNs: SECOND });
    expect(recording.at(unixOf(SECONDS * 10 - 5))).toMatchObject({ stepNs: 0n, timeNs: unixOf(SECONDS * 10 - 5) });
    expect(recording.at(START - 1n)).toBeUndefined();
  });

  it('is exported: one row per process and step, then per tick, with the least where it is asked for', () => {
    const rows = (agg: 'last' | 'min') =>
      [...exportCsv(recording, { pids: [105], metrics: ['rss'], agg, to: START + 119n * SECOND })]
        .join('')
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(','));
    const expected = [...aggregated(models.get(105)!.rss, MINUTE)].slice(0, 3);
    const startOf = (minute: bigint) => String(minute < START ? START : minute);
    expect(rows('last').map(([time, , , , rss]) => [time, rss])).toEqual(
      expected.map(([time, { last }]) => [startOf(time), `${last}`]),
    );
    expect(rows('min').map(([time, , , , rss]) => [time, rss])).toEqual(
      expected.map(([time, { min }]) => [startOf(time), `${min}`]),
    );
  });

  it('counts rows once, though they are in a tick, a second and a minute', () => {
    const { coverage, ticks: counted } = recording.summary();
    expect(counted.missed).toBe(0);
    expect(coverage.attempted).toBeLessThan(counted.recorded * 26);
  });
});

describe('a ladder whose writer', () => {
  it('goes on goes on too, and another ladder is refused', () => {
    const author = new Author({ sizeBytes: 3 * 2 ** 20, metadata: { keep: KEEP } });
    author.arrive(0, someone(1));
    for (let tick = 0; tick < 35; tick++) {
      author.set(0, { rss: (tick + 1) * 4096 });
      author.sweep();
    }
    author.close();
    const now = { monotonicNs: author.nowNs, realNs: unixOf(35), boottimeNs: 0n };
    const storage = new SharedStorage(author.buffer);
    expect(() => RecordingWriter.resume(storage, { ...METADATA, keep: 'full:1h' }, now, () => {})).toThrow(
      /with --keep full:10s,1s:5m,1m:2h/,
    );
    const writer = RecordingWriter.resume(new SharedStorage(author.buffer), METADATA, now, () => {});
    writer.arrive(now.monotonicNs, 0, someone(1));
    for (let tick = 0; tick < 10; tick++) {
      author.set(0, { rss: 77 * 4096 });
      const at = now.monotonicNs + BigInt(tick) * (SECOND / 10n);
      const scalars = { tick, lateness: 0, ownCpu: 0, ownRss: 0, missedTicks: 0, statEvery: 1 };
      writer.counters(at, at + 5n, scalars, author.counters);
    }
    writer.close(now.monotonicNs + SECOND, 'stopped', false);
    using again = openSharedRecording(author.buffer);
    const walk = again.walks().find(({ stepNs }) => stepNs === 0n)!;
    expect(walk).toBeDefined();
    const { value } = again.series(someone(1), 'rss', { every: SECOND, agg: 'max' });
    expect([...value]).toEqual([10, 20, 30, 77, 77].map((pages) => pages * 4096));
  });

  it('is told of half of the rows by stat takes the others for not measured', () => {
    const author = new Author({ sizeBytes: 3 * 2 ** 20, metadata: { keep: 'full:10s,1s:5m' } });
    for (const slot of [0, 1]) author.arrive(slot, someone(slot + 1));
    for (let tick = 0; tick < 30; tick++) {
      // In the rows that were left out the columns hold what an earlier tick read: here a trap.
      for (const slot of [0, 1]) author.set(slot, { rss: 4096, minorFaults: slot === tick % 2 ? 5 : 999 });
      author.sweep({ statEvery: 2 });
    }
    author.close();
    using recorded = author.open();
    const walk = new FrameWalk(recorded.ring, {}, SECOND);
    const faults = columnOf('minorFaults').place;
    let steps = 0;
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step !== 'frame') continue;
      steps++;
      for (const slot of [0, 1]) {
        for (const kind of Object.values(Kind)) expect(walk.counter(faults, slot, kind)).toBe(5);
      }
    }
    expect(steps).toBe(3);
  });
});

describe('the rings of a ladder', () => {
  it('name every metric that the engine reads three times', () => {
    const names = recording.rings.find(({ name }) => name === 'counters/1s')!.columns.map(({ name }) => name);
    const counters = METRICS.filter(({ tier, engines }) => tier === 'counters' && engines === 'all').map(
      ({ name }) => name as string,
    );
    expect(names).toEqual(counters.flatMap((name) => [name, `${name}.min`, `${name}.max`]));
  });
});
