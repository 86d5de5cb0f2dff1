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

it('counts a fall and a rise of just a third of the largest, and none of less', () => {
  expect(troughsOf([0, 90, 0, 30, 0]).places).toEqual([2]);
  expect(troughsOf([0, 90, 0, 29, 0]).places).toEqual([]);
  expect(troughsOf([0, 90, 60, 90, 0, 90]).places).toEqual([2, 4]);
  expect(troughsOf([0, 90, 61, 90, 0, 90]).places).toEqual([4]);
});

it('has the first of the lowest places, and the lowest of all before the rise', () => {
  expect(troughsOf([9, 90, 40, 20, 20, 30, 10, 90]).places).toEqual([6]);
  expect(troughsOf([100, 190, 110, 100, 100, 190]).places).toEqual([3]);
  // Of a plateau the fall is from any place.
  expect(troughsOf([50, 50, 20, 50])).toEqual({ places: [2], largestFall: 30 });
});
