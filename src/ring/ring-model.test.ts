import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RingReader } from './ring-reader.js';
import { COUNTERS, copyOf, DEEP, drain, EVENTS, memory, noneSeen, Recorder, type Seen } from './rings.fixture.js';
import type { SharedStorage } from './shared-storage.js';

const slot = fc.oneof({ weight: 9, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: fc.nat(3000) });
const value = fc.oneof(
  fc.constantFrom(0, -0, Number.NaN, 4096, 8192, 2 ** 53, 1e7, Number.POSITIVE_INFINITY),
  fc.nat(1000).map((pages) => pages * 4096),
  fc.double(),
);
const columnRing = fc.constantFrom(COUNTERS, DEEP);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('label' as const),
      ring: columnRing,
      slot,
      label: fc.string({ minLength: 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), ring: columnRing, slot }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('sweep' as const),
      ring: columnRing,
      time: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
      near: fc.boolean(),
      scalar: value,
      values: fc.array(value, { minLength: 1, maxLength: 9 }),
      rows: fc.array(slot),
      status: fc.nat(254),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('record' as const), size: fc.nat(30_000), type: fc.nat(65_535) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('read' as const) }) },
  // Ended in order, and gone on with.
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const), trim: fc.boolean() }) },
  // Killed `after` so many more writes to the storage, and gone on with.
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), after: fc.nat(8), value }) },
);

/** A storage whose writer dies when it is told to: from then on nothing is written, and nobody hears of it. */
class Mortal {
  #left = Number.POSITIVE_INFINITY;

  constructor(storage: SharedStorage) {
    const write = storage.write.bind(storage);
    const commit = storage.commit.bind(storage);
    storage.write = (...words) => {
      this.#live();
      write(...words);
    };
    storage.commit = (...words) => {
      this.#live();
      commit(...words);
    };
  }

  dieAfter(writes: number): void {
    this.#left = writes;
  }

  rise(): void {
    this.#left = Number.POSITIVE_INFINITY;
  }

  #live(): void {
    if (this.#left-- <= 0) throw new Error('killed');
  }
}

it('any course of labels, sweeps, records, laps, crashes and resumptions reads back as the plain model says', {
  timeout: 120_000,
}, () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }), (steps) => {
      const storage = memory(6);
      const mortal = new Mortal(storage);
      const recorder = new Recorder(storage);
      const live = RingReader.open(storage);
      const cursors = [COUNTERS, DEEP, EVENTS].map((ring) => live.cursor(ring));
      const followed: Seen[] = cursors.map(noneSeen);
      let time = 0n;
      for (const act of steps) {
        if (act.do === 'label') recorder.label(act.ring, act.slot, act.label);
        else if (act.do === 'clear') recorder.clear(act.ring, act.slot);
        else if (act.do === 'record') recorder.record(time, act.type, new Uint8Array(act.size).fill(act.type));
        else if (act.do === 'read') cursors.forEach((cursor, ring) => void drain(cursor, followed[ring]));
        else if (act.do === 'reopen') {
          recorder.writer.close({ trim: act.trim });
          recorder.resume();
        } else if (act.do === 'crash') {
          mortal.dieAfter(act.after);
          recorder.sweep(COUNTERS, time, [act.value, 1], () => act.value);
          recorder.sweep(DEEP, time, [act.value], () => act.value, [0, 3, 5]);
          recorder.record(time, 1, new Uint8Array(100));
          mortal.rise();
          recorder.resume();
        } else {
          time = act.near ? time + 1000n : act.time;
          const { values, status } = act;
          const scalars = [act.scalar, 1];
          const rows = act.ring === DEEP ? act.rows : 'all';
          const of = (at: number, c: number) => values[(at + c) % values.length];
          recorder.sweep(
            act.ring,
            time,
            scalars.slice(0, act.ring === DEEP ? 1 : 2),
            of,
            rows,
            (at) => (at + status) % 255,
          );
        }
      }
      cursors.forEach((cursor, ring) => void drain(cursor, followed[ring]));
      const reopened = RingReader.open(copyOf(storage));
      for (const ring of [COUNTERS, DEEP, EVENTS]) {
        const truth = recorder.truth[ring];
        const stats = recorder.writer.stats[ring];
        const dropped = Object.values(stats.dropped).reduce((sum, count) => sum + count, 0);
        expect(stats.attempted).toBe(stats.stored + dropped);
        expect(followed[ring].frames.size + followed[ring].lost).toBe(truth.size);
        for (const [sequence, frame] of followed[ring].frames) expect(frame).toEqual(truth.get(sequence));
        const first = reopened.blocks(ring)[0]?.firstFrameSequence ?? 1;
        expect(drain(reopened.cursor(ring)).frames).toEqual(new Map([...truth].filter(([at]) => at >= first)));
      }
      expect(reopened.damage).toEqual([]);
      expect(live.damage).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
