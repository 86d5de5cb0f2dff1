/** The memory over a span, of recordings made by hand: a tick each tenth of a second. */
import { describe, expect, it } from 'vitest';
import { Author, MONOTONIC, SECOND, someone } from '../../test/recorder/synthetic.js';
import { type SpanMemory, spanMemory } from './span-memory.js';

const MIB = 2 ** 20;
const at = (tick: number) => MONOTONIC + (BigInt(Math.round(tick * 10)) * SECOND) / 100n;

function measured(author: Author, from: number, to: number, faults?: { minor: number; major: number }): SpanMemory {
  author.close();
  using recording = author.open();
  return spanMemory(recording, at(from), at(to), faults);
}

/** One process with so many MiB at each tick. */
function alone(rss: readonly number[], pid = 10): Author {
  const author = new Author();
  author.arrive(0, someone(pid));
  rss.forEach((mib, tick) => {
    author.set(0, { rss: mib * MIB, rssAnon: mib * MIB, minorFaults: 100 * tick, majorFaults: tick });
    author.sweep({ ownCpuNs: 1000 * tick, missed: tick === 3 ? 2 : 0 });
  });
  return author;
}

const counter = (value: number) => ({ state: 'measured', value: value * MIB, ageMs: 0, method: 'counter' });

describe('a span', () => {
  it('has the frames around it and the peak and mean of those inside', () => {
    // The ticks 0, 1, 2 and, behind two that were missed, 5, 6, 7, 8.
    const memory = measured(alone([1, 2, 30, 10, 4, 6, 7]), 1, 7);
    const { rss, samples, missedTicks, self, caveats } = memory;
    expect([rss.before, rss.after, rss.peak, rss.peakAtNs]).toEqual([counter(2), counter(6), counter(30), at(2)]);
    // 30 for three tenths of a second, 10 for one.
    expect(rss.mean).toEqual(counter((30 * 3 + 10) / 4));
    expect([samples, missedTicks, self]).toEqual([3, 2, { cpuNs: 4000, rss: 1e6 }]);
    expect([memory.fromNs, memory.toNs, caveats]).toEqual([at(1), at(7), ['faults-by-ticks']]);
  });

  it('begins at the last frame before, and ends at the first one behind', () => {
    const { rss, samples } = measured(alone([1, 2, 3]), 0.5, 1.5 + 1);
    expect([rss.before, rss.after, samples]).toEqual([
      counter(1),
      { state: 'unsupported', reason: 'no frame was recorded there' },
      2,
    ]);
    expect(measured(alone([1, 2, 3, 4, 5]), 0.5, 2.5).rss).toMatchObject({ before: counter(1), after: counter(6 - 2) });
  });

  it('shorter than two ticks has no peak', () => {
    const memory = measured(alone([1, 2, 3, 4]), 0, 1.9);
    const none = { state: 'unsupported', reason: 'shorter-than-tick' };
    expect(memory.rss).toMatchObject({
      before: counter(1),
      after: counter(3),
      peak: none,
      mean: none,
      peakAtNs: undefined,
    });
    expect(memory.caveats).toEqual(['shorter-than-tick', 'faults-by-ticks']);
    expect(measured(alone([1, 2, 3, 4]), 0, 2).caveats).toEqual(['faults-by-ticks']);
  });

  it('outside of all that was recorded has nothing', () => {
    const none = { state: 'unsupported', reason: 'no frame was recorded there' };
    const memory = measured(alone([1, 2]), 50, 60);
    expect(memory.rss).toMatchObject({ before: counter(2), after: none });
    expect(memory.rss.peak).toEqual({ state: 'unsupported', reason: 'no deep read was made in it' });
    expect(memory).toMatchObject({ samples: 0, missedTicks: 0, faults: { minor: 0 } });
    expect(measured(new Author(), 0, 5)).toMatchObject({
      ...{ samples: 0, missedTicks: 0, self: { cpuNs: 0, rss: 0 } },
      faults: { minor: Number.NaN, major: Number.NaN, fromNs: at(0), toNs: at(5) },
    });
  });

  it('says that the sampler is in it where the writer is among the processes', () => {
    expect(measured(alone([1, 2, 3, 4], 1), 0, 3).caveats).toEqual(['sampler-in-process', 'faults-by-ticks']);
  });
});

describe('faults', () => {
  it('are those between the readings around the span', () => {
    const { faults } = measured(alone([1, 2, 3, 4, 5, 6]), 1.5, 5.5);
    // From tick 1 to tick 6, which is the fifth that was swept.
    expect(faults).toEqual({ minor: 300, major: 3, fromNs: at(1), toNs: at(6) });
  });

  it('are those that somebody counted, where somebody did', () => {
    const { faults, caveats } = measured(alone([1, 2, 3, 4]), 0.5, 3, { minor: 7, major: 5 });
    expect([faults, caveats]).toEqual([{ minor: 7, major: 5, fromNs: at(0.5), toNs: at(3) }, []]);
  });

  it('of a process that has gone count, and all of one that came', () => {
    const author = new Author();
    author.arrive(0, someone(10));
    author.set(0, { rss: MIB, minorFaults: 100, majorFaults: 1 });
    author.sweep();
    author.set(0, { rss: MIB, minorFaults: 150, majorFaults: 4 });
    author.sweep();
    author.depart(0);
    author.arrive(1, someone(11));
    author.set(1, { rss: MIB, minorFaults: 30 });
    author.sweep();
    author.set(1, { rss: MIB, minorFaults: 45 });
    author.sweep();
    expect(measured(author, 0, 3).faults).toMatchObject({ minor: 95, major: 3, fromNs: at(0), toNs: at(3) });
  });
});

describe('shares', () => {
  it('are measured where a tick read all, and estimated since', () => {
    const author = new Author();
    author.arrive(0, someone(10));
    author.arrive(1, someone(11));
    for (let tick = 0; tick < 5; tick++) {
      for (const slot of [0, 1]) author.set(slot, { rss: 9 * MIB, rssAnon: 5 * MIB, minorFaults: 0 });
      author.sweep();
      if (tick < 3) author.deep([0, 1], { pss: (5 + tick / 2) * MIB, uss: 4 * MIB, swap: MIB });
    }
    const { pss, uss, swap, rss } = measured(author, 0, 4);
    expect(rss.peak).toMatchObject({ value: 18 * MIB });
    expect(pss.before).toEqual({ state: 'measured', value: 10 * MIB, ageMs: 0, method: 'whole' });
    expect(pss.peak).toEqual({ state: 'measured', value: 12 * MIB, ageMs: 0, method: 'whole' });
    expect(pss.mean).toMatchObject({ state: 'estimated' });
    expect(uss.peak).toMatchObject({ state: 'measured', value: 8 * MIB });
    expect(pss.after).toMatchObject({ state: 'estimated', value: 12 * MIB, ageMs: 200 });
    expect(swap.after).toEqual({ state: 'measured', value: 2 * MIB, ageMs: 200, method: 'counter' });
  });

  it('of swap are not known as long as one was never read', () => {
    const author = new Author();
    author.arrive(0, someone(10));
    author.arrive(1, someone(11));
    for (let tick = 0; tick < 4; tick++) {
      for (const slot of [0, 1]) author.set(slot, { rss: MIB });
      author.sweep();
      author.deep([0], { pss: MIB, uss: MIB, swap: MIB });
    }
    const { swap, pss } = measured(author, 0, 3);
    expect(swap.peak).toEqual({ state: 'unsupported', reason: 'no deep read was made in it' });
    expect(pss.peak).toMatchObject({ state: 'estimated' });
  });
});
