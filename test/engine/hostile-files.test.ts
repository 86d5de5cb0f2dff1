/** Files that no procfs has, and a tree that somebody made up may: devices, and texts that have no end. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, it } from 'vitest';
import { nativeBinding } from '../../src/engine/native-binding.js';
import { endChild, makeFifo, until } from './commands.js';
import { attachAll, closeEngines, engineOn, sweepMappings } from './engines.js';
import { FakeProcfs } from './fake-procfs.js';

const binding = nativeBinding();
if (binding.state !== 'loaded') throw new Error(binding.reason);
const { addon } = binding;
const { errno } = constants;
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MEBIBYTE = 2 ** 20;
const fifoNamed = (name: string) => {
  const fifo = path.join(folder, name);
  makeFifo(fifo);
  return fifo;
};

describe('a file that is read with a deadline', () => {
  it('is no device', () => {
    expect(addon.readGuarded('/dev/zero', 100)).toBe(-errno.ENOTSUP);
    expect(addon.startReading('/dev/zero', 4096)).toBe(-errno.ENOTSUP);
  });

  it('is read whole when it is as long as it says, however long', () => {
    const file = path.join(folder, 'long');
    writeFileSync(file, '');
    truncateSync(file, 20 * MEBIBYTE);
    expect((addon.readGuarded(file, 2 ** 30) as Uint8Array).length).toBe(20 * MEBIBYTE);
  });

  it('is given up where it says no size and goes on and on', async () => {
    const fifo = fifoNamed('endless');
    const writer = spawn('sh', ['-c', `exec cat /dev/zero > ${fifo}`], { stdio: 'ignore' });
    expect(addon.readGuarded(fifo, 2 ** 30)).toBe(-errno.EFBIG);
    await endChild(writer);
  });

  it('of procfs may be long all the same', () => {
    // 8 bytes for each page that there could be.
    const read = addon.readGuarded('/proc/self/pagemap', 20 * MEBIBYTE) as Uint8Array;
    expect(read.length).toBe(20 * MEBIBYTE);
  });
});

describe('a table of mappings', () => {
  it.each([0, 1_000_000])('is not read from a device, held for %i ns at most', (maxHoldNs) => {
    const tree = new FakeProcfs();
    try {
      tree.add(7);
      for (const file of ['smaps', 'maps']) tree.link(7, file, '/dev/zero');
      tree.write(7, 'pagemap', '');
      const engine = engineOn('native', { root: tree.root });
      const { statuses, rows } = sweepMappings(engine, attachAll(engine, [7]), 4088, maxHoldNs);
      expect([statuses, rows]).toEqual([['unsupported'], [0]]);
    } finally {
      closeEngines();
      tree.destroy();
    }
  });
});

describe('a file that is read ahead', () => {
  const PIECE = 4096;
  const threads = () => readdirSync('/proc/self/task').length;
  const opened = (file: string) =>
    readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === file;
      } catch {
        // That of the listing itself.
        return false;
      }
    });

  it('waits with what is ahead until it is taken, and is whole', async () => {
    const bytes = Uint8Array.from({ length: 200 * PIECE + 5 }, (_, index) => index % 251);
    const file = path.join(folder, 'ahead');
    writeFileSync(file, bytes);
    const handle = addon.startReading(file, PIECE) as object;
    await new Promise((resolve) => setTimeout(resolve, 100));
    // Its thread has not closed it, since it cannot go on.
    expect(opened(file)).toBe(true);
    const pieces: Uint8Array[] = [];
    for (let piece = addon.takePiece(handle); piece instanceof Uint8Array; piece = addon.takePiece(handle))
      pieces.push(piece);
    expect(Buffer.compare(Buffer.concat(pieces), bytes)).toBe(0);
    await until(() => !opened(file), 'it is closed');
  });

  it('is closed, and its thread ends, when nobody wants the rest', async () => {
    const file = path.join(folder, 'unwanted');
    writeFileSync(file, Buffer.alloc(200 * PIECE));
    const before = threads();
    let handle: unknown = addon.startReading(file, PIECE);
    await until(() => opened(file), 'it is open');
    expect(typeof handle).toBe('object');
    handle = undefined;
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await until(() => {
      collect();
      return !opened(file) && threads() <= before;
    }, 'nothing is left of it');
  });
});
