import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EndWait } from './end-wait.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

it('is long for whoever comes once, and then for whoever has waited at one place', () => {
  const wait = new EndWait();
  expect(wait.isShort(1, 64)).toBe(false);
  expect(wait.isShort(1, 128)).toBe(false);
  wait.begin();
  expect(wait.isShort(1, 64)).toBe(true);
  vi.advanceTimersByTime(4000);
  expect(wait.isShort(1, 64)).toBe(true);
  vi.advanceTimersByTime(1000);
  expect(wait.isShort(1, 64)).toBe(false);
});

it('begins anew where something has come, also at the same place of another block', () => {
  const wait = new EndWait();
  wait.begin();
  wait.isShort(1, 64);
  vi.advanceTimersByTime(4900);
  expect(wait.isShort(1, 128)).toBe(true);
  vi.advanceTimersByTime(4900);
  expect(wait.isShort(2, 128)).toBe(true);
  vi.advanceTimersByTime(4900);
  expect(wait.isShort(2, 128)).toBe(true);
});
