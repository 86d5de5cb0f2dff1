/** A counters sweep that reads stat for a share of the slots: what is left out, and what must be read all the same. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { COUNTER_COLUMNS, IS_FROM_STAT, Status } from '../../src/schema.js';
import { endChild, endChildren, startStopped } from './commands.js';
import { attachAll, closeEngines, counterColumns, ENGINES, engineOn } from './engines.js';
import { FakeProcfs, PF_KTHREAD } from './fake-procfs.js';

const POISON = -1;

describe.each(ENGINES)('a share of stat, with the %s engine', (name) => {
  const children: { readonly pid: number }[] = [];
  beforeAll(async () => {
    for (let count = 0; count < 4; count++) children.push(await startStopped());
  });
  afterEach(closeEngines);
  afterAll(endChildren);

  /** Which slots had their columns from stat written by this sweep. */
  function written(engine: ReturnType<typeof engineOn>, slots: Uint32Array, every: number, phase: number) {
    const columns = counterColumns();
    columns.values.fill(POISON);
    engine.sweepCounters(slots, slots.length, columns, every, phase);
    const fromStat = COUNTER_COLUMNS.map((_, column) => column).filter((column) => IS_FROM_STAT[column]);
    return {
      columns,
      slots: [...slots].filter((slot) => fromStat.every((column) => columns.columns[column]![slot] !== POISON)),
      untouched: [...slots].filter((slot) => fromStat.every((column) => columns.columns[column]![slot] === POISON)),
    };
  }

  it('reads all on the first sweep, then those whose turn it is', () => {
    const engine = engineOn(name);
    const slots = attachAll(
      engine,
      children.map(({ pid }) => pid),
    );
    expect(written(engine, slots, 2, 0).slots).toEqual([0, 1, 2, 3]);
    expect(written(engine, slots, 2, 0)).toMatchObject({ slots: [0, 2], untouched: [1, 3] });
    expect(written(engine, slots, 2, 1)).toMatchObject({ slots: [1, 3], untouched: [0, 2] });
    expect(written(engine, slots, 1, 0).slots).toEqual([0, 1, 2, 3]);
  });

  it('measures memory in every row', () => {
    const engine = engineOn(name);
    const slots = attachAll(
      engine,
      children.map(({ pid }) => pid),
    );
    const all = written(engine, slots, 1, 0).columns;
    const some = written(engine, slots, 4, 3).columns;
    const rss = COUNTER_COLUMNS.indexOf('rss');
    expect([...some.columns[rss]!.slice(0, 4)]).toEqual([...all.columns[rss]!.slice(0, 4)]);
    expect([...some.status.slice(0, 4)]).toEqual([0, 0, 0, 0]);
  });

  it('finds out at once when a process whose turn it is not has gone', async () => {
    const doomed = await startStopped();
    const engine = engineOn(name);
    const slots = attachAll(engine, [doomed.pid, children[0]!.pid]);
    written(engine, slots, 1, 0);
    await endChild(doomed);
    const { columns } = written(engine, slots, 4, 3);
    expect(columns.status[0]).toBe(Status.gone);
    for (const column of columns.columns) expect(column[0]).toBeNaN();
    expect(columns.status[1]).toBe(Status.ok);
  });

  if (name === 'bpf') return;

  it('reads nothing of a kernel thread whose turn it is not', () => {
    const tree = new FakeProcfs();
    tree.add(7, { flags: PF_KTHREAD });
    const engine = engineOn(name, { root: tree.root });
    const slots = attachAll(engine, [7]);
    expect(written(engine, slots, 2, 1).slots).toEqual([0]);
    tree.destroy();
    const { columns, untouched } = written(engine, slots, 2, 1);
    expect([untouched, columns.status[0]]).toEqual([[0], Status.noMm]);
  });

  it('reads stat of every slot whose statm is not kept: nothing else proves whose memory it is', () => {
    const engine = engineOn(name, { maxKept: 0 });
    const slots = attachAll(
      engine,
      children.map(({ pid }) => pid),
    );
    for (let round = 0; round < 2; round++) expect(written(engine, slots, 4, 0).slots).toEqual([0, 1, 2, 3]);
  });
});
