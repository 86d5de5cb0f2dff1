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

it('waits without the event loop, which has a turn now and then all the same', async () => {
  const wait = new TickWait(undefined);
  let turns = 0;
  for (let tick = 0; tick < 40; tick++) {
    const turned = wait.untilTick(process.hrtime.bigint() + 10_000_000n);
    if (turned === undefined) continue;
    turns++;
    await turned;
  }
  // Each 40 ms, and so at each fifth tick or so.
  expect(turns).toBeGreaterThanOrEqual(4);
  expect(turns).toBeLessThan(20);
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
