/** What grows in a recording, of recordings made by hand: a tick each tenth of a second. */
import { describe, expect, it } from 'vitest';
import { Author, someone, unixOf } from '../../test/recorder/synthetic.js';
import { identityKey } from '../engine/identity.js';
import { recordedGrowth } from './recorded-growth.js';

const MIB = 2 ** 20;

/** Processes by name with their MiB at each tick. */
function recorded(ticks: number, courses: Record<string, (tick: number) => number>): Author {
  const author = new Author();
  const names = Object.keys(courses);
  for (const [slot, name] of names.entries()) author.arrive(slot, someone(10 + slot, name));
  for (let tick = 0; tick < ticks; tick++) {
    for (const [slot, name] of names.entries()) author.set(slot, { rss: courses[name]!(tick) * MIB });
    author.sweep();
  }
  author.close();
  return author;
}

function growth(author: Author, ...asked: [range?: object, only?: string]) {
  using recording = author.open();
  return recordedGrowth(recording, ...asked);
}

describe('what grows', () => {
  it('comes first, the fastest before all, and what is too short last', () => {
    const author = recorded(50, {
      shrinks: (tick) => 500 - 3 * tick,
      still: () => 10,
      slow: (tick) => 10 + tick,
      fast: (tick) => 10 + 2 * tick,
    });
    const rows = growth(author);
    expect(rows.map(({ comm, verdict }) => [comm, verdict])).toEqual([
      ['fast', 'grows'],
      ['slow', 'grows'],
      ['still', 'steady'],
      ['shrinks', 'shrinks'],
    ]);
    // Without the first fifth.
    expect(rows[0]).toMatchObject({ pid: 13, startTicks: 113, first: 30 * MIB, last: 108 * MIB, points: 40 });
    expect(rows[0]!.slope.value).toBeCloseTo(20 * MIB, -3);
    expect(rows[0]!.seconds).toBeCloseTo(3.9, 6);
    expect(rows[0]).not.toHaveProperty('mapping');
  });

  it('is told of one process alone, and from a time on with its start', () => {
    const author = recorded(50, { a: (tick) => 10 + tick, b: (tick) => 10 + tick });
    const only = growth(author, {}, identityKey(someone(11)));
    expect(only.map(({ comm, points }) => [comm, points])).toEqual([['b', 40]]);
    const part = growth(author, { from: unixOf(10), to: unixOf(29) }, identityKey(someone(10)));
    expect(part).toMatchObject([{ comm: 'a', points: 20, first: 20 * MIB, last: 39 * MIB }]);
    expect(growth(author, { to: unixOf(29) }, identityKey(someone(10)))).toMatchObject([
      { points: 24, first: 16 * MIB },
    ]);
    expect(growth(author, {}, identityKey(someone(99)))).toEqual([]);
  });

  it('is the least of each stretch, of a life with more ticks than points', () => {
    // A heap that is collected each fourth tick, and what is left grows.
    const author = recorded(1000, { heap: (tick) => 100 + tick / 10 + (tick % 4) * 50 });
    const [row] = growth(author);
    expect(row!.points).toBeLessThanOrEqual(256);
    expect(row!.points).toBeGreaterThanOrEqual(100);
    expect(row!.verdict).toBe('grows');
    expect(row!.slope.value).toBeCloseTo(MIB, -4);
  });

  it('has no points of a process without memory, and is too short for a verdict of few', () => {
    const author = recorded(12, { thread: () => 0, few: (tick) => (tick < 8 ? 0 : tick) });
    expect(growth(author).map(({ comm, points, verdict }) => [comm, points, verdict])).toEqual([
      ['few', 4, 'too-short'],
    ]);
  });

  it('has the name that a process had last', () => {
    const author = new Author();
    author.arrive(0, someone(10, 'before'));
    for (let tick = 0; tick < 20; tick++) {
      if (tick === 10) author.arrive(0, someone(10, 'after'));
      author.set(0, { rss: MIB });
      author.sweep();
    }
    author.close();
    expect(growth(author).map(({ comm }) => comm)).toEqual(['after']);
  });
});
