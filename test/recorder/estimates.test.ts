import { describe, expect, it } from 'vitest';
import { estimatesAt } from '../../src/analyze/estimates-at.js';
import { exportCsv } from '../../src/export/csv.js';
import { exportJsonl } from '../../src/export/jsonl.js';
import type { ExportOptions } from '../../src/export/rows.js';
import { Author, someone, unixOf } from './synthetic.js';

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

describe('estimates in an export', () => {
  const author = new Author();
  author.arrive(0, someone(1));
  author.arrive(1, someone(2));
  for (const slot of [0, 1]) author.set(slot, { rss: 100 * MIB, minorFaults: 10 });
  author.sweep();
  author.deep([0], { pss: 70 * MIB, uss: 60 * MIB });
  author.set(0, { rss: 120 * MIB, minorFaults: 6000 });
  const lastAt = author.sweep();
  const recording = author.open();
  type Row = Record<string, string | number | null>;
  const rowsOf = (options: ExportOptions): Row[] =>
    [...exportJsonl(recording, options)]
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  const NONE = { pss_estimate: null, pss_estimate_low: null, uss_estimate_high: null, estimate_age_ns: null };

  it('stand beside what was measured, and never in its place', () => {
    const [read, neverRead, moved, still] = rowsOf({ extra: ['estimates'] });
    // Measured at this tick: no estimate is needed.
    expect(read).toMatchObject({ pid: 1, pss: 70 * MIB, uss: 60 * MIB, ...NONE });
    expect(neverRead).toMatchObject({ pid: 2, pss: null, ...NONE });
    expect(moved).toMatchObject({ pid: 1, pss: null, uss: null, rollup_status: 'not-due' });
    expect(moved).toMatchObject({ pss_estimate: 90 * MIB, uss_estimate: 80 * MIB });
    expect(moved!.pss_estimate_low).toBeLessThan(90 * MIB);
    expect(moved!.pss_estimate_high).toBeGreaterThan(90 * MIB);
    expect(moved!.estimate_age_ns).toBeGreaterThan(0);
    expect(still).toMatchObject({ pid: 2, ...NONE });
  });

  it('rest on what was read before the range, and are there only when asked for', () => {
    const from = unixOf(lastAt);
    expect(rowsOf({ from, extra: ['estimates'], pids: [1] })).toEqual([
      expect.objectContaining({ pid: 1, pss_estimate: 90 * MIB }),
    ]);
    expect(rowsOf({ from })[0]).not.toHaveProperty('pss_estimate');
  });

  it('are the last columns of the CSV', () => {
    const [head, ...lines] = [...exportCsv(recording, { extra: ['estimates'] })].join('').trimEnd().split('\n');
    const names = head!.split(',');
    expect(names.slice(-7)).toEqual([
      'pss_estimate',
      'pss_estimate_low',
      'pss_estimate_high',
      'uss_estimate',
      'uss_estimate_low',
      'uss_estimate_high',
      'estimate_age_ns',
    ]);
    for (const line of lines) expect(line.split(',').length).toBe(names.length);
    expect(lines[2]!.split(',')[names.indexOf('pss_estimate')]).toBe(String(90 * MIB));
    expect(lines[0]!.endsWith(',,,,,,,')).toBe(true);
  });
});
