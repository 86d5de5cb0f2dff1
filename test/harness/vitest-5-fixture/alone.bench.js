import { expect, test } from 'vitest';

const MIB = 2 ** 20;
const held = [];

test('holds', async ({ bench }) => {
  const holds = bench('holds', () => {
    held.push(Buffer.alloc(MIB, 1));
  });
  const { memory } = await holds.run({ iterations: 32, time: 0, warmup: false });
  // The first of its process, which it has to itself; 32 calls, and the one by which tinybench finds out whether it is asynchronous.
  expect(memory.caveats).not.toContain('shared-process');
  expect(memory.rssDelta).toBeGreaterThan(31.9 * MIB);
  expect(memory.rssDelta).toBeLessThan(36 * MIB);
});
