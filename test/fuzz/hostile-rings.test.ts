/** The short form of `npm run fuzz -- rings ring-headers recordings`. */
import { expect, it } from 'vitest';
import { runHostileHeaders, runHostileRecordings, runHostileRings } from './hostile-rings.js';

it.each([
  ['frames that are wrong under a checksum that is right cost their block at most', runHostileRings],
  ['a header of any text under a checksum that is right is refused or read', runHostileHeaders],
  ['a recording that somebody else wrote answers whatever is asked', runHostileRecordings],
])('%s', async (_what, run) => {
  const { executions } = await run({ seconds: 3, seed: Date.now() % 2 ** 31 });
  expect(executions).toBeGreaterThanOrEqual(10);
});
