import { totalmem } from 'node:os';
import { expect, it } from 'vitest';
import { parseMeminfo, readMeminfo } from './meminfo.js';

it('has bytes where the kernel says kB, and counts as they are', () => {
  const text = 'MemTotal:       24684092 kB\nActive(anon):    5 kB\nHugePages_Total:       3\nNew_Key:\t7 kB\n';
  expect([...parseMeminfo(text)]).toEqual([
    ['MemTotal', 24_684_092 * 1024],
    ['Active(anon)', 5 * 1024],
    ['HugePages_Total', 3],
    ['New_Key', 7 * 1024],
  ]);
});

it('leaves out what has another form, and what was cut', () => {
  expect([...parseMeminfo('MemTotal: many kB\n\nMemFree 5 kB\nBuffers: 5 MB\nCached: 12 k')]).toEqual([]);
});

it('reads this host', () => {
  expect(readMeminfo('/proc').get('MemTotal')).toBe(totalmem());
  expect(() => readMeminfo('/nowhere')).toThrow(/ENOENT/);
});
