/**
 * ring: what it costs to store a point, how small it is, and how fast it is read back, in memory, for 2,000 slots of ten
 * columns.
 *
 * The traps: a frame of values that all change is dear, one of values that all stay is nearly free, and the truth lies
 * between, so each is told by itself; and a first sweep opens a block with the full state, so frames are counted after it.
 */
import type { TierColumns } from '../src/engine/tier-columns.js';
import { openSharedRecording, type Recording } from '../src/recording/recording.js';
import { alternate } from './alternate.js';
import type { Bench } from './bench-context.js';
import type { Target } from './finding.js';
import { METRICS, movingSweeps, POINTS, SLOTS, SyntheticRing } from './synthetic-sweeps.js';

const FRAMES_PER_ROUND = 200;
/** Of the values, in the middle case; a busy host has fewer. */
const SOME = 0.1;

export const ring: Bench = {
  name: 'ring',
  summary: 'storing and reading back points, in memory',
  needsZoo: false,
  async run({ quick, report }) {
    const cases = {
      still: new Case(movingSweeps(1, 0)),
      some: new Case(movingSweeps(64, SOME)),
      all: new Case(movingSweeps(64, 1)),
    };
    const rounds = quick ? 5 : 20;
    const [still, some, all] = await alternate(
      Object.entries(cases).map(([name, one]) => ({ name, round: () => one.round() })),
      rounds,
    );
    const on = `${SLOTS} slots x ${POINTS / SLOTS} columns, ${FRAMES_PER_ROUND} frames a round`;
    const later = (relation: Target['relation'], value: number): Target => ({
      relation,
      value,
      of: 'ours',
      isLater: true,
    });
    report({
      what: 'storing a point that did not change',
      on,
      unit: 'ns',
      ours: { name: 'ring', samples: still!.map((ns) => ns / POINTS) },
      target: later('<=', 1.5),
    });
    report({
      what: 'storing a point that changed',
      on: `${on}, every value moves`,
      unit: 'ns',
      ours: { name: 'ring', samples: all!.map((ns) => ns / POINTS) },
      target: later('<=', 15),
    });
    report({
      what: 'storing a point that changed, among others that did not',
      on: `${on}, ${SOME * 100} % of the values move; the cost of looking at the others is taken off`,
      unit: 'ns',
      ours: { name: 'ring', samples: some!.map((ns, round) => (ns - still![round]! * (1 - SOME)) / (POINTS * SOME)) },
    });
    const bytes = (name: string, { bytesPerChange }: Case, target?: Target) =>
      report({
        what: `size of a changed value, ${name} values move`,
        on,
        unit: 'bytes',
        times: 'all frames',
        ours: { name: 'ring', samples: [bytesPerChange] },
        ...(target ? { target } : {}),
      });
    bytes('all', cases.all, later('<=', 2));
    bytes(`${SOME * 100} % of the`, cases.some);
    report({
      what: 'size of a frame in which nothing changed',
      on,
      unit: 'bytes',
      times: 'all frames',
      ours: { name: 'ring', samples: [cases.still.bytesPerFrame] },
      target: later('<=', 60),
    });
    const readings = await alternate(
      READINGS.map(({ name, of }) => ({ name, round: () => readBack(cases[of].ring, name) })),
      quick ? 3 : 7,
      1,
    );
    for (const [index, { name, of, what, isJudged }] of READINGS.entries()) {
      report({
        what: `reading back, ${what}`,
        on: `recording.${name}(), ${of === 'all' ? 'every value moves' : `${SOME * 100} % of the values move`}`,
        unit: 'M points/s',
        ours: { name, samples: readings[index]! },
        ...(isJudged ? { target: later('>=', 100) } : {}),
      });
    }
  },
};

/** A value that nobody looks at may never have been made: the target is for those who take each into their hand. */
const READINGS = [
  { name: 'walk', of: 'some', what: 'every frame decoded', isJudged: false },
  { name: 'frames', of: 'some', what: 'every value handed out and added up', isJudged: true },
  { name: 'summary', of: 'some', what: 'every value looked at', isJudged: true },
  { name: 'frames', of: 'all', what: 'every value handed out and added up, all move', isJudged: true },
] as const;

/** One ring that is handed the same sweeps in turn, forth and back, so that every step is one that was made. */
class Case {
  readonly ring = new SyntheticRing();
  readonly #sweeps: readonly TierColumns[];
  #stored = 0;
  #frames = 0;
  #bytesAtFirst = 0;
  #changedAtFirst = 0;

  constructor(sweeps: readonly TierColumns[]) {
    this.#sweeps = [...sweeps, ...sweeps.slice(1, -1).reverse()];
    this.#store();
    const { bytes, changed } = this.ring.stats;
    this.#bytesAtFirst = bytes;
    this.#changedAtFirst = changed;
  }

  /** Nanoseconds on the wall for one frame. */
  round(): number {
    const startNs = process.hrtime.bigint();
    for (let frame = 0; frame < FRAMES_PER_ROUND; frame++) this.#store();
    this.#frames += FRAMES_PER_ROUND;
    return Number(process.hrtime.bigint() - startNs) / FRAMES_PER_ROUND;
  }

  get bytesPerFrame(): number {
    return (this.ring.stats.bytes - this.#bytesAtFirst) / this.#frames;
  }

  /** Heads and padding of the frames, and the keys of the blocks, are shared out among the values. */
  get bytesPerChange(): number {
    const { bytes, changed } = this.ring.stats;
    return (bytes - this.#bytesAtFirst) / (changed - this.#changedAtFirst);
  }

  #store(): void {
    this.ring.sweep(this.#sweeps[this.#stored++ % this.#sweeps.length]!);
  }
}

/** Millions of points in a second. */
function readBack({ buffer }: SyntheticRing, how: (typeof READINGS)[number]['name']): number {
  using recording = openSharedRecording(buffer);
  const startNs = process.hrtime.bigint();
  const points = how === 'summary' ? recording.summary().points : how === 'walk' ? decode(recording) : addUp(recording);
  return (points * 1e3) / Number(process.hrtime.bigint() - startNs);
}

function decode(recording: Recording): number {
  let rows = 0;
  const walk = recording.walk();
  for (let step = walk.next(); step !== null; step = walk.next()) if (step === 'frame') rows += walk.rows.count;
  return rows * METRICS.length;
}

/** As a program that knows only the library does it. */
function addUp(recording: Recording): number {
  let points = 0;
  let sum = 0;
  const values = new Float64Array(SLOTS);
  for (const frame of recording.frames()) {
    if (frame.kind !== 'frame') continue;
    for (const metric of METRICS) {
      frame.column(metric, values);
      for (let index = 0; index < frame.count; index++) sum += values[index]!;
      points += frame.count;
    }
  }
  // Every value was measured, so none of them is NaN.
  if (!(sum > 0)) throw new Error(`The values add up to ${sum}`);
  return points;
}
