/** Hosts and budgets at their ends: one processor, the least and the largest share. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openRecording, startRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { endChildren, runScript, startStopped } from '../engine/commands.js';
import { runTidemark } from '../tidemark-process.js';
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

describe('a rate that the budget does not pay for any more', () => {
  it('falls while recording, and the recording says so', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-rate-'));
    try {
      await using workload = await Workload.start();
      const file = path.join(folder, 'rate.tide');
      const options = { target: { pids: [workload.pid] }, sampler: 'worker', sizeBytes: 4 * MIB, file } as const;
      const before = await startRecording({ ...options, hz: 100 });
      await before.stop();
      // It goes on at the rate that the file has.
      const recorder = await startRecording({
        ...options,
        hz: 'auto',
        budget: 0.0001,
        resume: true,
        durationMs: 60_000,
      });
      expect(recorder.hz).toBe(100);
      await until(
        () =>
          recorder
            .recording()
            .summary()
            .budgets.some(({ hz }) => hz < 100),
        'a slower rate',
      );
      const { reason } = await recorder.stop();
      expect(reason).toBe('stopped');
      using recording = openRecording(file);
      const { budgets, ticks } = recording.summary();
      expect(budgets.map(({ hz }) => hz)).toEqual([100, 100, 100, ...budgets.slice(3).map(({ hz }) => hz)]);
      const last = budgets.at(-1)!;
      expect(last.hz).toBeLessThanOrEqual(2);
      expect(last).toMatchObject({
        asked: 0.0001,
        reason: expect.stringMatching(
          /^a tick takes \d+\.\d\d ms of CPU, everything but deep reads \d+\.\d\d % of a core$/,
        ),
      });
      expect(ticks.expected).toBe(ticks.recorded + ticks.missed);
      const { stdout } = await runTidemark(['info', file]);
      expect(stdout).toMatch(/^ticks +\d+ of \d+ at [\d.]+ to 100 Hz, /m);
      expect(stdout).toMatch(/^budget +of late [\d.]+ %, .* at [\d.]+ Hz: a tick takes /m);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
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
