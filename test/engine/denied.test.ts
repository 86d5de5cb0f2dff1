/** What another user's processes say to one who is not root. */
import { chmodSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runScript } from './commands.js';
import { TREE_ENGINES } from './engines.js';
import { FakeProcfs, ROLLUP_HEAD, smapsRecord } from './fake-procfs.js';

let tree: FakeProcfs;
beforeEach(() => {
  tree = new FakeProcfs();
});
afterEach(() => tree.destroy());

/** Statuses of the three tiers, and the columns of the counters that have a value, as user nobody. */
const READ_AS_NOBODY = `
  const engine = openEngine(values.name, { root: values.root, host, maxKept: values.maxKept ?? 10 });
  if (process.getuid() === 0) process.setuid(65534);
  const attached = engine.attach(0, values.pid).status;
  const slots = Uint32Array.of(0);
  const [counters, rollup] = [new TierColumns(COUNTER_COLUMNS, 8), new TierColumns(ROLLUP_COLUMNS, 8)];
  const mappings = new MappingSweep(4088, 8);
  engine.sweepCounters(slots, 1, counters);
  const done = [engine.sweepRollup(slots, 1, rollup, 0n), engine.sweepMappings(slots, 1, mappings, 0n)];
  tell({
    attached,
    done,
    statuses: [counters, rollup, mappings].map(({ status }) => STATUSES[status[0]]).join(),
    counters: COUNTER_COLUMNS.filter((_, column) => !Number.isNaN(counters.columns[column][0])).length,
    rollup: ROLLUP_COLUMNS.filter((_, column) => !Number.isNaN(rollup.columns[column][0])).length,
    rows: mappings.spans[1],
  });`;

describe.each(TREE_ENGINES)('with the %s engine, as another user', (name) => {
  const read = (pid: number, root = tree.root) => runScript(READ_AS_NOBODY, { name, root, pid });

  it('the counters of pid 1 are open, its page tables are not', () => {
    expect(read(1, '/proc')).toEqual({
      attached: 'ok',
      done: [1, 1],
      statuses: 'ok,denied,denied',
      counters: 10,
      rollup: 0,
      rows: 0,
    });
  });

  it.each([
    ['statm', { statuses: 'denied,ok,ok', counters: 6 }],
    ['smaps_rollup', { statuses: 'ok,denied,ok', rollup: 0 }],
    ['smaps', { statuses: 'ok,ok,denied', rows: 0 }],
    ['stat', { attached: 'denied', statuses: 'gone,gone,gone', counters: 0, rollup: 0, rows: 0 }],
  ])('a closed %s is denied', (file, expected) => {
    tree.add(7);
    tree.write(7, 'smaps_rollup', smapsRecord(ROLLUP_HEAD, { Rss: 8, Pss: 4 }));
    tree.write(7, 'smaps', smapsRecord('1000-3000 rw-p 00000000 00:00 0', { Rss: 8 }));
    chmodSync(tree.pathOf(7, file), 0);
    expect(read(7)).toMatchObject(expected);
  });

  it('a closed folder is denied', () => {
    tree.add(7);
    chmodSync(tree.pathOf(7, ''), 0);
    expect(read(7)).toMatchObject({ attached: 'denied' });
    chmodSync(tree.pathOf(7, ''), 0o755);
  });
});
