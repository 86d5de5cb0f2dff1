/** What counts as growth: a mean that rises from quarter to quarter, and not a process that is merely larger at its end. */
import { describe, expect, it } from 'vitest';
import { Course } from './course.js';
import { steadyGrowth } from './findings.js';
import { meanOf } from './mean.js';

const MIB = 2 ** 20;

function growthOf(values: readonly number[]) {
  const course = new Course();
  values.forEach((mib, bucket) => {
    course.push(bucket, mib * MIB);
  });
  return steadyGrowth(course, 0, values.length);
}

describe('steady growth', () => {
  it('is found where every quarter is larger than the one before', () => {
    const grown = growthOf([10, 20, 30, 40, 50, 60, 70, 80])!;
    expect(grown).toEqual({ from: 15 * MIB, to: 75 * MIB, by: 60 * MIB });
  });

  it.each([
    ['a start that is over at once', [10, 80, 80, 80, 80, 80, 80, 80]],
    ['what is given back', [10, 20, 30, 40, 50, 60, 20, 10]],
    ['a saw', [10, 90, 10, 90, 10, 90, 10, 90]],
    ['what hardly moves', [1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007]],
    ['a moment', [10, 80]],
  ])('is not %s', (_, values) => {
    expect(growthOf(values)).toBeUndefined();
  });

  it('weighs a value by how long it held', () => {
    const course = new Course();
    course.push(0, 100);
    course.push(90, 200);
    expect(meanOf(course, 0, 100)).toBe(110);
    course.push(95, Number.NaN);
    expect(meanOf(course, 90, 100)).toBe(200);
  });
});
