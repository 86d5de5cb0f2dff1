/** PSS and USS at an instant of a recording, of planted values: each figure is reckoned by hand from the model of estimate.ts. */
import { describe, expect, it } from 'vitest';
import { Author, MONOTONIC, SECOND, someone } from '../../test/recorder/synthetic.js';
import { Status } from '../schema.js';
import { Estimator, estimatesAt } from './estimates-at.js';
import { frame, type Planted } from './planted-frame.fixture.js';

const MIB = 2 ** 20;
const n = Number.NaN;
/** Of any estimate: what the sums of the kernel leave open, MiB. */
const LEAST = 64 / 1024;
const DRIFT = (0.1 / 60) * 10;

const counters = (rss: number, rssAnon = n, minorFaults = 0) => ({
  rss: rss * MIB,
  rssAnon: rssAnon * MIB,
  minorFaults,
});
/** 100 MiB resident; of 40 that it shares a quarter counts. */
const READ: Planted = { counters: counters(100, 50), rollup: { pss: 70 * MIB, uss: 60 * MIB } };
const near = (...values: number[]) => values.map((value) => expect.closeTo(value, 6));

/** A second each; what is told of the last, in MiB. */
function passed(...planted: readonly Planted[]) {
  const estimator = new Estimator(4096);
  const told = planted.map((one, second) => estimator.pass(frame(500 + 100 * second, one), 0)).at(-1);
  if (!told) return undefined;
  const mib = ({ low, value, high }: typeof told.pss) => [low, value, high].map((bytes) => bytes / MIB);
  return { status: told.status, pss: mib(told.pss), uss: mib(told.uss), seconds: told.pss.ageNs / 1e9, of: told };
}

describe('an estimate', () => {
  it('is what was measured at the tick of a read', () => {
    const { of, ...told } = passed(READ)!;
    expect(told).toEqual({ status: 'ok', pss: [70, 70, 70], uss: [60, 60, 60], seconds: 0 });
    expect(of).toMatchObject({ pid: 1, startTicks: 1, uss: { ageNs: 0 } });
  });

  it('moves with the counters behind it', () => {
    const still = passed(READ, { counters: counters(100, 50) });
    expect(still).toMatchObject({ status: 'estimated', seconds: 1, uss: near(60 - LEAST, 60, 60 + LEAST) });
    expect(still!.pss).toEqual(near(70 - LEAST - DRIFT, 70, 70 + LEAST + DRIFT));
    const grown = passed(READ, { counters: counters(110, 60) })!;
    expect([grown.pss[1], grown.uss[1]]).toEqual(near(80, 70));
  });

  it('is less sure by a tenth of the pages that were exchanged since', () => {
    const { uss } = passed({ ...READ, counters: counters(100, 50, 1000) }, { counters: counters(100, 50, 3560) })!;
    expect(uss).toEqual(near(60 - LEAST - 1, 60, 60 + LEAST + 1));
    // The last count stands where a tick did not tell it.
    const untold = passed(
      { ...READ, counters: counters(100, 50, 1000) },
      { counters: counters(100, 50, 3560) },
      { counters: counters(100, 50, n) },
    )!;
    expect(untold.uss).toEqual(near(60 - LEAST - 1, 60, 60 + LEAST + 1));
    const never = passed({ ...READ, counters: counters(100, 50, n) }, { counters: counters(100, 50, n) })!;
    expect(never.uss).toEqual(near(60 - LEAST, 60, 60 + LEAST));
  });

  it('does not count once more what came between the sweep and the read', () => {
    const grown = { ...READ, rollup: { pss: 90 * MIB, uss: 80 * MIB, pssAnon: 70 * MIB } };
    // 20 MiB until the read, 10 since, and 10 more of faults.
    const anonymous = passed(grown, { counters: counters(130, 80, 10240) })!;
    expect([anonymous.pss[1], anonymous.uss]).toEqual([expect.closeTo(100, 6), near(79 - LEAST, 90, 91 + LEAST)]);
    // Where the kinds are not told, what is beyond all that was resident.
    const inAll = { counters: counters(100), rollup: { pss: 120 * MIB, uss: 110 * MIB } };
    expect(passed(inAll, { counters: counters(130) })!.uss[1]).toBeCloseTo(120, 6);
  });

  it('is bounded where the read could not tell PSS', () => {
    const untold = { ...READ, rollup: { uss: 60 * MIB } };
    expect(passed(untold)).toMatchObject({ status: 'estimated', pss: near(60 - LEAST, 70, 80 + LEAST), seconds: 0 });
  });

  it('is none of what was never read, of no memory, and of a read that failed', () => {
    expect(passed({ counters: counters(100, 50) })).toBeUndefined();
    expect(passed({ ...READ, counters: {} })).toBeUndefined();
    expect(passed({ ...READ, status: Status.denied })).toBeUndefined();
    expect(passed(READ, { counters: counters(100, 50), key: 'another' })).toBeUndefined();
    const failed = { ...READ, rollup: { pss: MIB, uss: MIB }, status: Status.timeout };
    expect(passed(READ, failed)).toMatchObject({ status: 'estimated', uss: near(60 - LEAST, 60, 60 + LEAST) });
  });

  it('is none of a slot without a process', () => {
    const free = { ...frame(0, READ), key: () => undefined } as unknown as ReturnType<typeof frame>;
    expect(new Estimator(4096).pass(free, 0)).toBeUndefined();
  });
});

it('the estimates at a time are those of all that were read by then', () => {
  const author = new Author();
  for (const slot of [0, 1, 2]) author.arrive(slot, someone(10 + slot));
  for (let tick = 0; tick < 6; tick++) {
    for (const slot of [0, 1, 2]) author.set(slot, { rss: (100 + tick) * MIB, minorFaults: 0 });
    author.sweep();
    if (tick === 1) author.deep([0], { pss: 70 * MIB, uss: 60 * MIB });
    if (tick === 3) author.deep([2], { pss: 50 * MIB, uss: 50 * MIB });
  }
  author.depart(0);
  author.sweep();
  using recording = author.open();
  const at = (tick?: number) =>
    estimatesAt(recording, tick === undefined ? undefined : MONOTONIC + (BigInt(tick) * SECOND) / 10n).map(
      ({ pid, startTicks, status, uss }) => [pid, startTicks, status, uss.value / MIB],
    );
  expect(at(0)).toEqual([]);
  expect(at(1)).toEqual([[10, 110, 'ok', 60]]);
  expect(at(2)).toEqual([[10, 110, 'estimated', 61]]);
  expect(at(3)).toEqual([
    [10, 110, 'estimated', 62],
    [12, 112, 'ok', 50],
  ]);
  expect(at()).toEqual([[12, 112, 'estimated', 52]]);
});
