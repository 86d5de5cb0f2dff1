/** What each errno of a file of a process is called in a row: lost is what this process had no room for, not who is gone. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATUSES } from '../../src/schema.js';
import { FakeProcfs } from '../engine/fake-procfs.js';
import { ROOT } from '../torture/root.js';
import { buildLibrary, emptyTable, readTable } from './faulty-runs.js';

const PROGRAM = path.join(ROOT, 'test/faults/addon-calls.js');
const { errno } = constants;
let tree: FakeProcfs;
let library = '';

beforeAll(() => {
  tree = new FakeProcfs();
  library = path.join(tree.root, 'fail-calls.so');
  buildLibrary(library);
  tree.loadavg(80);
  for (let pid = 1; pid <= 80; pid++) tree.add(pid);
});
afterAll(() => tree.destroy());

/** What attaching and sweeping say; `fails` is what the library is told. */
function statuses(fails: string) {
  const table = path.join(tree.root, 'table');
  emptyTable(table);
  const env = { ...process.env, LD_PRELOAD: library, FAULTS_TABLE: table, FAULTS_FAIL: fails };
  const out = execFileSync(process.execPath, [PROGRAM, 'counters', tree.root, '/dev/null'], { env, encoding: 'utf8' });
  const [[attached, swept]] = JSON.parse(out) as [[number, number], unknown];
  const { calls } = readTable(table);
  rmSync(table);
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
  ] as const)('by %s is %s', (code, status) => {
    const usual = statuses('');
    expect(usual.said).toEqual(['ok', 'ok']);
    // That of the files of a process: the busiest.
    const [key] = [...usual.calls]
      .filter(([one]) => one.startsWith('addon openat64 '))
      .sort(([, a], [, b]) => b - a)[0]!;
    // Who cannot be attached has no slot, so that its row is that of nobody.
    expect(statuses(`1 0 ${errno[code]} ${key}`).said).toEqual([status, 'gone']);
    // Attached by `stat`, and then its `statm` cannot be had: the row says why. A process that is plainly there is not gone,
    // and where descriptors are short, those that are kept are given back for it.
    const ofRow = { gone: 'unsupported', lost: code === 'EMFILE' || code === 'ENFILE' ? 'ok' : 'lost' };
    expect(statuses(`2 1 ${errno[code]} ${key}`).said).toEqual(['ok', ofRow[status as 'gone'] ?? status]);
  });
});
