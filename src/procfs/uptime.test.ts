import { describe, expect, it } from 'vitest';
import { parseUptime, readUptime } from './uptime.js';

describe('parseUptime', () => {
  it('is in whole nanoseconds', () => {
    expect(parseUptime('16941.29 33011.07\n')).toEqual({ upNs: 16_941_290_000_000, idleNs: 33_011_070_000_000 });
    expect(parseUptime('0.00 0.00\n')).toEqual({ upNs: 0, idleNs: 0 });
  });

  it.each(['', '\n', '12.3', '12.3 x', '-1.0 2.0', 'a b'])('refuses %j', (text) => {
    expect(() => parseUptime(text)).toThrow(/uptime/);
  });
});

it('reads this host', () => {
  expect(readUptime('/proc').upNs).toBeGreaterThan(0);
  expect(() => readUptime('/nowhere')).toThrow(/ENOENT/);
});
