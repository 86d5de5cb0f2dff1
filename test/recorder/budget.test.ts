/** Hosts and budgets at their ends: one processor, the least and the largest share. */

import { startRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { endChildren, runScript, startStopped } from '../engine/commands.js';
import { until, Workload } from './workload.js';

const MIB = 2 ** 20;

describe.each([0.0001, 1])('a budget of %d of a core', (budget) => {
  it('reads a process at least once, and keeps the ticks', async () => {
    await using workload = await Workload.start();
    await using recorder = await startRecording({
      target: { pids: [workload.pid] },
      sampler: 'worker',
      hz: 50,
      budget,
      sizeBytes: 4 * MIB,
    });
    await until(() => (recorder.now()?.processes[0]?.values.uss ?? 0) > 0, 'a deep read');
    await until(() => (recorder.progress?.ticks ?? 0) > 10, 'some ticks');
  });
});

describe('a rate that is left to the budget', () => {
  it('is found before the first tick', async () => {
    await using workload = await Workload.start();
    const options = { target: { pids: [workload.pid] }, sampler: 'worker', sizeBytes: 4 * MIB, hz: 'auto' } as const;
    await using rich = await startRecording({ ...options, budget: 1 });
    await using poor = await startRecording({ ...options, budget: 0.0001 });
    expect(rich.hz).toBeGreaterThan(poor.hz);
    expect(rich.hz).toBeLessThanOrEqual(100);
    expect(poor.hz).toBeLessThanOrEqual(1);
  });
});

describe('one processor', () => {
  it('is enough for reads with a deadline, whole and in pieces', async () => {
    try {
      const { pid } = await startStopped();
      const script = `
        const engine = openEngine('native', { root: '/proc', host, maxKept: 10, deadlineMs: 20_000 });
        engine.attach(0, values.pid);
        const columns = new TierColumns(ROLLUP_COLUMNS, 64);
        const one = Uint32Array.of(0);
        const statuses = [];
        engine.sweepRollup(one, 1, columns, 0n);
        statuses.push(STATUSES[columns.status[0]]);
        engine.sweepPaced(one, 1, columns, 0n, 500_000);
        statuses.push(STATUSES[columns.status[0]]);
        tell([statuses, fs.readdirSync('/proc/self/task').length > 0]);`;
      expect(runScript(script, { pid }, ['taskset', '-c', '0'])).toEqual([['ok', 'ok'], true]);
    } finally {
      await endChildren();
    }
  });
});
