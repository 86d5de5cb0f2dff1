/**
 * Each function of the addons while each of its calls into the C library and of its allocations fails once: it says so, or
 * does without, and works the next time.
 *
 * The recorder's own courses (`faults.test.ts`) come by few of them, and by none without a recorder around it.
 */
import { constants } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENGINES } from '../engine/engines.js';
import { CallRuns, FILE_BYTES, LONG_BYTES, type Outcome } from './call-runs.js';
import { ERRNOS } from './fault-trials.js';
import { ERRNO_NUMBERS, type Fault } from './faulty-runs.js';

const LANES = 3;
/** As `npm run coverage:native` has it. */
const IS_LONG = process.env.FAULTS_LONG === '1';

let runs: CallRuns;
beforeAll(() => {
  runs = new CallRuns();
});
afterAll(() => runs[Symbol.dispose]());

const run = (call: string, { first, count, errno, key }: Fault) =>
  runs.run(call, `${first} ${count} ${ERRNO_NUMBERS[errno]} ${key}`);

/**
 * Each place of the addons that the call comes by: failing at its first call, from there on, and, in the long form, from the
 * second on, when a place has served for something already.
 */
function faultsOf(calls: ReadonlyMap<string, number>): Fault[] {
  const keys = [...calls].filter(([key]) => !key.startsWith('node')).sort(([a], [b]) => (a < b ? -1 : 1));
  return keys.flatMap(([key, made]) => {
    const errnos = ERRNOS[key.split(' ')[1]!] ?? ['EIO'];
    const faults = errnos.map((errno): Fault => ({ key, first: 1, count: 1, errno }));
    // A wait that is always interrupted is none, and no kernel does that.
    if (errnos[0] === 'EINTR') return faults;
    if (IS_LONG || key.startsWith('addon ')) faults.push({ key, first: 1, count: 0, errno: errnos[0]! });
    if (IS_LONG && made > 1) faults.push({ key, first: 2, count: 0, errno: errnos[0]! });
    return faults;
  });
}

/** What does not hold of a call while what it calls fails. */
async function wrongOf(call: string, usual: unknown): Promise<string[]> {
  const whole = await runs.run(call);
  expect([whole.first, whole.second], 'without a fault').toEqual([usual, usual]);
  const faults = faultsOf(whole.calls);
  const wrong: string[] = [];
  let fired = 0;
  const lane = async () => {
    for (let fault = faults.shift(); fault; fault = faults.shift()) {
      const what = `${fault.key} ${fault.errno}${fault.count === 0 ? ` from ${fault.first} on` : ''}`;
      try {
        const outcome = await run(call, fault);
        // Some calls come only when others are late.
        if (outcome.failed === 0) continue;
        fired++;
        wrong.push(...judge(fault, outcome, usual).map((one) => `${what}: ${one}`));
      } catch (error) {
        wrong.push(`${what}: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  expect(fired).toBeGreaterThan(0);
  return wrong;
}

function judge(fault: Fault, { first, second }: Outcome, usual: unknown): string[] {
  const wrong: string[] = [];
  // What a sweep did not write.
  if (/\b99\b/.test(JSON.stringify([first, second]))) wrong.push(`no status, ${JSON.stringify([first, second])}`);
  if (fault.first > 1) return wrong;
  const isTold = !isDeepStrictEqual(first, usual);
  if (isTold && isTriedAgain(fault)) wrong.push(`not tried again, ${JSON.stringify(first)}`);
  if (!isTold && isToBeTold(fault)) wrong.push('not told');
  const next = fault.count === 0 ? first : usual;
  if (!isDeepStrictEqual(second, next)) wrong.push(`${JSON.stringify(first)}, the next time ${JSON.stringify(second)}`);
  return wrong;
}

/** A read that a signal came into. */
const isTriedAgain = ({ key, errno }: Fault) =>
  errno === 'EINTR' && /^\w+ (p?read(64)?|waitpid|clock_nanosleep) /.test(key);
/** Nothing comes in the place of what these do. */
const isToBeTold = ({ key, errno }: Fault) =>
  errno !== 'EINTR' && /^\w+ (posix_fallocate64|flock|fcntl64|posix_spawn) /.test(key);

/** What each call comes to when nothing fails; of statuses 0 is ok. */
const OF_THE_FIRST: readonly (readonly [string, unknown])[] = [
  ['texts', { 1: 160 }],
  ['guardedTexts', { 1: 160 }],
  ['kept', [0, 100]],
  ['guarded', FILE_BYTES],
  ['long', LONG_BYTES],
  ['besideStuck', [-constants.errno.ETIMEDOUT, -constants.errno.ETIMEDOUT, FILE_BYTES]],
  ['pieces', FILE_BYTES],
  ['started', [1, 0]],
  ['allocated', 0],
  ['locked', 0],
  ['silenced', 0],
  ['compared', 0],
  ['placed', [0, 0, 0, 0]],
  ['counters', [0, 0, 80, 80, 0]],
  ['rollup', [0, 1, 0]],
  ['paced', [0, 1, 0]],
  ['mappings', [0, 1, 0]],
  ['pacedMappings', [0, 1, 0]],
  ['mapped', [0, 0, 0, 0]],
];
const OF_THE_SECOND: readonly (readonly [string, unknown])[] = [
  ['walk', [0, 0, 0, 1, 0, 0, 0, true, true, 0, 1]],
  ['iterate', [0, 0, 0, 1, 0, 0, 0, true, true, 0, 1]],
  ['lives', [0, 0]],
];
const SAYS = '%s: says so or does without, and works the next time';

describe('a function of the addon while one of its calls fails', () => {
  it.each(OF_THE_FIRST)(SAYS, async (call, usual) => expect(await wrongOf(call, usual)).toEqual([]), 120_000);
});

describe.runIf(ENGINES.includes('bpf'))('a function of the second addon while one of its calls fails', () => {
  it.each(OF_THE_SECOND)(SAYS, async (call, usual) => expect(await wrongOf(call, usual)).toEqual([]), 240_000);
});
