/** PSS, USS and swap between two reads, of planted values: each figure is reckoned by hand from the model of estimate.ts. */
import { describe, expect, it } from 'vitest';
import { Status } from '../schema.js';
import { MemoryEstimates, type Relatives } from './memory-estimates.js';
import { frame, type Planted } from './planted-frame.fixture.js';

const MIB = 2 ** 20;
const PAGE = 4096;
const n = Number.NaN;
/** Of any estimate: what the sums of the kernel leave open, MiB. */
const LEAST = 64 / 1024;
const LONE: Relatives = { turnover: 0, shareable: 0 };

const counters = (rss: number, anonymous: number, more: Record<string, number> = {}) => {
  return { rss: rss * MIB, rssAnon: anonymous * MIB, minorFaults: 0, ...more };
};
const rollup = (pss: number, uss: number, more: Record<string, number> = {}) => {
  return { pss: pss * MIB, uss: uss * MIB, swap: 2 * MIB, ...more };
};

/** Each of them a tick of a second, the relatives beside it; of the last one what is known, in MiB. */
function known(...planted: readonly (Planted & { readonly relatives?: Relatives })[]) {
  return knownOf(new MemoryEstimates(PAGE), ...planted);
}

function knownOf(estimates: MemoryEstimates, ...planted: readonly (Planted & { readonly relatives?: Relatives })[]) {
  planted.slice(0, -1).forEach(({ relatives = LONE, ...one }, second) => {
    estimates.of(frame(100 * second, one), 0, relatives);
  });
  const { relatives = LONE, ...last } = planted.at(-1)!;
  const of = estimates.of(frame(100 * (planted.length - 1), last), 0, relatives);
  const mib = (low: number, value: number, high: number) => [low, value, high].map((bytes) => bytes / MIB);
  return {
    pss: mib(of.pssLow, of.pss, of.pssHigh),
    uss: mib(of.ussLow, of.uss, of.ussHigh),
    ...{ swap: of.swap / MIB, seconds: of.ageNs / 1e9, isMeasured: of.isMeasured, isPaced: of.isPaced },
  };
}

const near = (...values: number[]) => values.map((value) => expect.closeTo(value, 6));
/** 100 MiB resident, half of it anonymous; of 40 that it shares a quarter counts. */
const READ: Planted = { counters: counters(100, 50), rollup: rollup(70, 60) };
/** How far a share of 10 MiB may have moved in a second. */
const DRIFT = (0.1 / 60) * 10;
const SLACK = LEAST + DRIFT;

describe('what was never read', () => {
  const never: Planted = { counters: counters(30, 10) };

  it('counts for its anonymous memory, and may be all that is resident', () => {
    expect(known(never)).toEqual({
      ...{ pss: [10, 10, 30], uss: [10, 10, 30], swap: n, seconds: 0, isMeasured: false, isPaced: false },
    });
    expect(known({ counters: { rss: 30 * MIB } })).toMatchObject({ pss: [0, 0, 30], uss: [0, 0, 30] });
  });

  it('counts for no more than its parent had not', () => {
    const inherited = (bytes: number, then: (estimates: MemoryEstimates) => void = () => {}) => {
      const estimates = new MemoryEstimates(PAGE);
      estimates.inherits('one', bytes * MIB);
      estimates.inherits('other', 9 * MIB);
      then(estimates);
      return knownOf(estimates, never).pss;
    };
    expect(inherited(4)).toEqual([6, 6, 30]);
    expect(inherited(40)).toEqual([0, 0, 30]);
    expect(inherited(4, (estimates) => estimates.became('one'))).toEqual([10, 10, 30]);
    expect(inherited(4, (estimates) => estimates.forget('one'))).toEqual([10, 10, 30]);
  });

  it('is none of a read that failed', () => {
    expect(known({ ...READ, status: Status.denied })).toMatchObject({ pss: [50, 50, 100], isMeasured: false });
  });
});

