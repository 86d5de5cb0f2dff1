/** Frames whose stat was read for a share of the slots: what was not read at a tick is absent at that tick. */
import { describe, expect, it } from 'vitest';
import { Author, someone } from '../../test/recorder/synthetic.js';
import { STATUSES } from '../schema.js';

describe('a recording whose stat was read for every second slot', () => {
  const author = new Author();
  const [even, odd] = [someone(10), someone(11)];
  author.arrive(0, even);
  author.arrive(1, odd);
  for (let tick = 0; tick < 6; tick++) {
    for (const slot of [0, 1]) author.set(slot, { rss: 4096 * (tick + 1), threads: 1 + tick });
    author.sweep({ statEvery: 2 });
  }
  const recording = author.open();

  it('has memory at every tick, and the rest where it was read', () => {
    expect([...recording.series(even, 'rss').value]).toEqual([1, 2, 3, 4, 5, 6].map((pages) => pages * 4096));
    expect([...recording.series(even, 'threads').value]).toEqual([1, NaN, 3, NaN, 5, NaN]);
    expect([...recording.series(odd, 'threads').value]).toEqual([NaN, 2, NaN, 4, NaN, 6]);
    const status = [...recording.series(odd, 'threads').status].map((one) => STATUSES[one]);
    expect(status).toEqual(['not-due', 'ok', 'not-due', 'ok', 'not-due', 'ok']);
    expect(new Set(recording.series(odd, 'rss').status)).toEqual(new Set([0]));
  });

  it('leaves out of whole columns what the tick did not read', () => {
    const columns = Array.from(recording.frames(), (frame) => {
      if (frame.kind === 'gap') throw new Error('a gap');
      return [...frame.column('rss'), ...frame.column('threads')];
    });
    const pages = [1, 2, 3, 4, 5, 6].map((count) => count * 4096);
    expect(columns).toEqual(
      pages.map((rss, tick) => [rss, rss, ...(tick % 2 === 0 ? [1 + tick, NaN] : [NaN, 1 + tick])]),
    );
  });

  it('counts only what was measured', () => {
    const { points, statShare } = recording.summary();
    // Six ticks of two processes: rss each time, threads half the time.
    expect(points).toBe(12 + 6);
    expect(statShare).toBe(0.5);
  });
});
