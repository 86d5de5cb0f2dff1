/** The host while processes are recorded: its real values, at their times, beside the ticks. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openRecording, startRecording } from 'tidemark';
import { afterEach, describe, expect, it } from 'vitest';
import { readMeminfo } from '../../src/procfs/meminfo.js';
import { HOST_COLUMNS, type HostMetricName } from '../../src/schema.js';
import { startTidemark } from './command.js';
import { MIB, scratch, startSleep, until } from './workload.js';

const PLANTED = `/dev/shm/tidemark-planted-${process.pid}`;

afterEach(() => rmSync(PLANTED, { force: true }));

interface Memory {
  readonly total: number;
  readonly free: number;
  readonly shared: number;
}

const now = () => BigInt(Date.now()) * 1_000_000n;

/** What psutil says of the memory of this host. */
function psutilMemory(): Memory {
  const script =
    'import json, psutil; m = psutil.virtual_memory(); print(json.dumps({k: getattr(m, k) for k in ("total", "free", "shared")}))';
  return JSON.parse(execFileSync('/usr/bin/python3', ['-c', script], { encoding: 'utf8' }));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a recording', () => {
  it('has the memory of the host as another program reads it, and what was planted when it was', async () => {
    using folder = scratch();
    const file = folder.file('host.tide');
    const sleep = startSleep();
    try {
      const recorder = await startRecording({
        target: { pids: [sleep.pid!] },
        file,
        hz: 50,
        hostTier: 20,
        sampler: 'worker',
      });
      // Others on this machine plant and free memory too: in one of a few rounds they rest.
      const rounds: { beforeNs: bigint; before: Memory; afterNs: bigint; after: Memory }[] = [];
      for (let round = 0; round < 5; round++) {
        rmSync(PLANTED, { force: true });
        await pause(300);
        const [before, beforeNs] = [psutilMemory(), now()];
        writeFileSync(PLANTED, Buffer.alloc(96 * MIB, 1));
        await pause(300);
        rounds.push({ before, beforeNs, after: psutilMemory(), afterNs: now() });
      }
      await pause(100);
      await recorder.stop();
      await recorder[Symbol.asyncDispose]();
      using recording = openRecording(file);
      const shmemAt = (timeNs: bigint) => recording.hostAt(timeNs)!.value('hostShmem');
      const isNear = (bytes: number, expected: number) => Math.abs(bytes - expected) < 16 * MIB;
      const seen = rounds.map(({ beforeNs, before, afterNs, after }) => {
        const [low, high] = [shmemAt(beforeNs), shmemAt(afterNs)];
        return isNear(low, before.shared) && isNear(high, after.shared) && isNear(high - low, 96 * MIB);
      });
      expect(seen).toContain(true);
      const { total } = rounds[0]!.before;
      expect(recording.hostAt()!.value('hostMemTotal')).toBe(total);
      const { timeNs, value } = recording.hostSeries('hostMemFree');
      expect(value.length).toBeGreaterThan(8);
      for (let index = 1; index < timeNs.length; index++) expect(timeNs[index]).toBeGreaterThan(timeNs[index - 1]!);
      expect(value.every((bytes) => bytes > 0 && bytes < total)).toBe(true);
      // Fifty ticks a second, and no more than twenty sweeps; one more at the end.
      const seconds = Number(timeNs.at(-1)! - timeNs[0]!) / 1e9;
      expect(value.length).toBeLessThanOrEqual(seconds * 20 * 1.1 + 3);
      expect(recording.metadata.hostTier).toBe('20');
    } finally {
      sleep.kill();
    }
  });

  it('has a value for all that this kernel tells, and none for what it does not', async () => {
    const sleep = startSleep();
    try {
      await using recorder = await startRecording({ target: { pids: [sleep.pid!] }, hz: 20, sampler: 'worker' });
      await until(() => recorder.recording().hostAt() !== undefined, 'a sweep of the host');
      const reading = recorder.recording().hostAt()!;
      const told = readMeminfo('/proc');
      const missing = (name: HostMetricName) => Number.isNaN(reading.value(name));
      expect(missing('hostMemTotal')).toBe(false);
      expect(missing('hostNfsUnstable')).toBe(!told.has('NFS_Unstable'));
      expect(missing('hostCmaTotal')).toBe(!told.has('CmaTotal'));
      expect(HOST_COLUMNS.filter((name) => !missing(name)).length).toBeGreaterThan(45);
      expect(reading.status).toBe('ok');
      expect(recorder.recording().metadata.hostTier).toBe('auto');
    } finally {
      sleep.kill();
    }
  });

  it('has no ring for the host where nobody wants it', async () => {
    const sleep = startSleep();
    try {
      await using recorder = await startRecording({
        target: { pids: [sleep.pid!] },
        hostTier: 'off',
        sampler: 'worker',
      });
      expect(recorder.recording().rings.map(({ name }) => name)).not.toContain('host');
      expect(recorder.recording().hostAt()).toBeUndefined();
      expect(recorder.recording().metadata.hostTier).toBeUndefined();
    } finally {
      sleep.kill();
    }
    for (const hostTier of [0, -1, 2000, 'often', null, {}]) {
      await expect(startRecording({ hostTier: hostTier as never })).rejects.toThrow(
        'Expected the "hostTier" option to be "auto", "off" or a number above 0 up to 1000',
      );
    }
  });

  it('is made so by --host, goes on with it, and refuses what is no rate', async () => {
    using folder = scratch();
    const file = folder.file('asked.tide');
    const asked = ['record', '-o', file, '--hz', '20', '--for', '1s', '--pid', `${process.pid}`];
    const record = async (...words: string[]) => {
      const { ended } = startTidemark([...asked, ...words], path.dirname(file));
      return await ended;
    };
    expect((await record('--host', '5')).code).toBe(0);
    const sweeps = () => {
      using recording = openRecording(file);
      return recording.hostSeries('hostMemFree').value.length;
    };
    const first = sweeps();
    expect(first).toBeGreaterThan(2);
    expect(first).toBeLessThan(9);
    expect((await record('--host', '5', '--resume')).code).toBe(0);
    expect(sweeps()).toBeGreaterThan(first + 2);
    const { code, stderr } = await record('--host', 'often');
    expect(code).toBe(2);
    expect(stderr).toContain('--host: "often" is not a rate; allowed: auto, off, or times per second');
  });
});
