import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { copyRing } from './copy-ring.js';
import { FileStorage } from './file-storage.js';
import { bytesOf, COUNTERS, EVENTS, memory, Recorder, readRing } from './rings.fixture.js';
import { SharedStorage } from './shared-storage.js';
import { StorageError } from './storage-error.js';

const folder = mkdtempSync(join(tmpdir(), 'ring-copy-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a copy', () => {
  it('has the same bytes and takes no room for what was never written', () => {
    const storage = memory(64);
    const recorder = new Recorder(storage);
    recorder.label(COUNTERS, 0, 'a');
    recorder.sweep(COUNTERS, 1n, [1, 2], () => 4096);
    recorder.record(1n, 1, new Uint8Array(9).fill(5));
    // The last byte of all.
    new Uint8Array(storage.buffer)[storage.sizeBytes - 1] = 7;
    const path = join(folder, 'copy.tide');
    copyRing(storage, path);
    const copy = FileStorage.open(path);
    expect(Buffer.compare(bytesOf(copy), bytesOf(storage))).toBe(0);
    for (const ring of [COUNTERS, EVENTS]) expect(readRing(copy, ring).frames).toEqual(recorder.truth[ring]);
    copy.close();
    expect(statSync(path).blocks * 512).toBeLessThan(storage.sizeBytes / 4);
  });

  it('of a ring that ends early is as large, with holes behind the end', () => {
    const storage = new SharedStorage(new SharedArrayBuffer(300_000));
    new Uint8Array(storage.buffer).fill(3);
    const read = storage.read.bind(storage);
    storage.read = (at, into, from, length) => read(at, into, from, at >= 131_072 ? 0 : length);
    const path = join(folder, 'cut.tide');
    copyRing(storage, path);
    const copy = bytesOf(FileStorage.open(path));
    expect([copy.length, copy.indexOf(0), copy.lastIndexOf(3)]).toEqual([300_000, 131_072, 131_071]);
  });

  it('is not made over what is there, and is removed again when it fails', () => {
    const path = join(folder, 'again.tide');
    copyRing(memory(1), path);
    expect(() => copyRing(memory(1), path)).toThrow(StorageError);
    expect(existsSync(path)).toBe(true);
    const broken = memory(1);
    broken.read = () => {
      throw new Error('the disk failed');
    };
    expect(() => copyRing(broken, join(folder, 'broken.tide'))).toThrow('the disk failed');
    expect(existsSync(join(folder, 'broken.tide'))).toBe(false);
    const amend = () => {
      throw new Error('the disk is full');
    };
    expect(() => copyRing(memory(1), join(folder, 'broken.tide'), amend)).toThrow('the disk is full');
    expect(existsSync(join(folder, 'broken.tide'))).toBe(false);
  });
});
