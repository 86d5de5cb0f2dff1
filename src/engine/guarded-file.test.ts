/** Files that may never answer, read with a deadline: here FIFOs, whose open waits for a writer. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFifo, procText } from '../../test/engine/commands.js';
import { FakeProcfs, ROLLUP_HEAD, smapsRecord } from '../../test/engine/fake-procfs.js';
import { beginRead } from './begun-read.js';
import { readGuardedFile } from './guarded-file.js';
import { readMaps, readSmaps, readSmapsRollup } from './process-files.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-guarded-'));
afterAll(() => rmSync(folder, { recursive: true }));

const text = path.join(folder, 'text');
writeFileSync(text, 'sleep\0'.repeat(3));
const fifo = path.join(folder, 'fifo');
makeFifo(fifo);
const LATER = () => process.hrtime.bigint() + 10_000_000_000n;

describe('a guarded file', () => {
  it('is read whole', () => {
    expect(Buffer.from(readGuardedFile(text)).toString()).toBe('sleep\0sleep\0sleep\0');
  });

  it.each([
    ['that is not there', path.join(folder, 'nothing'), 'ENOENT', 'cannot read'],
    ['that is a folder', folder, 'EISDIR', 'cannot read'],
    ['that does not answer', fifo, 'ETIMEDOUT', 'its memory map is locked, and the read did not come back'],
  ])('%s is an error with its code', (_, file, code, why) => {
    expect(() => readGuardedFile(file)).toThrow(
      expect.objectContaining({ code, path: file, message: `${code}: ${why}, open '${file}'` }),
    );
  });
});

describe('a guarded file that no procfs has', () => {
  it('is told by a sentence of its own: one that goes on behind what its name may have, and a device', () => {
    const statm = path.join(folder, 'statm');
    writeFileSync(statm, '1'.repeat(65_536));
    expect(readGuardedFile(statm)).toHaveLength(65_536);
    writeFileSync(statm, '1'.repeat(65_537));
    const endless = { code: 'EFBIG', path: statm, message: `${statm} does not end` };
    expect(() => readGuardedFile(statm)).toThrow(expect.objectContaining(endless));
    const device = { code: 'ENOTSUP', message: '/dev/zero is a device and no file of a procfs' };
    expect(() => readGuardedFile('/dev/zero')).toThrow(expect.objectContaining(device));
  });
});

describe('a read that was begun', () => {
  const bytesOf = (file: string, most: number) => {
    const got = beginRead(file, most).take(LATER());
    return got instanceof Uint8Array ? Buffer.from(got).toString() : got;
  };

  it('has the begin of its file when it is waited for', () => {
    expect(bytesOf(text, 7)).toBe('sleep\0s');
  });

  it('says unread of what cannot be read, and of what does not answer in time', () => {
    expect([path.join(folder, 'nothing'), folder, fifo].map((file) => bytesOf(file, 7))).toEqual(
      Array(3).fill('unread'),
    );
  });

  it('is under way for as long as nobody waits', () => {
    const silent = path.join(folder, 'silent');
    makeFifo(silent);
    expect(beginRead(silent, 7).take(1n)).toBeUndefined();
  });
});

describe('the files of a process', () => {
  it('are read as objects', () => {
    const pid = process.pid;
    const [maps, smaps, rollup] = [readMaps(pid), readSmaps(pid), readSmapsRollup(pid)];
    const first = `${procText(pid, 'maps').split('-')[0]}`;
    expect(maps).toMatchObject({ status: 'ok', value: { mappings: expect.any(Array) } });
    for (const read of [maps, smaps]) {
      if (read.status !== 'ok') expect.fail(read.status);
      expect(read.value.mappings[0]!.start).toBe(first.replace(/^0+/, ''));
    }
    expect(rollup.status).toBe('ok');
  });

  it('say why they cannot be, of a tree too', () => {
    const tree = new FakeProcfs();
    tree.add(7);
    tree.fifo(7, 'smaps');
    tree.write(7, 'smaps_rollup', smapsRecord(ROLLUP_HEAD, { Pss: 4 }));
    const options = { root: tree.root };
    expect(
      [readMaps(7, options), readSmaps(7, options), readSmapsRollup(7, options)].map(({ status }) => status),
    ).toEqual(['unsupported', 'timeout', 'ok']);
    tree.destroy();
  });
});
