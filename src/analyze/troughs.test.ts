import { expect, it } from 'vitest';
import { troughsOf } from './troughs.js';

it('finds the places behind large falls, and not those of small ones', () => {
  const values = [10, 40, 38, 70, 12, 45, 44, 71, 14, 50];
  expect(troughsOf(values)).toEqual({ places: [4, 8], largestFall: 58 });
});

it('leaves out the last fall as long as nothing rises behind it', () => {
  expect(troughsOf([1, 9, 2, 9, 3]).places).toEqual([2]);
});

it('finds none where nothing falls', () => {
  expect(troughsOf([1, 2, 2, 3])).toEqual({ places: [], largestFall: 0 });
  expect(troughsOf([])).toEqual({ places: [], largestFall: 0 });
});
