import { expect, test } from 'vitest';

let kept;

test('arrays', async ({ bench }) => {
  const results = await bench.compare(
    bench('allocates', () => {
      kept = new Array(20_000).fill(1.5);
    }),
    bench('lean', () => {
      kept = kept === 1;
    }),
    { time: 150, warmupTime: 20 },
  );
  expect(results.get('allocates').memory.allocatedPerOp).toBeGreaterThan(155_000);
  expect(results.get('lean').memory.allocatedPerOp).toBeLessThan(2000);
});

test('a gate that is not met', async ({ bench }) => {
  const leaks = bench('leaks', () => {
    kept = [kept, new Array(100).fill(1.5)];
  });
  const { memory } = await leaks.run({ time: 50 });
  expect(memory.retainedPerOp).toBeLessThan(64);
});
