import { expect, it } from 'vitest';
import { coarseChange, coarseSize, orderRows } from './row-order.js';

interface Row {
  readonly key: string;
  readonly value: number | string;
  readonly rss: number;
}

const row = (key: string, value: number | string, rss = 0): Row => ({ key, value, rss });
const order = (rows: readonly Row[], before: readonly string[] = [], reversed = false) =>
  orderRows(
    rows,
    ({ value }) => value,
    reversed,
    before,
    ({ rss }) => rss,
  ).map(({ key }) => key);

it('has the largest number first, what was not measured last, either way', () => {
  const rows = [row('none', Number.NaN), row('small', -5), row('large', 9)];
  expect(order(rows)).toEqual(['large', 'small', 'none']);
  expect(order(rows, [], true)).toEqual(['small', 'large', 'none']);
});

it('has texts from A to Z, and no name last', () => {
  const rows = [row('1', ''), row('2', 'b'), row('3', 'a')];
  expect(order(rows)).toEqual(['3', '2', '1']);
  expect(order(rows, [], true)).toEqual(['2', '3', '1']);
});

it('keeps the places of rows that are equal, and puts new ones behind, the largest first', () => {
  const rows = [row('a', 0, 1), row('b', 0, 9), row('new', 0, 5), row('newer', 0, 6)];
  expect(order(rows, ['a', 'b'])).toEqual(['a', 'b', 'newer', 'new']);
});

it('takes nothing of a page or two for a change', () => {
  expect([8192, -8192, 20_480, 123_456_789].map(coarseChange)).toEqual([0, 0, 20_500, 123_000_000]);
  expect(coarseSize(Number.NaN)).toBeNaN();
});
