/** A writer that goes on with the recording of another: after its end, after a kill, after a reboot. */
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { openRecording, startRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import type { ClockReading } from '../../src/engine/clocks.js';
import { TierColumns } from '../../src/engine/tier-columns.js';
import { Recording } from '../../src/recording/recording.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import { SharedStorage } from '../../src/ring/shared-storage.js';
import { COUNTER_COLUMNS } from '../../src/schema.js';
import { startTidemark } from './command.js';
import { Author, METADATA, MONOTONIC, SECOND, START, someone } from './synthetic.js';
import { MIB, scratch, startSleep, until } from './workload.js';

const BOOT_A = 'aaaaaaaa-0000-4000-8000-000000000000';
const BOOT_B = 'bbbbbbbb-0000-4000-8000-000000000000';

function metadataOn(bootId: string, version = '0.0.0') {
  return { ...METADATA, writer: { name: 'tidemark', version, pid: 9 } as const, host: { ...METADATA.host, bootId } };
}

/** Ten ticks on boot A, then a writer whose clocks read `now`. */
function goOn(bootId: string, now: ClockReading, version?: string, missedAtEnd = 0): Recording {
  const author = new Author({ metadata: metadataOn(BOOT_A) });
  author.arrive(0, someone(1));
  for (let tick = 0; tick < 10; tick++) {
    author.set(0, { rss: tick * 4096 });
    author.sweep({ ownCpuNs: tick * 1000 });
  }
  if (missedAtEnd > 0) {
    author.writer.event(author.nowNs, { type: 'gap', reason: 'late', ticks: missedAtEnd, rows: missedAtEnd });
  }
  const writer = RecordingWriter.resume(new SharedStorage(author.buffer), metadataOn(bootId, version), now, () => {});
  const columns = new TierColumns(COUNTER_COLUMNS, 4088);
  columns.columns[0]![0] = 999 * 4096;
  writer.arrive(now.monotonicNs, 0, someone(1));
  for (let tick = 0; tick < 3; tick++) {
    const at = now.monotonicNs + BigInt(tick) * (SECOND / 10n);
    writer.counters(at, at + 5n, { tick, lateness: 0, ownCpu: tick, ownRss: 0, missedTicks: 0, statEvery: 1 }, columns);
  }
  writer.clock({ ...now, monotonicNs: now.monotonicNs + SECOND, realNs: now.realNs + SECOND });
  return Recording.open(new SharedStorage(author.buffer));
}

const clocks = (monotonicNs: bigint, realNs: bigint): ClockReading => ({
  monotonicNs,
  realNs,
  boottimeNs: monotonicNs,
});

describe('times and numbers go on', () => {
  it('on the same boot, by the same clock', () => {
    using recording = goOn(BOOT_A, clocks(MONOTONIC + 60n * SECOND, START + 60n * SECOND));
    const { timeNs: times, value: values } = recording.series(someone(1), 'rss');
    expect([...times].map((time) => time - START)).toEqual([
      ...Array.from({ length: 10 }, (_, tick) => BigInt(tick) * (SECOND / 10n)),
      ...[0n, 1n, 2n].map((tick) => 60n * SECOND + tick * (SECOND / 10n)),
    ]);
    expect([...values].slice(8)).toEqual([8 * 4096, 9 * 4096, 999 * 4096, 999 * 4096, 999 * 4096]);
    const summary = recording.summary();
    expect(summary).toMatchObject({
      ticks: { expected: 13, recorded: 13, missed: 0 },
      processes: { seen: 1 },
      damage: [],
    });
    expect(summary.self.cpuSeconds).toBeCloseTo(9002e-9, 12);
    expect(summary.resumed).toEqual([
      { timeNs: MONOTONIC + 60n * SECOND, reason: 'restart', from: '0.0.0', to: '0.0.0', bootId: BOOT_A, pid: 9 },
    ]);
  });

  it('behind ticks that the earlier writer missed after its last frame, which stay missed', () => {
    using recording = goOn(BOOT_A, clocks(MONOTONIC + 60n * SECOND, START + 60n * SECOND), undefined, 2);
    expect(recording.summary()).toMatchObject({
      ticks: { expected: 15, recorded: 13, missed: 2 },
      coverage: { attempted: 15, stored: 13, dropped: { 'missed-tick': 2 } },
    });
  });

  it('after a reboot, by the real clock', () => {
    using recording = goOn(BOOT_B, clocks(7n * SECOND, START + 100n * SECOND), '0.2.0');
    const { timeNs: times } = recording.series(someone(1), 'rss');
    expect([...times].slice(9).map((time) => time - START)).toEqual([
      9n * (SECOND / 10n),
      100n * SECOND,
      100n * SECOND + SECOND / 10n,
      100n * SECOND + SECOND / 5n,
    ]);
    expect(recording.summary().resumed).toMatchObject([
      { reason: 'reboot', from: '0.0.0', to: '0.2.0', bootId: BOOT_B },
    ]);
  });

  it('never backwards, though the real clock was set back meanwhile', () => {
    using recording = goOn(BOOT_B, clocks(7n * SECOND, START - 1000n * SECOND));
    // The time of day steps back, as it did; the times of the recording do not.
    const starts: bigint[] = [];
    const walk = recording.walk();
    while (walk.next() !== null) starts.push(walk.startNs);
    expect(starts).toEqual([...starts].sort((a, b) => (a < b ? -1 : 1)));
    expect(recording.summary().ticks.recorded).toBe(13);
  });

  it('through one reboot and two restarts', () => {
    const author = new Author({ metadata: metadataOn(BOOT_A) });
    author.arrive(0, someone(1));
    author.sweep();
    const storage = new SharedStorage(author.buffer);
    const columns = new TierColumns(COUNTER_COLUMNS, 4088);
    const resume = (bootId: string, now: ClockReading, version: string) => {
      const writer = RecordingWriter.resume(storage, metadataOn(bootId, version), now, () => {});
      writer.arrive(now.monotonicNs, 0, someone(1));
      const scalars = { tick: 0, lateness: 0, ownCpu: 0, ownRss: 0, missedTicks: 0, statEvery: 1 };
      writer.counters(now.monotonicNs, now.monotonicNs, scalars, columns);
      return writer.firstTick;
    };
    expect(resume(BOOT_B, clocks(7n * SECOND, START + 50n * SECOND), '1')).toBe(1);
    expect(resume(BOOT_B, clocks(17n * SECOND, START + 60n * SECOND), '1')).toBe(2);
    expect(resume(BOOT_B, clocks(27n * SECOND, START + 70n * SECOND), '2')).toBe(3);
    using recording = Recording.open(storage);
    expect([...recording.series(someone(1), 'rss').timeNs].map((time) => (time - START) / SECOND)).toEqual([
      0n,
      50n,
      60n,
      70n,
    ]);
    expect(recording.summary().resumed.map(({ reason }) => reason)).toEqual(['reboot', 'restart', 'upgrade']);
  });
});

describe('a file', () => {
  const options = { hz: 50, sizeBytes: 2 * MIB, rollup: 'off', resume: true } as const;

  it('is gone on with after its writer was killed, and after it ended', async () => {
    using folder = scratch();
    const child = startSleep();
    const file = folder.file('a.tide');
    const words = [
      'record',
      '--pid',
      String(child.pid),
      '--hz',
      '50',
      '--size',
      '2M',
      '--rollup',
      'off',
      '--resume',
      '-o',
      file,
    ];
    const first = startTidemark(words, folder.path);
    await until(() => first.stderr().includes('recording'));
    await until(() => framesOf(file) > 5);
    const second = await startTidemark([...words, '--for', '1s'], folder.path).ended;
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`process ${first.child.pid} is writing it`);
    first.child.kill('SIGKILL');
    await first.ended;
    const killedAt = framesOf(file);
    for (let round = 0; round < 2; round++) {
      const { code, stderr } = await startTidemark([...words, '--for', '400ms'], folder.path).ended;
      expect([code, stderr.includes('recorded')], stderr).toEqual([0, true]);
    }
    using recording = openRecording(file);
    const summary = recording.summary();
    expect(summary.damage).toEqual([]);
    // On a busy host some of them are missed, and counted.
    const { recorded, missed } = summary.ticks;
    expect(recorded).toBeLessThanOrEqual(killedAt + 40);
    expect(recorded + missed).toBeGreaterThanOrEqual(killedAt + 40);
    expect(summary.resumed.map(({ reason }) => reason)).toEqual(['restart', 'restart']);
    expect(statSync(file).size).toBeLessThan(2 * MIB);
  });

  it('is begun when it is not there, and refused without a change when it is another recording', async () => {
    using folder = scratch();
    const child = startSleep();
    const target = { pids: [child.pid!] };
    const file = folder.file('b.tide');
    await (await startRecording({ ...options, target, file, durationMs: 100 })).finished;
    const before = readFileSync(file);
    for (const wrong of [{ hz: 10 }, { mappings: 'auto' as const }]) {
      await expect(startRecording({ ...options, ...wrong, target, file, durationMs: 100 })).rejects.toMatchObject({
        code: 'different-recording',
        message: expect.stringContaining('it was recorded'),
      });
    }
    writeFileSync(folder.file('text.tide'), 'not a recording');
    symlinkSync(file, folder.file('link.tide'));
    mkdirSync(folder.file('folder.tide'));
    for (const name of ['text', 'link', 'folder']) {
      await expect(startRecording({ ...options, target, file: folder.file(`${name}.tide`) })).rejects.toThrow();
    }
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readFileSync(folder.file('text.tide'), 'utf8')).toBe('not a recording');
    await expect(startRecording({ resume: true })).rejects.toThrow('"file"');
  });
});

function framesOf(file: string): number {
  try {
    using recording = openRecording(file);
    return recording.summary().ticks.recorded;
  } catch {
    return 0;
  }
}
