/**
 * Thousands of processes in a pid namespace, whose numbers the kernel's programs do not know: one list of all has to do for
 * all of them.
 */
import { describe, expect, it } from 'vitest';
import { compile } from '../hostile/programs.js';
import { scratch } from '../recorder/workload.js';
import { runScript } from './commands.js';
import { ENGINES } from './engines.js';

const COUNT = 1500;

describe.runIf(ENGINES.includes('bpf') && process.geteuid?.() === 0)('in a pid namespace', () => {
  it('who is attached is known by a list that was made once', () => {
    using folder = scratch();
    const crowd = compile('crowd', folder.path, ['-static']);
    const script = `
      const { spawn } = await import('node:child_process');
      const nowUs = () => performance.now() * 1e3;
      const keeper = spawn(values.crowd, [String(values.count)], { stdio: ['ignore', 'pipe', 'ignore'] });
      await new Promise((resolve) => keeper.stdout.once('data', resolve));
      const engine = openEngine('bpf', { root: '/proc', host, maxKept: 0 });
      const pids = [...engine.listPids()];
      let began = nowUs();
      for (let round = 0; round < 20; round++) engine.listPids();
      const listUs = (nowUs() - began) / 20;
      began = nowUs();
      const statuses = pids.map((pid, slot) => engine.attach(slot, pid).status);
      const lists = (nowUs() - began) / listUs;
      const columns = new TierColumns(COUNTER_COLUMNS, pids.length + 2);
      const slots = Uint32Array.from(pids, (_, slot) => slot);
      engine.sweepCounters(slots, slots.length, columns);
      const swept = pids.filter((_, slot) => STATUSES[columns.status[slot]] === 'ok').length;
      const young = spawn('sleep', ['1000']);
      const born = engine.attach(pids.length, young.pid);
      keeper.kill('SIGKILL');
      await new Promise((resolve) => keeper.once('exit', resolve));
      const gone = engine.attach(pids.length + 1, keeper.pid).status;
      young.kill('SIGKILL');
      engine.close();
      tell({ own: process.pid, listed: pids.length, lists, statuses: [...new Set(statuses)], swept, born: born.status, isBorn: born.identity?.pid === young.pid, gone });`;
    const prefix = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const told = runScript(script, { crowd, count: COUNT }, prefix) as { lists: number; listed: number };
    expect(told).toMatchObject({ own: 1, statuses: ['ok'], born: 'ok', isBorn: true, gone: 'gone' });
    // The keeper, and this process.
    expect(told).toMatchObject({ listed: COUNT + 2, swept: COUNT + 2 });
    // A list for each would be more than so many, twice.
    expect(told.lists).toBeLessThan(COUNT / 4);
  });
});
