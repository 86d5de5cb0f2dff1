/** Files of a tree that somebody made up: each is read whole, or an error with a sentence that names it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  isBoundless,
  MOST_BYTES,
  MOST_MAPPING_BYTES,
  mostBytesOf,
  readBounded,
  readBoundedText,
} from './bounded-file.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bounded-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, length: number): string {
  const file = path.join(folder, name);
  writeFileSync(file, Buffer.from(Uint8Array.from({ length }, (_, index) => index % 251)));
  return file;
}

describe('a bounded file', () => {
  it.each([0, 1, 4095, 4096, 4097, 16_384, 70_000])('of %i bytes is read whole', (length) => {
    const bytes = readBounded(fileOf('whole', length));
    expect(bytes).toEqual(Buffer.from(Uint8Array.from({ length }, (_, index) => index % 251)));
  });

  it('may have as many bytes as it may, and not one more', () => {
    const file = fileOf('most', 5000);
    expect(readBounded(file, 5000)).toHaveLength(5000);
    const refused = expect.objectContaining({ code: 'EFBIG', message: `${file} does not end` });
    for (const most of [4999, 100, 0]) expect(() => readBounded(file, most)).toThrow(refused);
  });

  it('leaves no descriptor behind, read or refused', () => {
    const file = fileOf('closed', 5000);
    const before = readdirSync('/proc/self/fd').length;
    for (let turn = 0; turn < 20; turn++) {
      readBounded(file);
      expect(() => readBounded(file, 10)).toThrow(/does not end/);
    }
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(before + 10);
  });

  it('is text by its bytes', () => {
    const file = path.join(folder, 'text');
    writeFileSync(file, Buffer.from([0x61, 0xe9, 0xff]));
    expect(readBoundedText(file)).toBe('a\u00e9\u00ff');
  });

  it.each([
    ['a FIFO', (file: string) => execFileSync('mkfifo', [file])],
    ['a device', (file: string) => execFileSync('ln', ['-s', '/dev/zero', file])],
  ])('is not %s, and nobody waits for one', (what, make) => {
    const file = path.join(folder, what.replace(' ', '-'));
    make(file);
    const sentence = `${file} is ${what} and no file of a procfs`;
    expect(() => readBounded(file)).toThrow(expect.objectContaining({ code: 'ENOTSUP', message: sentence }));
  });

  it('is no folder and no socket, and has to be there', async () => {
    expect(() => readBounded(folder)).toThrow(expect.objectContaining({ code: 'EISDIR' }));
    expect(() => readBounded(path.join(folder, 'nothing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    const socket = path.join(folder, 'socket');
    const server = createServer().listen(socket);
    await new Promise((resolve) => server.once('listening', resolve));
    expect(() => readBounded(socket)).toThrow(expect.objectContaining({ code: 'ENXIO' }));
    server.close();
  });
});

describe('a file with no end', () => {
  it('is one that goes on behind what it says to have, and no text of the kernel', () => {
    const file = fileOf('long', 10);
    expect(isBoundless(file, MOST_BYTES)).toBe(false);
    expect(isBoundless(file, MOST_BYTES + 1)).toBe(true);
    expect(isBoundless('/proc/self/maps', MOST_BYTES + 1)).toBe(false);
    truncateSync(file, MOST_BYTES + 1);
    expect(isBoundless(file, MOST_BYTES + 1)).toBe(false);
  });

  it('is read whole when it says that it is so long', () => {
    const file = path.join(folder, 'maps');
    writeFileSync(file, '');
    truncateSync(file, 2 * MOST_BYTES);
    expect(readBounded(file, mostBytesOf(file))).toHaveLength(2 * MOST_BYTES);
  });

  it('is of a length by its name otherwise', () => {
    expect(['/proc/1/maps', '/proc/1/smaps'].map(mostBytesOf)).toEqual([MOST_MAPPING_BYTES, MOST_MAPPING_BYTES]);
    const small = ['/proc/1/stat', '/proc/1/statm', '/proc/1/smaps_rollup'];
    expect(small.map(mostBytesOf)).toEqual([65_536, 65_536, 65_536]);
    const others = ['/proc/1/status', '/proc/zoneinfo', 'constructor'];
    expect(others.map(mostBytesOf)).toEqual([2 ** 21, MOST_BYTES, MOST_BYTES]);
  });
});
