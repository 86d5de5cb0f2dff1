/** What others do to a recording while it is read, and to its disk while it is written. */
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openRecording } from 'tidemark';
import { afterAll, describe, expect, it } from 'vitest';
import { FileStorage } from '../../src/ring/file-storage.js';
import { RingReader } from '../../src/ring/ring-reader.js';
import { startCommand } from '../recorder/command.js';
import { scratch } from '../recorder/workload.js';
import { busyRecording, bytesOf } from './busy-recording.js';
import { ROOT } from './root.js';

const WRITER = 'test/torture/full-disk-writer.js';

const folder = scratch();

afterAll(() => folder[Symbol.dispose]());

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

/** Writes on a disk that fills up, see full-disk-writer.js. */
async function fillDisk(course: 'frees' | 'stays') {
  const line = `mount -t tmpfs -o size=1m none "$1" && exec "$2" "$3" "$1" ${course}`;
  const flags = process.getuid?.() === 0 ? ['-m'] : ['-rm'];
  const words = [...flags, 'sh', '-c', line, 'sh', folder.path, process.execPath, path.join(ROOT, WRITER)];
  const { code, stdout, stderr } = await startCommand('unshare', words, '/').ended;
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

it('a disk that fills up later costs nothing once it has room again', async () => {
  expect(await fillDisk('frees')).toEqual({
    before: 150,
    during: 200,
    after: 30,
    attempted: 380,
    stored: 380,
    closeError: '',
    read: 380,
    isFirst: true,
  });
});

it('a disk that fills up and stays so costs what cannot be stored, and the end says so', async () => {
  const { closeError, read, isFirst } = await fillDisk('stays');
  expect(closeError).toContain('the file was cut, or its disk is full');
  expect(read).toBeGreaterThanOrEqual(150);
  expect(read).toBeLessThan(250);
  expect(isFirst).toBe(true);
});
