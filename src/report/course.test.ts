/** A course in bounded room keeps every peak and every dip, and says where nothing was measured. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Course } from './course.js';
import { NumberReader, NumberWriter } from './number-columns.js';
import { sampleTrack } from './page/sample.js';
import { rateOf, readTrack, type Track, valueAt } from './page/track.js';

/** What the page reads of what was written. */
function readBack(course: Course, quantum = 1): Track {
  const writer = new NumberWriter();
  course.write(writer, quantum);
  return readTrack(new NumberReader(writer.bytes()), 1, quantum);
}

function courseOf(values: readonly (number | null)[]): Course {
  const course = new Course();
  values.forEach((value, bucket) => {
    course.push(bucket, value ?? Number.NaN);
  });
  return course;
}

describe('a course', () => {
  it('has least, most and last of all that was measured, however coarse it is', () => {
    const values = fc.array(fc.option(fc.integer({ min: 0, max: 1000 }), { nil: null }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 16 }), (told, most) => {
        const course = courseOf(told).within(most);
        expect(course.count).toBeLessThanOrEqual(most);
        const measured = told.filter((value) => value !== null);
        const { least, most: highest, last } = readBack(course);
        const known = (values: Float64Array) => [...values].filter((value) => !Number.isNaN(value));
        if (measured.length === 0) return;
        expect(Math.min(...known(least))).toBe(Math.min(...measured));
        expect(Math.max(...known(highest))).toBe(Math.max(...measured));
        expect(known(last).at(-1)).toBe(measured.at(-1));
      }),
    );
  });

  it('is read back as it was written, entry by entry', () => {
    const track = readBack(courseOf([5, 5, null, null, 2 ** 40, 7]));
    expect([...track.times]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...track.last]).toEqual([5, 5, Number.NaN, Number.NaN, 2 ** 40, 7]);
    expect(track.least).toBe(track.last);
  });

  it('takes what comes later into a course that is coarse already', () => {
    const course = courseOf([1, 9, 2, 3]).within(2);
    expect(course.level).toBe(1);
    course.push(4, 50);
    course.push(5, 4);
    const track = readBack(course);
    expect([...track.times]).toEqual([0, 2, 4]);
    expect([...track.last]).toEqual([9, 3, 4]);
    expect([...track.most]).toEqual([9, 3, 50]);
    expect([...track.least]).toEqual([1, 2, 4]);
  });

  it('ends where nothing is measured, also within a coarse bucket', () => {
    const course = courseOf([1, 2, 3, 4]).within(2);
    course.push(4, Number.NaN);
    const track = readBack(course);
    expect(valueAt(track, 2)).toBe(4);
    expect(valueAt(track, 4)).toBeNaN();
  });
});

describe('columns of pixels', () => {
  it('show a spike of one tick in a picture of many', () => {
    const course = courseOf(Array.from({ length: 10_000 }, (_, tick) => (tick === 7777 ? 900 : 10 + (tick % 2))));
    const { last, least, most } = sampleTrack(readBack(course), { from: 0, to: 10_000 }, 100, [], 10_000);
    expect(Math.max(...most.map(Number))).toBe(900);
    expect(most.indexOf(900)).toBe(77);
    expect(last[77]).toBe(11);
    expect(least[77]).toBe(10);
  });

  it('hold a value until the next one, and nothing in a gap, before the first and behind the end', () => {
    const course = new Course();
    course.push(10, 5);
    course.push(60, 6);
    const { last } = sampleTrack(readBack(course), { from: 0, to: 100 }, 10, [{ from: 29, to: 51 }], 79);
    expect(last).toEqual([null, 5, 5, null, null, 5, 6, 6, null, null]);
  });

  it('break a line where a process has gone', () => {
    const course = new Course();
    course.push(0, 5);
    course.push(30, Number.NaN);
    const { last } = sampleTrack(readBack(course), { from: 0, to: 50 }, 5, [], 50);
    expect(last).toEqual([5, 5, 5, null, null]);
  });
});

describe('the rate of a counter', () => {
  it('is what moved in the tick before, and nothing while it stood still', () => {
    const course = new Course();
    course.push(0, 100);
    course.push(1000, 150);
    const rate = rateOf(readBack(course), 10);
    expect(valueAt(rate, 500)).toBe(0);
    expect(valueAt(rate, 995)).toBe(5000);
    expect(valueAt(rate, 1000)).toBe(0);
  });
});
