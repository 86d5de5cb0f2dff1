/** Payloads of labels and of snapshots, byte by byte. */
import { describe, expect, it } from 'vitest';
import { float, HEAD, NAN, Side, SPEC, step } from './decoder.fixture.js';
import { FORMAT_MAJOR } from './layout.js';

const n = Number.NaN;

describe('labels', () => {
  it('are given, changed and freed, and the last slot falls', () => {
    const side = new Side(SPEC);
    expect(side.labels([0, 2, 97, 98, 200, 1, 1, 99, 3, 1, 100])).toBe(true);
    const { decoder } = side;
    const names = () => Array.from(decoder.labels, (label) => (label ? Buffer.from(label).toString() : undefined));
    expect([decoder.highWater, names()[0], names()[3], names()[200], names().length]).toEqual([
      201,
      'ab',
      'd',
      'c',
      201,
    ]);
    expect([...decoder.changed.slots.subarray(0, decoder.changed.count)]).toEqual([0, 200, 3]);
    expect(side.columns([...HEAD, 0, 0, 1, 0, step(1), step(2), step(3), 0]), 'for 201 slots').toBe('bad');
    // Freed, also one that is free, then named again.
    expect(side.labels([200, 1, 0, 250, 1, 0, 1, 0, 0, 1, 120])).toBe(true);
    expect([decoder.highWater, names()]).toEqual([4, ['x', undefined, undefined, 'd']]);
    expect(side.labels([3, 0])).toBe(true);
    expect([decoder.highWater, names()]).toEqual([1, ['x']]);
    expect(side.labels([0, 0])).toBe(true);
    expect([decoder.highWater, names(), side.labels([])]).toEqual([0, [], true]);
  });

  it('take their values along when they go', () => {
    const side = new Side(SPEC).label(0, 1, 2);
    side.columns([...HEAD, 1, 4, 1, 5, 1, 6, 0, 0, 1, 0, step(1), step(2), step(3), 0]);
    expect(side.labels([1, 0, 1, 1, 66])).toBe(true);
    expect([side.values(3)[0], [...side.state.status.subarray(0, 3)]]).toEqual([
      [1, n, 3],
      [4, 255, 6],
    ]);
  });

  it('are refused when they are cut, or of a slot that cannot be', () => {
    const good = [0, 2, 97, 98, 128 | 44, 1, 1, 99];
    for (const cut of [1, 2, 3, 5, 6, 7])
      expect([cut, new Side(SPEC).labels(good.slice(0, cut))]).toEqual([cut, false]);
    expect(new Side(SPEC).labels([128 | 44, 2, 1, 99])).toBe(false);
    expect(new Side(SPEC).labels([128 | 43, 2, 1, 99])).toBe(true);
  });
});

describe('a snapshot', () => {
  // Labels of 6 bytes; the scalar; statuses and both columns of the two slots.
  const GOOD = [6, 0, 1, 97, 2, 1, 98, step(4), 8, 9, step(1), step(2), ...float(0.5), NAN];

  it('tells everything, whatever was known', () => {
    const side = new Side(SPEC).label(0, 1, 2, 3);
    side.columns([...HEAD, 1, 4, 1, 5, 1, 6, 1, 7, 0, 0, 1, 0, 4, 4, 4, 4, 0]);
    expect(side.snapshot(GOOD)).toBe(true);
    expect(side.values(4)).toEqual([
      [1, n, 2, n],
      [0.5, n, n, n],
    ]);
    expect([...side.state.status.subarray(0, 4), side.state.scalars[0], side.decoder.highWater]).toEqual([
      ...[8, 255, 9, 255],
      ...[4, 3],
    ]);
  });

  it('is told of the wanted columns only', () => {
    const side = new Side(SPEC, FORMAT_MAJOR, [false, true]);
    expect(side.snapshot(GOOD)).toBe(true);
    expect(side.values(3)).toEqual([
      [n, n, n],
      [0.5, n, n],
    ]);
  });

  it('is refused when it is cut, goes on, or has labels that break the format', () => {
    for (let length = 0; length < GOOD.length; length++) {
      expect([length, new Side(SPEC).snapshot(GOOD.slice(0, length))]).toEqual([length, false]);
    }
    expect(new Side(SPEC).snapshot([...GOOD, 0])).toBe(false);
    expect(new Side(SPEC).snapshot([5, ...GOOD.slice(1)])).toBe(false);
    expect(new Side(SPEC).snapshot([200, 1, ...GOOD.slice(1)])).toBe(false);
  });
});
