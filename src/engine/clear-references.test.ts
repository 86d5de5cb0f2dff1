import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endChildren, makeFifo, procText, startStopped } from '../../test/engine/commands.js';
import { clearReferences, openClearReferences } from './clear-references.js';

let pid: number;
beforeAll(async () => {
  ({ pid } = await startStopped());
});
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-clear-'));
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await endChildren();
});

/** Of its heap, which nobody else maps. */
const referenced = () => Number(/\[heap\]\n(?:.*\n)*?Referenced: +(\d+) kB$/m.exec(procText(pid, 'smaps'))![1]);

it('clears what was referenced, and says how long that took', () => {
  expect(referenced()).toBeGreaterThan(0);
  const fd = openClearReferences(`/proc/${pid}`);
  const tookNs = clearReferences(fd, 1000);
  closeSync(fd);
  expect(tookNs).toBeGreaterThan(0);
  expect(tookNs).toBeLessThan(1e9);
  expect(referenced()).toBe(0);
});

it('has the error of the system: of a process that is not there, and of a write that is refused', () => {
  expect(() => openClearReferences('/proc/0')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  const fd = openSync(`/proc/${pid}/stat`, 'r');
  expect(() => clearReferences(fd, 1000)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  closeSync(fd);
});

it('gives up a write that nobody takes', () => {
  // A pipe that is full: a write waits as one does for a memory map.
  const fifo = path.join(folder, 'fifo');
  makeFifo(fifo);
  const filler = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  expect(() => {
    for (;;) writeSync(filler, new Uint8Array(65_536));
  }).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
  const pipe = openSync(fifo, 'r+');
  // To the deadline is added what Node takes to start, most of which is taken away here.
  expect(() => clearReferences(pipe, -4500)).toThrow(expect.objectContaining({ code: 'ETIMEDOUT' }));
  for (const fd of [filler, pipe]) closeSync(fd);
});

it('is no success where the writer says nothing', () => {
  const fd = openClearReferences(`/proc/${pid}`);
  const { execPath } = process;
  process.execPath = '/bin/true';
  try {
    expect(() => clearReferences(fd, 1000)).toThrow(
      expect.objectContaining({ code: 'EIO', message: 'nothing: cannot clear referenced bits' }),
    );
    process.execPath = '/no/such/program';
    expect(() => clearReferences(fd, 1000)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  } finally {
    process.execPath = execPath;
    closeSync(fd);
  }
});
