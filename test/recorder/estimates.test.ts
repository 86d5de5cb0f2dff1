import { describe, expect, it } from 'vitest';
import { estimatesAt } from '../../src/analyze/estimates-at.js';
import { Author, someone } from './synthetic.js';

const MIB = 2 ** 20;

describe('the estimates of a recording', () => {
  it('are what was measured at the tick of a read, and move with the counters behind it', () => {
    const author = new Author();
    author.arrive(0, someone(1));
    author.arrive(1, someone(2));
    for (const slot of [0, 1]) author.set(slot, { rss: 100 * MIB, minorFaults: 10 });
    author.sweep();
    author.deep([0], { pss: 70 * MIB, uss: 60 * MIB });
    author.sweep();
    const [still, ...others] = estimatesAt(author.open());
    // The second process was never read: nothing is made up for it.
    expect(others).toEqual([]);
    expect(still).toMatchObject({ pid: 1, status: 'estimated', uss: { value: 60 * MIB }, pss: { value: 70 * MIB } });
    expect(still!.pss.ageNs).toBeGreaterThan(0);
    author.set(0, { rss: 120 * MIB, minorFaults: 6000 });
    author.sweep();
    expect(estimatesAt(author.open())[0]).toMatchObject({ uss: { value: 80 * MIB }, pss: { value: 90 * MIB } });
    author.deep([0], { pss: 75 * MIB, uss: 62 * MIB });
    expect(estimatesAt(author.open())[0]).toMatchObject({
      status: 'ok',
      uss: { value: 62 * MIB, low: 62 * MIB, high: 62 * MIB },
      pss: { value: 75 * MIB, ageNs: 0 },
    });
  });
});