describe('what was read at this tick', () => {
  it('is as it was measured', () => {
    expect(known(READ)).toEqual({
      ...{ pss: [70, 70, 70], uss: [60, 60, 60], swap: 2, seconds: 0, isMeasured: true, isPaced: false },
    });
    const paced = { ...READ, rollup: rollup(70, 60, { rollupPaced: 1 }) };
    expect(known(paced)).toMatchObject({ pss: [70, 70, 70], isMeasured: true, isPaced: true });
    expect(known({ ...paced, status: Status.denied })).toMatchObject({ isPaced: false });
    expect(known(READ, { counters: READ.counters })).toMatchObject({ isMeasured: false, isPaced: false });
  });

  it('has the swap of the counters before that of the read', () => {
    const swapAnon = { swapAnon: 3 * MIB };
    expect(known({ ...READ, counters: counters(100, 50, swapAnon) }).swap).toBe(3);
    expect(known({ counters: counters(100, 50, swapAnon) }).swap).toBe(3);
  });

  it('is bounded where the read could not tell PSS', () => {
    const paced = { rollupPaced: 1, pss: n };
    // Of 40 MiB that are shared a quarter, between none and a half.
    expect(known({ ...READ, rollup: rollup(n, 60, paced) })).toMatchObject({
      ...{ pss: near(60 - LEAST, 70, 80 + LEAST), uss: near(60 - LEAST, 60, 60 + LEAST) },
      ...{ isMeasured: false, isPaced: true, seconds: 0 },
    });
    const sample = { ...paced, sharedPartPpm: 200_000, sharedPartErrorPpm: 10_000 };
    const [low, value, high] = [68 - LEAST - 0.8, 68, 68 + LEAST + 0.8];
    expect(known({ ...READ, rollup: rollup(n, 60, sample) }).pss).toEqual(near(low, value, high));
  });
});

describe('what was read before', () => {
  it('stands while nothing moves, and is less sure with its age', () => {
    expect(known(READ, { counters: READ.counters })).toEqual({
      ...{ pss: near(70 - SLACK, 70, 70 + SLACK), uss: near(60 - LEAST, 60, 60 + LEAST) },
      ...{ swap: n, seconds: 1, isMeasured: false, isPaced: false },
    });
    const { pss, seconds } = known(READ, READ, { counters: READ.counters }, { counters: READ.counters });
    expect([seconds, pss]).toEqual([2, near(70 - LEAST - 2 * DRIFT, 70, 70 + LEAST + 2 * DRIFT)]);
  });

  it('stands where a later read failed', () => {
    const failed = { ...READ, rollup: rollup(1, 1), status: Status.timeout };
    expect(known(READ, failed)).toMatchObject({ pss: near(70 - SLACK, 70, 70 + SLACK), seconds: 1 });
  });

  it('has what anonymous memory came since, which is its own', () => {
    const { pss, uss } = known(READ, { counters: counters(110, 60) });
    expect(pss).toEqual(near(80 - SLACK, 80, 80 + SLACK));
    expect(uss).toEqual(near(70 - LEAST, 70, 70 + LEAST));
  });

  it('has half of what file pages and shmem came since', () => {
    const { pss, uss } = known(READ, { counters: counters(110, 50) });
    expect(pss).toEqual(near(70 - SLACK, 75, 80 + SLACK));
    expect(uss).toEqual(near(60 - LEAST, 60, 70 + LEAST));
  });

  it('has less by what went', () => {
    const { pss, uss } = known(READ, { counters: counters(90, 40) });
    // Or what went was shared.
    expect(pss).toEqual(near(60 - SLACK, 60, 70 + SLACK));
    expect(uss).toEqual(near(50 - LEAST, 50, 60 + LEAST));
  });

  it('counts all as anonymous where the engine does not tell', () => {
    const untold = (rss: number) => ({ rss: rss * MIB, minorFaults: 0 });
    const { pss, uss } = known({ ...READ, counters: untold(100) }, { counters: untold(110) });
    expect([pss[1], uss[1]]).toEqual(near(80, 70));
  });

  it('is less sure by a tenth of the pages that were exchanged since', () => {
    // 10 MiB of faults.
    const { pss, uss } = known(
      { ...READ, counters: counters(100, 50, { minorFaults: 1000 }) },
      { counters: counters(100, 50, { minorFaults: 3560 }) },
    );
    expect(pss).toEqual(near(70 - SLACK - 1, 70, 70 + SLACK + 1));
    expect(uss).toEqual(near(60 - LEAST - 1, 60, 60 + LEAST + 1));
  });

  it('is forgotten with the process, and with the program that it ran', () => {
    for (const forget of ['forget', 'became'] as const) {
      const estimates = new MemoryEstimates(PAGE);
      estimates.of(frame(0, READ), 0, LONE);
      estimates[forget]('other');
      expect(knownOf(estimates, { counters: READ.counters }).pss[1]).toBeCloseTo(70, 6);
      estimates[forget]('one');
      expect(knownOf(estimates, { counters: READ.counters }).pss).toEqual([50, 50, 100]);
    }
  });

  it('is of the process that was read', () => {
    expect(known(READ, { counters: READ.counters, key: 'another' }).pss).toEqual([50, 50, 100]);
  });
});

