import { expect, it } from 'vitest';
import { TickWait } from './tick-wait.js';

/** How often the kernel's ring is asked in a wait of one second, when it has so much each time. */
async function drainsWith(events: number): Promise<number> {
  let drains = 0;
  const wait = new TickWait(() => {
    drains++;
    return events;
  });
  await wait.until(process.hrtime.bigint() + 1_000_000_000n);
  return drains;
}

it('asks less often for what the kernel tells while that is little', async () => {
  expect(await drainsWith(0)).toBeLessThanOrEqual(5);
  expect(await drainsWith(26)).toBeGreaterThan(5);
});

it('ends at once when it is stopped, also in the middle of a wait', async () => {
  const wait = new TickWait(undefined);
  const fromMs = performance.now();
  const over = wait.until(process.hrtime.bigint() + 60_000_000_000n);
  setTimeout(() => wait.stop(), 10);
  await over;
  expect(performance.now() - fromMs).toBeLessThan(30_000);
  await wait.until(process.hrtime.bigint() + 60_000_000_000n);
  expect(performance.now() - fromMs).toBeLessThan(30_000);
});
