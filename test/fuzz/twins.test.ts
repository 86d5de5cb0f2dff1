/** The short form of `npm run fuzz -- twins-...`: what libFuzzer found, and a moment of mutations of it. */
import { expect, it } from 'vitest';
import { runTwins, TWINS } from './twins.js';

it.each(TWINS)('C++ and TypeScript read %s alike, whatever it is', async (twin) => {
  const { executions } = await runTwins(twin, { seconds: 1, seed: Date.now() % 2 ** 31 });
  expect(executions).toBeGreaterThan(500);
});
