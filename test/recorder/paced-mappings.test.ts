/** A process too large to be read in one go has mappings in a recording all the same, and what it was held for counts. */
import { startRecording } from 'tidemark';
import { expect, it } from 'vitest';
import { SmapsColumn } from '../../src/procfs/mapping-table.js';
import type { Recording } from '../../src/recording/recording.js';
import { measureHolds } from '../../src/views/target-holds.js';
import { MIB, until, Workload } from './workload.js';

it('mappings of a process that a whole read would hold for too long are read in pieces', async () => {
  await using workload = await Workload.start();
  await workload.tell(`map ${64 * MIB}`);
  const target = { pids: [workload.pid] };
  const options = { target, sampler: 'worker', hz: 20, rollup: 'off', mappings: 20, maxHoldMs: 0.05 } as const;
  await using recorder = await startRecording(options);
  const recorded = () => {
    const [process] = recorder.recording().processes({ pid: workload.pid });
    return process && recorder.recording().mappingsOf(process)[0];
  };
  await until(() => (recorded()?.table.rows ?? 0) > 0, 'its mappings');
  await recorder.stop();
  const { table } = recorded()!;
  const column = (name: keyof typeof SmapsColumn) => table.sizes[SmapsColumn[name]]!.subarray(0, table.rows);
  expect(Math.max(...column('rss'))).toBeGreaterThanOrEqual(64 * MIB);
  expect(Math.max(...column('anonymous'))).toBeGreaterThan(0);
  // Absent, not 0.
  expect([...column('privateDirty')].every(Number.isNaN)).toBe(true);
  const [holds] = measureHolds(recorder.recording() as unknown as Recording);
  expect(holds).toMatchObject({ pid: workload.pid, comm: 'python3' });
  expect(holds!.paced).toBe(holds!.reads);
  expect(holds!.heldNs).toBeGreaterThan(0);
});
