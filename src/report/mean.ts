/** The mean of a course over a stretch of time. */
import type { Course } from './course.js';

/** By time: an entry holds until the next one. NaN when nothing was measured in between. */
export function meanOf(course: Course, from: number, to: number): number {
  const scale = 2 ** course.level;
  let sum = 0;
  let weight = 0;
  for (let index = 0; index < course.count; index++) {
    const begin = Math.max(from, course.bucketAt(index) * scale);
    const end = Math.min(to, index + 1 < course.count ? course.bucketAt(index + 1) * scale : to);
    const value = course.lastAt(index);
    if (end <= begin || Number.isNaN(value)) continue;
    sum += value * (end - begin);
    weight += end - begin;
  }
  return sum / weight;
}
