/** Why the kernel does not take the programs: by the errno, and by the last words of its verifier that say something. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENGINES } from '../engine/engines.js';
import { CallRuns } from './call-runs.js';

const EACCES = 13;
let runs: CallRuns;
beforeAll(() => {
  runs = new CallRuns();
});
afterAll(() => runs[Symbol.dispose]());

/** What is said when this call fails and the kernel says that. */
async function refusal(key: string, log: string): Promise<string | undefined> {
  const { first, second } = await runs.run('lives', `1 0 ${EACCES} ${key}`, { FAULTS_LOG: log });
  expect(second).toEqual(first);
  return (first as { says?: string }).says;
}

let loading: Promise<string> | undefined;

/** The call that loads the programs: the one whose failure comes with a log. */
async function findLoading(): Promise<string> {
  const { calls } = await runs.run('lives');
  for (const key of calls.keys()) {
    if (key.startsWith('bpf syscall-321 ') && (await refusal(key, 'words'))?.includes('words')) return key;
  }
  throw new Error('No refusal has the words of the kernel');
}

describe.runIf(ENGINES.includes('bpf'))('programs that the kernel does not take', () => {
  it.each([
    ['first\nR1 is no pointer\nprocessed 7 insns (limit 1000000)\n', ': R1 is no pointer'],
    ['last\nverification time 5 usec\nstack depth 8+0\nprocessed 1 insns', ': last'],
    ['\n\nprocessed 1 insns\n', ''],
    ['', ''],
    [`${'x'.repeat(300)}\n`, `: ${'x'.repeat(200)}...`],
    ['a\tb \x7f é', ': a?b ? ??'],
  ])('with the log %j are refused with the words %j', async (log, words) => {
    loading ??= findLoading();
    expect(await refusal(await loading, log)).toBe(`Permission denied${words}`);
  });
});
