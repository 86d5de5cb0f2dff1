import { expect, it } from 'vitest';
import { parseVmstat, readVmstat } from './vmstat.js';

it('has a number for each key', () => {
  expect([
    ...parseVmstat('nr_free_pages 12\noom_kill 3\nodd line here\nnothing\nafter 5 \nbefore it 6\n\tpgfault 7\n'),
  ]).toEqual([
    ['nr_free_pages', 12],
    ['oom_kill', 3],
  ]);
});

it('reads this host', () => {
  expect(readVmstat('/proc').get('nr_free_pages')).toBeGreaterThan(0);
  expect(() => readVmstat('/nowhere')).toThrow(/ENOENT/);
});
