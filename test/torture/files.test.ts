/** What others do to a recording while it is written or read: they remove it, cut it, put another in its place, fill its disk. */
import { existsSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openRecording, type Recorder, startRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileStorage } from '../../src/ring/file-storage.js';
import { RingReader } from '../../src/ring/ring-reader.js';
import { startCommand } from '../recorder/command.js';
import { MIB, scratch, startSleep, until } from '../recorder/workload.js';
import { MAIN } from '../tidemark-process.js';
import { busyRecording, bytesOf } from './busy-recording.js';

const sleep = startSleep();
const folder = scratch();

beforeAll(() => until(() => existsSync(`/proc/${sleep.pid}`)));
afterAll(() => {
  sleep.kill();
  folder[Symbol.dispose]();
});

async function record(engine: 'native' | 'ts', name: string): Promise<{ recorder: Recorder; file: string }> {
  const file = folder.file(`${engine}-${name}.tide`);
  const recorder = await startRecording({ target: { pids: [sleep.pid!] }, file, engine, hz: 200, sizeBytes: 4 * MIB });
  await until(() => recordedIn(file) > 5, 'some ticks');
  return { recorder, file };
}

function recordedIn(file: string): number {
  const recording = openRecording(file);
  try {
    return recording.summary().ticks.recorded;
  } finally {
    recording.close();
  }
}

describe.each(['native', 'ts'] as const)('a file that is being written by the engine %s', (engine) => {
  it('is removed: the recorder ends in order, and leaves nothing behind', async () => {
    const { recorder, file } = await record(engine, 'removed');
    rmSync(file);
    await pause(50);
    await recorder.stop();
    expect((await recorder.finished).reason).toBe('stopped');
    expect(existsSync(file)).toBe(false);
  });

  it('is replaced: the other file is not touched', async () => {
    const { recorder, file } = await record(engine, 'replaced');
    const other = folder.file('other');
    writeFileSync(other, 'other');
    renameSync(other, file);
    await pause(50);
    await recorder.stop();
    expect(readFileSync(file, 'latin1')).toBe('other');
  });

  it('is cut behind what it holds, or inside it: the recorder lives, and what is left is read', async () => {
    const { recorder, file } = await record(engine, 'cut');
    truncateSync(file, 2 * MIB);
    await pause(50);
    const recorded = recordedIn(file);
    expect(recorded).toBeGreaterThan(5);
    // The middle of the third block; whichever ring has it, the first two stand.
    truncateSync(file, 16384 + 2 * 65536 + 300);
    await pause(100);
    expect(recordedIn(file)).toBeLessThanOrEqual(recorded + 40);
    // Its end cannot be written either, and that is said.
    await expect(recorder.stop()).rejects.toThrow('the file was cut, or its disk is full');
    const recording = openRecording(file);
    expect(recording.processes()).toMatchObject([{ pid: sleep.pid }]);
    expect(recording.damage).toContainEqual(expect.objectContaining({ reason: 'truncated' }));
    recording.close();
  });
});

describe('a file that is being read', () => {
  it('is removed, replaced or cut: the reader goes on with what it has', () => {
    const file = folder.file('read.tide');
    const { storage } = busyRecording(5, { ticks: 300, sizeBytes: 600_000 });
    writeFileSync(file, bytesOf(storage));
    const opened = FileStorage.open(file);
    const reader = RingReader.open(opened);
    const cursor = reader.cursor(0);
    while (cursor.next() !== 'columns');
    rmSync(file);
    writeFileSync(file, 'another');
    expect(cursor.next()).not.toBeNull();
    const recording = openedCopy(bytesOf(storage));
    const frames = recording.frames();
    expect(frames.next().value).toMatchObject({ kind: 'frame' });
    truncateSync(folder.file('copy.tide'), 20_000);
    // The block that it stands in is a copy; what follows is gone.
    let left = 0;
    for (const frame of frames) left += frame.kind === 'frame' ? 1 : 0;
    expect(left).toBeLessThan(300);
    expect(() => recording.summary()).not.toThrow();
    expect(recording.damage).toContainEqual(expect.objectContaining({ reason: 'truncated' }));
    recording.close();
    reader.close();
  });
});

function openedCopy(bytes: Uint8Array) {
  writeFileSync(folder.file('copy.tide'), bytes);
  return openRecording(folder.file('copy.tide'));
}

describe('a disk that fills up later', () => {
  it('though the space was reserved: what cannot be stored is counted, and the recorder lives', async () => {
    // A hole is punched into the reserved space, and another file takes what it gave back.
    const line = `mount -t tmpfs -o size=6m none '${folder.path}' && cd '${folder.path}' || exit 99
      '${process.execPath}' '${MAIN}' record --pid ${sleep.pid} --hz 1000 --size 4M --for 2500ms -o full.tide --summary &
      recorder=$!
      sleep 0.8
      fallocate -p -o 272K -l 3824K full.tide || exit 98
      dd if=/dev/zero of=hog bs=64k 2>/dev/null
      wait $recorder; code=$?
      rm hog
      '${process.execPath}' '${MAIN}' info full.tide | head -40
      exit $code`;
    const flags = process.getuid?.() === 0 ? ['-m'] : ['-rm'];
    const { code, stdout } = await startCommand('unshare', [...flags, 'sh', '-c', line], '/').ended;
    expect([code, stdout]).toEqual([0, expect.stringMatching(/write-failed/)]);
  });
});
