import { expect, it } from 'vitest';
import { nextDeadline, waitUntil } from './frame-clock.js';

it('goes from deadline to deadline, whether the last came early or late', () => {
  expect(nextDeadline(1000, 100, 999.6)).toBe(1100);
  expect(nextDeadline(1000, 100, 1000)).toBe(1100);
  expect(nextDeadline(1000, 100, 1099)).toBe(1100);
});

it('leaves out what was missed and keeps the beat', () => {
  expect(nextDeadline(1000, 100, 1250)).toBe(1300);
  expect(nextDeadline(1000, 100, 1300)).toBe(1300);
});

it('is at once without a delay', () => {
  expect(nextDeadline(1000, 0, 1234)).toBe(1234);
});

it('waits no less than it should', async () => {
  const deadline = performance.now() + 20.7;
  await waitUntil(deadline);
  expect(performance.now()).toBeGreaterThan(deadline - 1);
});
