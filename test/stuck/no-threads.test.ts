/** Reads beside a process that does not answer, where no thread can be started in the place of the one that it holds. */
import { constants } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATUSES } from '../../src/schema.js';
import { CallRuns } from '../faults/call-runs.js';
import { StuckProcesses } from './stuck-processes.js';

const { EAGAIN, ETIMEDOUT } = constants.errno;
const [OK, TIMEOUT, LOST] = ['ok', 'timeout', 'lost'].map((status) => STATUSES.indexOf(status as 'ok'));

let stuck: StuckProcesses;
let runs: CallRuns;
beforeAll(async () => {
  stuck = await StuckProcesses.start(1);
  runs = new CallRuns();
}, 60_000);
afterAll(async () => {
  runs[Symbol.dispose]();
  await stuck[Symbol.asyncDispose]();
});

describe.each([
  ['rollups are told as lost', 'rollupsBesideStuck', [2, TIMEOUT, OK], [2, TIMEOUT, LOST]],
  ['texts are not to be had', 'textsBesideStuck', [-ETIMEDOUT, 1], -EAGAIN],
])('without another thread', (says, call, usual, expected) => {
  it(says, async () => {
    const env = { STUCK_PID: String(stuck.pids[0]) };
    const { first, calls } = await runs.run(call, '', env);
    expect(first).toEqual(usual);
    const results: unknown[] = [];
    for (const key of calls.keys()) {
      if (!key.startsWith('addon pthread_create ')) continue;
      results.push((await runs.run(call, `2 0 ${EAGAIN} ${key}`, env)).first);
    }
    expect(results).toContainEqual(expected);
  });
});
