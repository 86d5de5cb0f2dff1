/** A file written through memory is the same file, and one that is cut under the mapping is an error and not the end. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { mapFile } from '../../src/engine/map-file.js';
import { preallocate } from '../../src/engine/preallocate.js';
import { FileStorage } from '../../src/ring/file-storage.js';
import { until } from '../recorder/workload.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-map-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SIZE = 1024 * 1024;

function storageAt(name: string): FileStorage {
  const storage = FileStorage.create(path.join(folder, name), SIZE, preallocate);
  storage.map(mapFile);
  return storage;
}

describe('a mapped file', () => {
  it('has the bytes once it settled, for every reader, in any offset and length', () => {
    const storage = storageAt('bytes');
    const bytes = Uint8Array.from({ length: 10_000 }, (_, index) => index % 251);
    storage.write(4090, bytes, 7, 9000);
    storage.commit(16, 0x01020304, 0xfffefdfc);
    storage.write(SIZE - 1, bytes, 3, 1);
    storage.settle();
    const expected = new Uint8Array(SIZE);
    expected.set(bytes.subarray(7, 9007), 4090);
    expected.set([4, 3, 2, 1, 0xfc, 0xfd, 0xfe, 0xff], 16);
    expected[SIZE - 1] = 3;
    expect(Buffer.compare(readFileSync(path.join(folder, 'bytes')), expected)).toBe(0);
    const back = new Uint8Array(9000);
    expect(storage.read(4090, back, 0, 9000)).toBe(9000);
    expect(Buffer.compare(back, bytes.subarray(7, 9007))).toBe(0);
    storage.flush();
    storage.close();
  });

  it('has what is committed within a moment, however fast it comes, and also what comes after a pause', async () => {
    const storage = storageAt('fast');
    const file = path.join(folder, 'fast');
    for (const [round, pauseMs] of [0, 1, 3, 20].entries()) {
      for (let tick = 1; tick <= 40; tick++) {
        storage.gather(true);
        storage.commit(8 * round, tick, round);
        storage.gather(false);
        if (pauseMs > 0) await pause(pauseMs);
      }
      await until(() => readFileSync(file)[8 * round] === 40, `the last of those ${pauseMs} ms apart`);
    }
    storage.close();
  });

  it('refuses what lies beyond its end, and what is no part of the bytes', () => {
    const storage = storageAt('beyond');
    expect(() => storage.write(SIZE - 1, new Uint8Array(2), 0, 2)).toThrow('EINVAL');
    expect(() => storage.commit(SIZE, 1, 1)).toThrow('EINVAL');
    expect(() => storage.write(0, new Uint8Array(2), 1, 2)).toThrow(TypeError);
    storage.close();
  });

  it('says so when the file is cut under it, and stores what waited once the file has its size again', () => {
    const storage = storageAt('cut');
    const file = path.join(folder, 'cut');
    const write = (at: number, value: number) => storage.write(at, new Uint8Array(100).fill(value), 0, 100);
    write(800_000, 1);
    storage.settle();
    truncateSync(file, 65536);
    write(100, 2);
    write(800_000, 3);
    storage.commit(800_104, 9, 9);
    write(200, 4);
    const lost = `Cannot write to ${storage.path}: the file was cut, or its disk is full`;
    expect(() => storage.settle()).toThrow(lost);
    expect(() => storage.flush()).toThrow('the file was cut, or its disk is full');
    // In their order: what came before the one that cannot be stored is there, what came after it is not.
    expect([readFileSync(file)[150], readFileSync(file)[250]]).toEqual([2, 0]);
    truncateSync(file, SIZE);
    storage.settle();
    const bytes = readFileSync(file);
    expect([bytes[250], bytes[800_050], bytes[800_104]]).toEqual([4, 3, 9]);
    storage.close();
    expect(readFileSync(file).length).toBe(SIZE);
  });

  it('refuses more than may wait, stores what it took, and takes more once there is room', () => {
    const storage = storageAt('full');
    const file = path.join(folder, 'full');
    truncateSync(file, 65536);
    const piece = (value: number) => new Uint8Array(SIZE / 4).fill(value);
    let taken = 0;
    // The first one that is committed wakes the thread that cannot store it.
    storage.commit(SIZE / 2, 1, 1);
    expect(() => storage.settle()).toThrow('the file was cut');
    const fill = () => {
      for (; taken < 1000; taken++) storage.write(SIZE / 2, piece(taken + 1), 0, SIZE / 4);
    };
    expect(fill).toThrow('the file was cut, or its disk is full');
    expect(taken).toBeGreaterThan(24);
    expect(taken).toBeLessThan(33);
    truncateSync(file, SIZE);
    storage.settle();
    expect(readFileSync(file)[SIZE / 2]).toBe(taken);
    storage.write(SIZE / 2, piece(77), 0, SIZE / 4);
    storage.flush();
    expect(readFileSync(file)[SIZE / 2]).toBe(77);
    storage.close();
  });

  it('is written on by its descriptor once it was trimmed', () => {
    const storage = storageAt('trim');
    storage.write(0, new Uint8Array(10).fill(5), 0, 10);
    storage.trim(65536);
    storage.write(10, new Uint8Array(10).fill(6), 0, 10);
    storage.flush();
    storage.close();
    const bytes = readFileSync(path.join(folder, 'trim'));
    expect([bytes.length, bytes[9], bytes[10]]).toEqual([65536, 5, 6]);
  });

  it('cannot be made of a file that is shorter, or is only read', () => {
    const file = path.join(folder, 'short');
    FileStorage.create(file, 4096, preallocate).close();
    const fd = openSync(file, 'r');
    expect(mapFile(fd, 4096)).toBeUndefined();
    expect(mapFile(fd, 8192)).toBeUndefined();
    closeSync(fd);
  });

  it('does not make a program wait for its thread longer than a flush, however it ends', () => {
    const program = `
      import { mapFile } from '${path.resolve('dist/engine/map-file.js')}';
      import { preallocate } from '${path.resolve('dist/engine/preallocate.js')}';
      import { FileStorage } from '${path.resolve('dist/ring/file-storage.js')}';
      const storage = FileStorage.create('${path.join(folder, 'left')}', ${SIZE}, preallocate);
      storage.map(mapFile);
      storage.write(0, new Uint8Array(9).fill(7), 0, 9);
      if (process.argv[1] === 'exit') process.exit(0);
    `;
    for (const how of ['exit', 'run out']) {
      execFileSync(process.execPath, ['--input-type=module', '-e', program, how], { timeout: 20_000 });
      expect(readFileSync(path.join(folder, 'left'))[8]).toBe(7);
      rmSync(path.join(folder, 'left'));
    }
  });
});
