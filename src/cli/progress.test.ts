import { afterEach, expect, it, vi } from 'vitest';
import { startProgress } from './progress.js';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it.each([
  [40, 'recording for 10 s, 500 ticks, 120 p...'],
  [0, 'recording for 10 s, 500 ticks, 120 processes'],
])('fits into a terminal of %i columns, with one to spare', (columns, line) => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const written: string[] = [];
  const stderr = { isTTY: true, columns, write: (text: string) => written.push(text) };
  vi.stubGlobal('process', { ...process, stderr });
  const progress = startProgress();
  progress.show(() => 'too early');
  vi.advanceTimersByTime(1500);
  progress.show(() => 'recording for 10 s, 500 ticks, 120 processes');
  progress.clear();
  expect(written).toEqual([`\r\x1b[K${line}`, '\r\x1b[K']);
});
