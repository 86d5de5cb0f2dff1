/** The short form of `npm run fuzz -- twins-... kernel-texts`: what libFuzzer found, and a moment of mutations of it. */
import { expect, it } from 'vitest';
import { runKernelTexts } from './kernel-texts.js';
import { runTwins, TWINS } from './twins.js';

it.each(TWINS)('C++ and TypeScript read %s alike, whatever it is', async (twin) => {
  const { executions } = await runTwins(twin, { seconds: 1.5, seed: Date.now() % 2 ** 31 });
  expect(executions).toBeGreaterThan(100);
});

it('kernel text of any form is read or refused', async () => {
  const { executions } = await runKernelTexts({ seconds: 1, seed: Date.now() % 2 ** 31 });
  expect(executions).toBeGreaterThan(30);
});
