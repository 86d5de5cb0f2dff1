/** Files that stay open, and what is given back where there are no more descriptors. */
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeFifo } from '../../test/engine/commands.js';
import { type KeptFile, KeptFiles } from './kept-files.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fileOf = (name: string): KeptFile => {
  writeFileSync(path.join(folder, name), name);
  return { path: path.join(folder, name), fd: -1 };
};
const into = new Uint8Array(64);
const open = () => readdirSync('/proc/self/fd').length;

it('one that cannot seek is read by another descriptor each time, and then nothing is kept', () => {
  const before = open();
  const fifo = path.join(folder, 'fifo');
  makeFifo(fifo);
  const files = new KeptFiles(10);
  const [pipe, plain] = [{ path: fifo, fd: -1 }, fileOf('plain')];
  expect([files.read(pipe, into, 64), files.count]).toEqual([0, 1]);
  expect([files.read(pipe, into, 64), files.count]).toEqual([0, 0]);
  expect([files.read(plain, into, 64), files.count, plain.fd]).toEqual([5, 0, -1]);
  expect(open()).toBe(before);
});

it('one that cannot be read is an error each time, and not kept', () => {
  const before = open();
  const files = new KeptFiles(10);
  const failing = { path: folder, fd: -1 };
  for (let time = 0; time < 2; time++)
    expect(() => files.read(failing, into, 64)).toThrow(expect.objectContaining({ code: 'EISDIR' }));
  // Nor is it another file's errno when the kept one fails.
  const kept = { path: folder, fd: openSync(folder, 'r') };
  expect(() => files.read(kept, into, 64)).toThrow(expect.objectContaining({ code: 'EISDIR' }));
  closeSync(kept.fd);
  expect(open()).toBe(before);
});

it.each(['EMFILE', 'ENFILE'])('a quarter of the kept and one is given back for %s, until there is room', (code) => {
  const files = new KeptFiles(100);
  const kept = Array.from({ length: 10 }, (_, index) => fileOf(`kept-${index}`));
  for (const file of kept) files.read(file, into, 64);
  expect([files.count, files.isFull]).toEqual([10, false]);
  let missing = 2;
  const use = () => {
    if (missing-- > 0) throw Object.assign(new Error(), { code });
    return 'used';
  };
  expect(files.withRoom(use)).toBe('used');
  // Of ten three went, of seven two.
  expect([files.count, files.isFull]).toEqual([5, true]);
  missing = 1000;
  expect(() => files.withRoom(use)).toThrow(expect.objectContaining({ code }));
  expect([files.count, kept.every(({ fd }) => fd === -1)]).toEqual([0, true]);
});

it('another error gives nothing back', () => {
  const files = new KeptFiles(1);
  files.read(fileOf('one'), into, 64);
  expect(() => files.open(path.join(folder, 'nothing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  expect(files.count).toBe(1);
  files.closeAll();
});

it('one that is held stays open if it is wanted and there is room', () => {
  const files = new KeptFiles(1);
  const [one, two, three] = ['one', 'two', 'three'].map(fileOf) as [KeptFile, KeptFile, KeptFile];
  for (const file of [one, two, three]) files.hold(file);
  files.settle(one, false);
  files.settle(two, true);
  files.settle(three, true);
  expect([one.fd, two.fd, three.fd >= 0, files.count]).toEqual([-1, -1, true, 1]);
  files.close(two);
  files.closeAll();
  expect(files.count).toBe(0);
});