describe('relatives', () => {
  const later: Planted = { counters: READ.counters };
  /** What a read may count for by then. */
  const HALVED = { pss: near((70 - SLACK) / 2, (70 - SLACK) / 2, 100), uss: [0, 30, 100] };

  it('that came or went halve what was read before', () => {
    expect(known(READ, { ...later, relatives: { turnover: 1, shareable: 0 } })).toMatchObject(HALVED);
    const after = { ...READ, relatives: { turnover: 1, shareable: 0 } };
    expect(known(after, { ...later, relatives: { turnover: 1, shareable: 0 } }).pss[1]).toBeCloseTo(70, 6);
    // No more than twice as much.
    const small = { ...READ, rollup: rollup(40, 30) };
    expect(known(small, { ...later, relatives: { turnover: 1, shareable: 0 } }).pss[2]).toBeCloseTo(80, 6);
  });

  it('that gained more than a tenth of what is resident do so too', () => {
    // Its own 50 MiB of file pages are among theirs.
    const with70 = { ...READ, relatives: { turnover: 0, shareable: 70 * MIB } };
    const at = (mib: number) => known(with70, { ...later, relatives: { turnover: 0, shareable: mib * MIB } });
    expect(at(80).pss[1]).toBeCloseTo(70, 6);
    expect(at(80.001)).toMatchObject(HALVED);
    expect(at(10).pss[1]).toBeCloseTo(70, 6);
    // What it gained itself is none of theirs.
    const own = { counters: counters(120, 50), relatives: { turnover: 0, shareable: 90 * MIB } };
    expect(known(with70, own).pss[1]).toBeCloseTo(80, 6);
  });

  it('of a small process may gain 256 KiB', () => {
    const small = { counters: counters(1, 0.5), rollup: rollup(0.7, 0.6) };
    const at = (kib: number) =>
      known(small, { counters: small.counters, relatives: { turnover: 0, shareable: kib * 1024 } }).uss[1];
    // Its own half of a MiB among them was not told at the read.
    expect(at(256)).toBeCloseTo(0.6, 6);
    expect(at(256.5)).toBeCloseTo(0.3, 6);
  });
});

describe('growth between the sweep and the read', () => {
  it('is in what the next sweep shows', () => {
    const grown = { counters: counters(100, 50), rollup: rollup(90, 80, { pssAnon: 70 * MIB }) };
    // Of 40 MiB that are shared a quarter: 20 came until the read, 10 since, and 10 more of faults.
    const { pss, uss } = known(grown, { counters: counters(130, 80, { minorFaults: 10240 }) });
    expect(pss).toEqual(near(99 - SLACK, 100, 101 + SLACK));
    expect(uss).toEqual(near(89 - LEAST, 90, 91 + LEAST));
  });

  const grown = { counters: counters(100, 50), rollup: rollup(90, 80) };

  it('is likely where it shares as much as before', () => {
    // 20 MiB until the read, and 10 more of faults.
    const counted = (rss: number, anonymous: number) =>
      known(READ, grown, { counters: counters(rss, anonymous, { minorFaults: 7680 }) });
    expect(counted(120, 70)).toMatchObject({
      pss: near(89 - SLACK, 90, 91 + SLACK),
      uss: near(79 - LEAST, 80, 81 + LEAST),
    });
    expect(counted(130, 80).uss[1]).toBeCloseTo(90, 6);
    // File pages came instead.
    expect(counted(120, 50)).toMatchObject({
      pss: near(89 - SLACK, 90, 91 + SLACK),
      uss: near(79 - LEAST, 80, 81 + LEAST),
    });
    const again = { counters: counters(120, 70), rollup: rollup(110, 100) };
    expect(known(READ, grown, again, { counters: counters(140, 90) }).uss[1]).toBeCloseTo(100, 6);
  });

  it('was none where the next sweep does not show it, or relatives have come', () => {
    expect(known(READ, grown, { counters: counters(100, 50) }).uss[1]).toBeCloseTo(80, 6);
    const settled = known(READ, grown, { counters: counters(100, 50) }, { counters: counters(120, 70) });
    expect(settled.uss[1]).toBeCloseTo(100, 6);
    const relatives = { turnover: 1, shareable: 0 };
    const came = known(READ, { ...grown, relatives }, { counters: counters(120, 70), relatives });
    expect(came.uss[1]).toBeCloseTo(100, 6);
  });
});
