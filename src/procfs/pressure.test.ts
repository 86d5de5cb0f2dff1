import { expect, it } from 'vitest';
import { parsePressure } from './pressure.js';

it('has the averages in percent and the total in nanoseconds', () => {
  const text =
    'some avg10=1.50 avg60=0.25 avg300=0.00 total=1234567\nfull avg10=0.50 avg60=0.05 avg300=0.00 total=234\n';
  expect(parsePressure(text)).toEqual({
    some: { avg10: 1.5, avg60: 0.25, avg300: 0, totalNs: 1_234_567_000 },
    full: { avg10: 0.5, avg60: 0.05, avg300: 0, totalNs: 234_000 },
  });
});

it('has nothing where the text has nothing', () => {
  expect(parsePressure('')).toEqual({});
  expect(parsePressure('some avg10=x avg60=0.25 avg300=0.00 total=1\n')).toEqual({});
  expect(parsePressure('some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n').full).toBeUndefined();
});
