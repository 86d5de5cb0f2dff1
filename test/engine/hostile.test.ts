/** Trees that somebody made to hurt: nothing in them may stop a sweep, crash it, or be taken for a value. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS } from '../../src/schema.js';
import {
  attachAll,
  closeEngines,
  emptyRow,
  engineOn,
  sweep,
  sweepMappings,
  sweepRollup,
  TREE_ENGINES,
} from './engines.js';
import { FakeProcfs, ROLLUP_HEAD, smapsRecord } from './fake-procfs.js';

let tree: FakeProcfs;
beforeEach(() => {
  tree = new FakeProcfs();
  for (const pid of [7, 8]) {
    tree.add(pid, { minorFaults: pid });
    tree.write(pid, 'smaps_rollup', smapsRecord(ROLLUP_HEAD, { Rss: 8, Pss: 4 }));
    tree.write(pid, 'smaps', smapsRecord('1000-3000 rw-p 00000000 00:00 0', { Rss: 8 }));
  }
});
afterEach(() => {
  closeEngines();
  tree.destroy();
});

const FILES = ['stat', 'statm', 'smaps_rollup', 'smaps'] as const;
/** Puts something in the place of a file of process 7. */
const TROUBLES: [what: string, make: (file: string) => void, files: readonly string[]][] = [
  ['a FIFO', (file) => tree.fifo(7, file), FILES],
  ['a folder', (file) => tree.folder(7, file), FILES],
  ['a link to itself', (file) => tree.link(7, file, file), FILES],
  ['a link to nothing', (file) => tree.link(7, file, 'nothing'), FILES],
  ['a file without end', (file) => tree.link(7, file, '/dev/zero'), ['stat', 'statm', 'smaps_rollup']],
  ['nothing but a null byte', (file) => tree.write(7, file, '\0'), FILES],
  ['noise', (file) => tree.link(7, file, '/dev/urandom'), ['stat', 'statm', 'smaps_rollup']],
  ['a terminal', (file) => tree.link(7, file, '/dev/ptmx'), FILES],
  ['more digits than fit', (file) => tree.write(7, file, '9'.repeat(100_000)), FILES],
];

describe.each(TREE_ENGINES)('the %s engine given', (name) => {
  describe.each([0, 1000])('to keep %i descriptors,', (maxKept) => {
    it.each(TROUBLES)('%s reads on', (_what, make, files) => {
      for (const file of files) {
        tree.add(7, { minorFaults: 7 });
        tree.write(7, 'smaps_rollup', smapsRecord(ROLLUP_HEAD, { Rss: 8, Pss: 4 }));
        tree.write(7, 'smaps', smapsRecord('1000-3000 rw-p 00000000 00:00 0', { Rss: 8 }));
        const engine = engineOn(name, { root: tree.root, maxKept });
        const slots = attachAll(engine, [7, 8]);
        make(file);
        const stranger = engine.attach(2, 7);
        expect([file, stranger.status]).toEqual([
          file,
          file === 'stat' ? expect.stringMatching(/^(unsupported|gone)$/) : 'ok',
        ]);
        engine.attach(0, 8);
        if (file !== 'stat') engine.attach(0, 7);
        for (let round = 0; round < 3; round++) {
          const [counters, other] = sweep(engine, slots);
          const rollups = sweepRollup(engine, slots);
          const mappings = sweepMappings(engine, slots);
          // The neighbour is read as ever.
          expect(other).toMatchObject({ status: 'ok', rss: expect.any(Number), minorFaults: 8 });
          expect(rollups[1]).toMatchObject({ status: 'ok', pss: 4096 });
          expect([mappings.statuses[1], mappings.rows[1]]).toEqual(['ok', 1]);
          if (file === 'statm')
            expect(counters).toMatchObject({ status: 'unsupported', rss: Number.NaN, minorFaults: 7 });
          if (file === 'smaps_rollup') expect(rollups[0]).toEqual(emptyRow(ROLLUP_COLUMNS, rollups[0]!.status));
          if (file === 'smaps') expect(mappings.rows[0]).toBe(0);
        }
        tree.remove(7);
        engine.close();
      }
    });

    it('a stat that turns into trouble shows no value', () => {
      for (const [what, make, files] of TROUBLES) {
        if (!files.includes('stat')) continue;
        tree.add(7);
        const engine = engineOn(name, { root: tree.root, maxKept: 0 });
        const slots = attachAll(engine, [7]);
        make('stat');
        const [row] = sweep(engine, slots);
        expect([what, row]).toEqual([what, emptyRow(COUNTER_COLUMNS, row!.status)]);
        expect(row!.status).toMatch(/^(unsupported|gone)$/);
        tree.remove(7);
      }
    });
  });

  it('a process that is a file, or a link to another process, is no trouble', () => {
    writeFileSync(path.join(tree.root, '9'), 'no folder');
    const engine = engineOn(name, { root: tree.root });
    expect(engine.attach(0, 9)).toEqual({ status: 'unsupported' });
    expect([...engine.listPids()].sort()).toEqual([7, 8, 9]);
    tree.link(7, 'stat', '../8/stat');
    expect(engine.attach(0, 7).status).toBe('ok');
  });

  it('a smaps of very many lines, long lines and lines that are none reads on', () => {
    const lines = [
      `${'f'.repeat(40)}-${'f'.repeat(40)} rwxp ${'9'.repeat(50)} ff:ff ${'9'.repeat(50)} ${'p'.repeat(20_000)}\n`,
      'Rss: 18446744073709551615 kB\n'.repeat(2000),
      'Unknown: 1 kB\n'.repeat(5000),
      '\n'.repeat(5000),
      '2000-1000 ---p 0 00:00 0\n'.repeat(3000),
      'VmFlags:',
    ];
    tree.write(7, 'smaps', lines.join(''));
    const engine = engineOn(name, { root: tree.root });
    const result = sweepMappings(engine, attachAll(engine, [7]), 8);
    expect(result.statuses).toEqual(['ok']);
    expect(result.rows).toEqual([3001]);
    expect(result.mappings.table.nameLength[0]).toBe(20_000);
  });
});
