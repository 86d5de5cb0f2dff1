/** What happens to a process between two sweeps: it ends, it runs another program, its pid goes to another. */
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS } from '../../src/schema.js';
import { endChild, endChildren, procText, runScript, startChild, startStopped, until } from './commands.js';
import {
  attachAll,
  closeEngines,
  counterColumns,
  ENGINES,
  emptyRow,
  engineOn,
  rollupColumns,
  rowOf,
  sweep,
  sweepMappings,
  sweepRollup,
  TREE_ENGINES,
} from './engines.js';
import { FakeProcfs, ROLLUP_HEAD, smapsRecord, statText } from './fake-procfs.js';

let tree: FakeProcfs;
beforeEach(() => {
  tree = new FakeProcfs();
});
afterEach(async () => {
  closeEngines();
  tree.destroy();
  await endChildren();
});

describe.each(ENGINES)('a live process with the %s engine', (name) => {
  it.each([0, 1, 1000])(
    'a child that was killed and reaped is gone in every tier, keeping %i descriptors',
    async (maxKept) => {
      const child = await startStopped();
      const engine = engineOn(name, { maxKept });
      const slots = attachAll(engine, [child.pid]);
      const [counters, rollup] = [counterColumns(), rollupColumns()];
      expect(sweep(engine, slots, counters)[0]!.status).toBe('ok');
      expect(sweepRollup(engine, slots, rollup)[0]!.status).toBe('ok');
      expect(sweepMappings(engine, slots).statuses).toEqual(['ok']);
      await endChild(child);
      expect(sweep(engine, slots, counters)[0]).toEqual(emptyRow(COUNTER_COLUMNS, 'gone'));
      expect(sweepRollup(engine, slots, rollup)[0]).toEqual(emptyRow(ROLLUP_COLUMNS, 'gone'));
      expect(sweepMappings(engine, slots)).toMatchObject({ statuses: ['gone'], rows: [0] });
      engine.detach(0);
      expect(engine.kept()).toBe(0);
    },
  );

  it.each([0, 1, 1000])('an exec is listed once and followed, keeping %i descriptors', async (maxKept) => {
    // A shell waits for a word, then becomes sleep.
    const child = await startChild('sh', ['-c', 'read word; exec sleep 1000']);
    await until(() => procText(child.pid, 'comm') === 'sh\n', 'the shell runs');
    const engine = engineOn(name, { maxKept });
    const bystander = await startStopped();
    const slots = attachAll(engine, [bystander.pid, child.pid]);
    const columns = counterColumns();
    expect(engine.sweepCounters(slots, 2, columns)).toBe(0);
    child.stdin!.write('go\n');
    await until(() => procText(child.pid, 'comm') === 'sleep\n', 'the shell is sleep');
    expect(engine.sweepCounters(slots, 2, columns)).toBe(1);
    expect(engine.renamed[0]).toBe(1);
    expect(Buffer.from(engine.comm(1)).toString()).toBe('sleep');
    expect(engine.sweepCounters(slots, 2, columns)).toBe(0);
    expect(sweep(engine, slots).map(({ status }) => status)).toEqual(['ok', 'ok']);
    expect(sweepRollup(engine, slots).map(({ status }) => status)).toEqual(['ok', 'ok']);
  });
});

