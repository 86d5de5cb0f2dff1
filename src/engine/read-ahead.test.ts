import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { endChild, procText, startChild, statWords, until } from '../../test/engine/commands.js';
import { piecesOf, readPieces } from './read-ahead.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-ahead-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const READERS = {
  addon: readPieces,
  TypeScript: (file: string) => piecesOf(openSync(file, 'r')),
} as const;

describe.each(Object.entries(READERS))('pieces read by %s', (_, read) => {
  it.each([0, 1, 262_143, 262_144, 262_145, 1_000_003])('are the %i bytes of a file', (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 31) ^ (index >> 8));
    const file = path.join(folder, `of-${length}`);
    writeFileSync(file, bytes);
    const pieces = [...read(file)];
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    expect(pieces.map((piece) => piece.length)).toEqual(
      Array.from({ length: Math.ceil(length / 262_144) }, (_, index) => Math.min(262_144, length - index * 262_144)),
    );
  });

  it('are the maps of a process that stands still', async () => {
    const sleeper = spawn('sleep', ['600']);
    await once(sleeper, 'spawn');
    process.kill(sleeper.pid!, 'SIGSTOP');
    const file = `/proc/${sleeper.pid}/maps`;
    // Until it is no longer the program that started it.
    while (!readFileSync(file, 'latin1').includes('sleep')) execFileSync('sleep', ['0.01']);
    try {
      expect(Buffer.concat([...read(file)]).toString('latin1')).toBe(readFileSync(file, 'latin1'));
    } finally {
      sleeper.kill('SIGKILL');
    }
  });

  it('throw the errno of a file that is not there, at once', () => {
    expect(() => read(path.join(folder, 'nothing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it('leave no descriptor behind when they are read to the end', () => {
    const before = readdirSync('/proc/self/fd').length;
    for (let time = 0; time < 50; time++) for (const _ of read('/proc/self/maps'));
    // The thread closes its file when it has ended, which may be a moment later.
    const deadline = performance.now() + 5000;
    while (readdirSync('/proc/self/fd').length > before && performance.now() < deadline);
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
  });
});

it('pieces that lack their end are not told as a whole file', () => {
  // A read at address 0 of a process fails with EIO.
  const failed = expect.objectContaining({ code: 'EIO' });
  expect(() => [...readPieces('/proc/self/mem')]).toThrow(failed);
  expect(() => [...piecesOf(openSync('/proc/self/mem', 'r'))]).toThrow(failed);
});

it.each(Object.entries(READERS))(
  'of a process that ends while it is read, by %s, what came before is taken',
  async (_, read) => {
    const sleeper = await startChild('sleep', ['600']);
    const file = `/proc/${sleeper.pid}/maps`;
    const begun = read(file);
    await endChild(sleeper);
    const text = Buffer.concat([...begun]).toString('latin1');
    expect(text === '' || text.endsWith('\n')).toBe(true);
  },
);

describe('pieces of one that does not answer', () => {
  // A FIFO without a writer holds the open, and one whose writer says nothing the read.
  const fifoNamed = (name: string) => {
    const fifo = path.join(folder, name);
    execFileSync('mkfifo', [fifo]);
    return fifo;
  };
  const timeout = expect.objectContaining({ code: 'ETIMEDOUT' });

  it('end with a timeout', () => {
    const fifo = fifoNamed('silent');
    expect(() => readPieces(fifo)).toThrow(timeout);
    const writer = openSync(fifo, 'r+');
    try {
      expect(() => readPieces(fifo)).toThrow(timeout);
    } finally {
      closeSync(writer);
    }
  });

  it('end with a timeout after those that came', async () => {
    const fifo = fifoNamed('falls-silent');
    // Whoever holds the other end says nothing behind the writer, which waits already for its bytes to be taken.
    const holder = openSync(fifo, 'r+');
    const writer = await startChild('dd', ['if=/dev/zero', `of=${fifo}`, 'bs=300000', 'count=1', 'status=none']);
    await until(() => procText(writer.pid, 'comm') === 'dd\n' && statWords(writer.pid)[0] === 'S', 'dd waits');
    let pieces = 0;
    try {
      expect(() => {
        for (const _ of readPieces(fifo)) pieces++;
      }).toThrow(timeout);
      expect(pieces).toBe(1);
    } finally {
      closeSync(holder);
      await endChild(writer);
    }
  });
});
