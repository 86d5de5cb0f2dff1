/** What each errno of a file of a process is called in a row: lost is what this process had no room for, not who is gone. */
import { constants } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATUSES } from '../../src/schema.js';
import { CallRuns, FILE_BYTES } from './call-runs.js';

const { errno } = constants;
let runs: CallRuns;
beforeAll(() => {
  runs = new CallRuns();
});
afterAll(() => runs[Symbol.dispose]());

/** What attaching and sweeping say; `fails` is what the library is told. */
async function statuses(fails?: string) {
  const { first, calls } = await runs.run('counters', fails);
  const [attached, swept] = first as [number, number];
  return { said: [STATUSES[attached], STATUSES[swept]], calls };
}

describe('a process whose files cannot be opened', () => {
  it.each([
    ['ESRCH', 'gone'],
    ['ENOENT', 'gone'],
    ['EACCES', 'denied'],
    ['EPERM', 'denied'],
    ['ETIMEDOUT', 'timeout'],
    ['ENODATA', 'lost'],
    ['EMFILE', 'lost'],
    ['ENFILE', 'lost'],
    ['ENOMEM', 'lost'],
    ['EIO', 'unsupported'],
  ] as const)('by %s is %s', async (code, status) => {
    const usual = await statuses();
    expect(usual.said).toEqual(['ok', 'ok']);
    // That of the files of a process: the busiest.
    const [key] = [...usual.calls]
      .filter(([one]) => one.startsWith('addon openat64 '))
      .sort(([, a], [, b]) => b - a)[0]!;
    // Who cannot be attached has no slot, so that its row is that of nobody.
    expect((await statuses(`1 0 ${errno[code]} ${key}`)).said).toEqual([status, 'gone']);
    // Attached by `stat`, and then its `statm` cannot be had: the row says why. A process that is plainly there is not gone,
    // and where descriptors are short, those that are kept are given back for it.
    const ofRow = { gone: 'unsupported', lost: code === 'EMFILE' || code === 'ENFILE' ? 'ok' : 'lost' };
    expect((await statuses(`2 1 ${errno[code]} ${key}`)).said).toEqual(['ok', ofRow[status as 'gone'] ?? status]);
  });
});

it('a text whose process ends while it is read is over, and one that fails is none', async () => {
  const { calls } = await runs.run('pieces');
  const [key] = [...calls].filter(([one]) => one.startsWith('addon read ')).sort(([, a], [, b]) => b - a)[0]!;
  const wholes = await runs.run('pieces', `5 1 ${errno.ESRCH} ${key}`);
  expect([wholes.first, wholes.second]).toEqual([4 * 4096, FILE_BYTES]);
  expect((await runs.run('pieces', `5 1 ${errno.EIO} ${key}`)).first).toBe(-errno.EIO);
});