describe.each(TREE_ENGINES)('with the %s engine', (name) => {
  it.each([0, 1, 2])('a pid with another start time is gone in every tier, keeping %i descriptors', (maxKept) => {
    tree.add(7, { startTicks: 500 });
    tree.write(7, 'smaps_rollup', smapsRecord(ROLLUP_HEAD, { Rss: 8, Pss: 4 }));
    tree.write(7, 'smaps', smapsRecord('1000-3000 rw-p 00000000 00:00 0', { Rss: 8 }));
    const engine = engineOn(name, { root: tree.root, maxKept });
    const slots = attachAll(engine, [7]);
    const [counters, rollup] = [counterColumns(), rollupColumns()];
    expect(sweep(engine, slots, counters)[0]!.status).toBe('ok');
    expect(sweepRollup(engine, slots, rollup)[0]!.status).toBe('ok');
    expect(sweepMappings(engine, slots)).toMatchObject({ statuses: ['ok'], rows: [1] });
    tree.write(7, 'stat', statText(7, { startTicks: 501, comm: 'other' }));
    expect(engine.sweepCounters(slots, 1, counters)).toBe(0);
    expect(sweep(engine, slots, counters)[0]).toEqual(emptyRow(COUNTER_COLUMNS, 'gone'));
    expect(sweepRollup(engine, slots, rollup)[0]).toEqual(emptyRow(ROLLUP_COLUMNS, 'gone'));
    expect(sweepMappings(engine, slots)).toMatchObject({ statuses: ['gone'], rows: [0] });
    // Its own name stays; the other's is not its.
    expect(Buffer.from(engine.comm(0)).toString()).toBe('fake');
  });

  it('a statm that was kept before stat had proved whose it is waits for that proof', () => {
    tree.add(7, { startTicks: 500 });
    const engine = engineOn(name, { root: tree.root });
    const slots = attachAll(engine, [7]);
    const columns = counterColumns();
    const status = () => {
      // Only slots with an odd number have their turn.
      engine.sweepCounters(slots, 1, columns, 2, 1);
      return rowOf(columns, 0);
    };
    tree.write(7, 'stat', 'what is this\n');
    expect(status()).toEqual(emptyRow(COUNTER_COLUMNS, 'unsupported'));
    tree.write(7, 'stat', statText(7, { startTicks: 501 }));
    expect(status()).toEqual(emptyRow(COUNTER_COLUMNS, 'gone'));
    expect(status()).toEqual(emptyRow(COUNTER_COLUMNS, 'gone'));
    tree.write(7, 'stat', statText(7, { startTicks: 500 }));
    expect(status()).toMatchObject({ status: 'ok', minorFaults: 11 });
    tree.write(7, 'stat', statText(7, { startTicks: 500, minorFaults: 12 }));
    expect(status()).toMatchObject({ status: 'ok', minorFaults: 11 });
  });

  it('a new name is listed whatever its row says, shorter and longer names too', () => {
    tree.add(7, { comm: 'one' });
    tree.remove(7, 'statm');
    const engine = engineOn(name, { root: tree.root });
    const slots = attachAll(engine, [7]);
    for (const comm of ['other', 'on', 'o', '', 'a-much-longer-name-of-a-worker/0:1H-events']) {
      tree.write(7, 'stat', statText(7, { comm }));
      expect([comm, engine.sweepCounters(slots, 1, counterColumns())]).toEqual([comm, 1]);
      expect(Buffer.from(engine.comm(0)).toString()).toBe(comm);
    }
  });

  it('more names may change at once than ever before', () => {
    const pids = Array.from({ length: 300 }, (_, index) => index + 1);
    for (const pid of pids) tree.add(pid);
    const engine = engineOn(name, { root: tree.root });
    const slots = attachAll(engine, pids);
    for (const pid of pids) tree.write(pid, 'stat', statText(pid, { comm: `new-${pid}` }));
    expect(engine.sweepCounters(slots, 300, counterColumns(300))).toBe(300);
    expect(engine.renamed.subarray(0, 300)).toEqual(slots);
  });
});

const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
const NAMESPACE = ['unshare', ...asRoot, '--pid', '--fork', '--mount-proc'];
const canUnshare =
  spawnSync(NAMESPACE[0]!, [...NAMESPACE.slice(1), 'test', '-w', '/proc/sys/kernel/ns_last_pid']).status === 0;

describe('in a pid namespace of its own', () => {
  it.runIf(canUnshare)('a pid that the kernel has given to another process is gone', () => {
    const script = `
      const { spawn } = await import('node:child_process');
      const { once } = await import('node:events');
      const start = async () => {
        const child = spawn('sleep', ['1000']);
        await once(child, 'spawn');
        return child;
      };
      const startTicks = (pid) => Number(fs.readFileSync('/proc/' + pid + '/stat', 'latin1').split(') ')[1].split(' ')[19]);
      const first = await start();
      const firstTicks = startTicks(first.pid);
      const engines = values.engines.flatMap((name) => [0, 1, 100].map((maxKept) => openEngine(name, { root: '/proc', host, maxKept })));
      const slots = Uint32Array.of(0);
      const read = (engine) => {
        const [counters, rollup, mappings] = [new TierColumns(COUNTER_COLUMNS, 8), new TierColumns(ROLLUP_COLUMNS, 8), new MappingSweep(4088, 8)];
        engine.sweepCounters(slots, 1, counters);
        engine.sweepRollup(slots, 1, rollup, 0n);
        engine.sweepMappings(slots, 1, mappings, 0n);
        return [counters, rollup, mappings].map(({ status }) => STATUSES[status[0]]).join();
      };
      for (const engine of engines) engine.attach(0, first.pid);
      const before = engines.map(read);
      first.kill('SIGKILL');
      await once(first, 'exit');
      let second;
      do {
        if (second) { second.kill('SIGKILL'); await once(second, 'exit'); }
        await new Promise((resolve) => setTimeout(resolve, 30));
        fs.writeFileSync('/proc/sys/kernel/ns_last_pid', String(first.pid - 1));
        second = await start();
      } while (second.pid !== first.pid || startTicks(second.pid) === firstTicks);
      const after = engines.map(read);
      second.kill('SIGKILL');
      tell({ before, after });`;
    const all = (row: string) => Array.from({ length: ENGINES.length * 3 }, () => row);
    expect(runScript(script, { engines: ENGINES }, NAMESPACE)).toEqual({
      before: all('ok,ok,ok'),
      after: all('gone,gone,gone'),
    });
  });
});
