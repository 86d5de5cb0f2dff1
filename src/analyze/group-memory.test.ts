import { describe, expect, it } from 'vitest';
import type { CgroupMetricName } from '../schema.js';
import { type GroupValues, groupWorkingSet, nearestLimit, riseOf } from './group-memory.js';

function group(path: string, values: Partial<Record<CgroupMetricName, number>>): GroupValues {
  return { path, value: (metric) => values[metric] ?? Number.NaN };
}

const near = (group: GroupValues, ...others: GroupValues[]) =>
  nearestLimit(group, new Map(others.map((each) => [each.path, each])));

describe('a group', () => {
  it('needs what is charged less the page cache that would be dropped first', () => {
    expect(groupWorkingSet(group('/a', { cgroupCurrent: 100, cgroupInactiveFile: 30 }))).toBe(70);
    expect(groupWorkingSet(group('/a', { cgroupCurrent: 100, cgroupInactiveFile: 130 }))).toBe(0);
    expect(groupWorkingSet(group('/a', { cgroupCurrent: 100 }))).toBeNaN();
  });

  it('reaches the limit first that leaves it least, its own or one above it', () => {
    const pods = group('/pods', { cgroupCurrent: 900, cgroupInactiveFile: 100, cgroupMax: 1000 });
    const own = group('/pods/a', { cgroupCurrent: 400, cgroupInactiveFile: 0, cgroupMax: 500 });
    expect(near(own, pods)).toEqual({ kind: 'max', path: '/pods/a', limitBytes: 500, headroomBytes: 100 });
    const full = group('/pods', { cgroupCurrent: 990, cgroupInactiveFile: 0, cgroupMax: 1000 });
    expect(near(own, full)).toEqual({ kind: 'max', path: '/pods', limitBytes: 1000, headroomBytes: 10 });
    expect(near(group('/pods/b', { cgroupCurrent: 1, cgroupMax: Number.POSITIVE_INFINITY }), full)?.path).toBe('/pods');
  });

  it('is slowed down before it is killed in', () => {
    const own = group('/a', { cgroupCurrent: 300, cgroupInactiveFile: 0, cgroupMax: 500, cgroupHigh: 400 });
    expect(near(own)).toEqual({ kind: 'high', path: '/a', limitBytes: 400, headroomBytes: 100 });
  });

  it('has no nearest limit where there is none or none is known', () => {
    const none = { cgroupCurrent: 300, cgroupMax: Number.POSITIVE_INFINITY, cgroupHigh: Number.POSITIVE_INFINITY };
    expect(near(group('/a', none))).toBeUndefined();
    expect(near(group('/a', { cgroupMax: 5 }))).toBeUndefined();
    expect(near(group('/a', { cgroupCurrent: 9, cgroupMax: 5 }))?.headroomBytes).toBe(-4);
    expect(near(group('/', { cgroupCurrent: 3, cgroupMax: 5 }))?.headroomBytes).toBe(2);
  });

  it('counts on after its counters were set back', () => {
    expect([riseOf(3, 5), riseOf(5, 5), riseOf(5, 2)]).toEqual([2, 0, 2]);
    expect([riseOf(Number.NaN, 5), riseOf(5, Number.NaN)]).toEqual([Number.NaN, Number.NaN]);
  });
});
