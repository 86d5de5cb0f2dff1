/** A process that grows between the sweep of a tick and its read: planted values, and what the tick after makes of them. */
import { describe, expect, it } from 'vitest';
import { Estimator } from './estimates-at.js';
import { MemoryEstimates } from './memory-estimates.js';
import { frame, type Planted } from './planted-frame.fixture.js';

const MIB = 2 ** 20;
const PAGE = 4096;
const LONE = { turnover: 0, shareable: 0 };

// 6 MiB of files, shared by two; anonymous memory all its own: 40 MiB at the sweep, 50 at the read, 60 a tick later.
const FILES = 6 * MIB;
const faults = (anonymous: number) => anonymous / PAGE;
const swept = {
  counters: { rss: 40 * MIB + FILES, rssAnon: 40 * MIB, minorFaults: faults(40 * MIB) },
  rollup: { pss: 50 * MIB + FILES / 2, uss: 50 * MIB, pssAnon: 50 * MIB },
};
const later = { counters: { rss: 60 * MIB + FILES, rssAnon: 60 * MIB, minorFaults: faults(60 * MIB) } };
const truth = { pss: 60 * MIB + FILES / 2, uss: 60 * MIB };

describe('growth before the read', () => {
  it('is not counted once more in the sums of a run', () => {
    const estimates = new MemoryEstimates(PAGE);
    expect(estimates.of(frame(1, swept), 0, LONE)).toMatchObject({ isMeasured: true, pss: swept.rollup.pss });
    const { pss, uss, pssLow, pssHigh } = estimates.of(frame(2, later), 0, LONE);
    expect(pss).toBe(truth.pss);
    expect(uss).toBe(truth.uss);
    expect(pssLow).toBeLessThanOrEqual(truth.pss);
    expect(pssHigh).toBeGreaterThanOrEqual(truth.pss);
    expect(pssHigh).toBeLessThan(truth.pss + MIB);
  });

  it('nor in estimatesAt, whatever the engine tells', () => {
    for (const hidden of [{}, { rssAnon: Number.NaN }]) {
      const estimator = new Estimator(PAGE);
      const hide = ({ counters, ...rest }: Planted): Planted => ({ counters: { ...counters, ...hidden }, ...rest });
      estimator.pass(frame(1, hide(swept)), 0);
      const { pss, uss } = estimator.pass(frame(2, hide(later)), 0)!;
      // Without the kinds of memory what is resident in all is the least that it was: the files stay uncertain.
      const far = 'rssAnon' in hidden ? FILES : 0;
      expect(Math.abs(pss.value - truth.pss)).toBeLessThanOrEqual(far);
      expect(Math.abs(uss.value - truth.uss)).toBeLessThanOrEqual(far);
    }
  });

  it('nor where the read is of single mappings, which do not tell the kinds', () => {
    const { pssAnon: _, ...untold } = swept.rollup;
    const earlier = {
      counters: { rss: 30 * MIB + FILES, rssAnon: 30 * MIB, minorFaults: faults(30 * MIB) },
      rollup: { pss: 30 * MIB + FILES / 2, uss: 30 * MIB },
    };
    const estimates = new MemoryEstimates(PAGE);
    estimates.of(frame(1, earlier), 0, LONE);
    estimates.of(frame(2, { ...swept, rollup: untold }), 0, LONE);
    expect(estimates.of(frame(3, later), 0, LONE)).toMatchObject(truth);
    // And after two such reads in a row.
    estimates.of(frame(4, { counters: later.counters, rollup: { pss: 70 * MIB + FILES / 2, uss: 70 * MIB } }), 0, LONE);
    const last = { counters: { rss: 80 * MIB + FILES, rssAnon: 80 * MIB, minorFaults: faults(80 * MIB) } };
    expect(estimates.of(frame(5, last), 0, LONE).uss).toBe(80 * MIB);
  });

  it('nor where it is shmem that grew, of which what comes later counts for half', () => {
    const counters = (shmem: number) => ({ rss: 5 * MIB + FILES + shmem, rssAnon: 5 * MIB, minorFaults: 0 });
    const rollup = (shmem: number) => ({ pss: 5 * MIB + FILES / 2 + shmem, uss: 5 * MIB + shmem });
    const estimates = new MemoryEstimates(PAGE);
    estimates.of(frame(1, { counters: counters(30 * MIB), rollup: rollup(30 * MIB) }), 0, LONE);
    estimates.of(frame(2, { counters: counters(40 * MIB), rollup: rollup(50 * MIB) }), 0, LONE);
    const { pss, uss } = estimates.of(frame(3, { counters: counters(60 * MIB) }), 0, LONE);
    expect(pss).toBe((5 + 50 + 10 / 2) * MIB + FILES / 2);
    expect(uss).toBe(55 * MIB);
  });

  it('was none where the next sweep does not show it: others have stopped sharing', () => {
    const estimates = new MemoryEstimates(PAGE);
    const counters = { rss: 40 * MIB + FILES, rssAnon: 40 * MIB, minorFaults: 0 };
    estimates.of(frame(1, { counters, rollup: { pss: 40 * MIB + FILES / 2, uss: 40 * MIB } }), 0, LONE);
    estimates.of(frame(2, { counters, rollup: { pss: 40 * MIB + FILES, uss: 40 * MIB + FILES } }), 0, LONE);
    expect(estimates.of(frame(3, { counters }), 0, LONE).uss).toBe(40 * MIB + FILES);
    const grown = { ...counters, rss: 50 * MIB + FILES, rssAnon: 50 * MIB };
    expect(estimates.of(frame(4, { counters: grown }), 0, LONE).uss).toBe(50 * MIB + FILES);
  });

  it('is none where it shrank: what a forked process shares looks the same', () => {
    const estimates = new MemoryEstimates(PAGE);
    const read = { ...swept, rollup: { pss: 30 * MIB, uss: 20 * MIB, pssAnon: 27 * MIB } };
    estimates.of(frame(1, read), 0, LONE);
    const { uss } = estimates.of(frame(2, { counters: swept.counters }), 0, LONE);
    expect(uss).toBe(20 * MIB);
  });
});
