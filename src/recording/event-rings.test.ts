/** A storm of comings and goings overwrites no mark, gap or clock, and what is overwritten is counted. */
import { describe, expect, it } from 'vitest';
import { Author, someone } from '../../test/recorder/synthetic.js';

describe('the events of a host with very many short processes', () => {
  const author = new Author({ sizeBytes: 2 ** 22 });
  author.arrive(0, someone(1));
  author.set(0, { rss: 4096 });
  author.sweep();
  author.writer.event(author.nowNs, { type: 'mark', name: 'before the storm' });
  author.sweep({ missed: 5 });
  for (let pid = 100; pid < 100_000; pid++) {
    author.arrive(1, someone(pid));
    author.depart(1);
    if (pid % 500 === 0) author.sweep();
  }
  author.sweep();
  const recording = author.open();

  it('keep the mark and the gap', () => {
    expect(recording.marks().map(({ name }) => name)).toEqual(['before the storm']);
    const { coverage, ticks } = recording.summary();
    expect(ticks.missed).toBe(5);
    expect(coverage.dropped['missed-tick']).toBe(5);
  });

  it('say how many arrivals and departures are lost', () => {
    const { lives, events } = recording.summary().lostEvents;
    expect(events).toBe(0);
    expect(lives).toBeGreaterThan(10_000);
    const kept = recording.events().filter(({ event }) => event.type === 'arrive' || event.type === 'depart').length;
    expect(kept + lives).toBe(2 * 99_900 + 1);
  });
});
