import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFifo } from '../../test/engine/commands.js';
import { KeptText } from './kept-text.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-text-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const codeOf = (text: KeptText) => (text.error as NodeJS.ErrnoException | undefined)?.code;

describe.each([true, false])('a text that is kept, in one go: %j', (isWhole) => {
  it('is read anew from its start, longer and shorter, by one descriptor', () => {
    const file = path.join(folder, 'text');
    writeFileSync(file, '');
    const text = new KeptText(file, isWhole);
    for (const length of [0, 10, 4096, 100_000, 3]) {
      writeFileSync(file, 'x'.repeat(length));
      expect(text.read()).toBe(length);
      expect(text.text(length)).toBe('x'.repeat(length));
    }
    text.close();
    text.close();
  });

  it('says why it is not there, and is there when it is', () => {
    const text = new KeptText(path.join(folder, 'later'), isWhole);
    expect([text.read(), codeOf(text)]).toEqual([-1, 'ENOENT']);
    writeFileSync(text.path, 'now');
    expect([text.read(), codeOf(text)]).toEqual([3, undefined]);
    text.close();
  });

  it('that cannot seek is opened for each read', () => {
    const fifo = path.join(folder, 'fifo');
    makeFifo(fifo);
    const writer = openSync(fifo, 'r+');
    const before = readdirSync('/proc/self/fd').length;
    const text = new KeptText(fifo, isWhole);
    writeSync(writer, 'one');
    // Behind what is there a pipe says that there may be more.
    expect([text.read(), codeOf(text)]).toEqual(isWhole ? [3, undefined] : [-1, 'EAGAIN']);
    closeSync(writer);
    expect([text.read(), codeOf(text)]).toEqual([0, undefined]);
    expect(readdirSync('/proc/self/fd')).toHaveLength(before - 1);
  });
});

it('a file without end is one, and leaves nothing open', () => {
  const before = readdirSync('/proc/self/fd').length;
  const text = new KeptText('/dev/zero');
  expect([text.read(), codeOf(text)]).toEqual([-1, 'EFBIG']);
  expect(readdirSync('/proc/self/fd')).toHaveLength(before);
});
