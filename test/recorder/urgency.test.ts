/** The thread that samples runs ahead of ordinary work at high rates, it alone, and only where that is permitted. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { startRecording } from 'tidemark';
import { expect, it } from 'vitest';

const [SCHED_OTHER, SCHED_FIFO] = [0, 1];
const POLICY_FIELD = 41;

/** The scheduling policies of a helper process: of its sampler, and of all its other threads. */
async function policiesAt(hz: number): Promise<{ sampler: number; others: Set<number> }> {
  await using recorder = await startRecording({
    target: { pids: [process.pid] },
    sampler: 'process',
    hz,
    rollup: 'off',
  });
  const { pid } = recorder.recording().metadata.writer;
  const policyOf = (task: string) => {
    const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[POLICY_FIELD - 3]);
  };
  const others = readdirSync(`/proc/${pid}/task`).filter((task) => task !== String(pid));
  return { sampler: policyOf(String(pid)), others: new Set(others.map(policyOf)) };
}

it('runs ahead at 200 Hz, with its other threads as ordinary work', async () => {
  const isPermitted = spawnSync('chrt', ['-f', '1', 'true']).status === 0;
  expect(await policiesAt(200)).toEqual({
    sampler: isPermitted ? SCHED_FIFO : SCHED_OTHER,
    others: new Set([SCHED_OTHER]),
  });
});

it('is ordinary work at 10 Hz', async () => {
  expect(await policiesAt(10)).toEqual({ sampler: SCHED_OTHER, others: new Set([SCHED_OTHER]) });
});
