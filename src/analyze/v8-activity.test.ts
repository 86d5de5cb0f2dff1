import { describe, expect, it } from 'vitest';
import type { V8Record } from '../recording/v8-log.js';
import type { V8Heap } from '../recording/v8-parts.js';
import { spanV8 } from './v8-activity.js';

const WHO = { pid: 1, startTicks: 2, thread: 0 };

function heapOf(used: number): V8Heap {
  return { used, total: used + 1, physical: used + 2, external: 3, malloced: 4, limit: 5, spaces: { old: [used, 9] } };
}

const heap = (timeNs: bigint, used: number): V8Record => ({
  timeNs,
  event: { type: 'v8Heap', ...WHO, ...heapOf(used) },
});
const collection = (
  timeNs: bigint,
  kind: string,
  pauseNs: number,
  known?: [before: number, after: number],
): V8Record => ({
  timeNs,
  event: {
    type: 'v8Gc',
    ...{ ...WHO, kind, pauseNs },
    ...(known ? { usedBefore: known[0], usedAfter: known[1] } : {}),
  },
});

describe('a span', () => {
  it('has the heaps next to its ends, and what was allocated between the collections', () => {
    const records = [
      heap(1n, 900),
      heap(9n, 100),
      collection(9n, 'scavenge', 1000, [1, 1]),
      collection(12n, 'scavenge', 7, [150, 110]),
      heap(15n, 130),
      collection(16n, 'mark-sweep-compact', 20, [180, 50]),
      collection(18n, 'scavenge', 5, [40, 30]),
      heap(20n, 70),
      heap(25n, 800),
      collection(26n, 'scavenge', 1000, [1, 1]),
    ];
    // 50 up to the first, 70 to the second, less than nothing to the third, 40 to the end.
    expect(spanV8(records, 10n, 20n)).toEqual({
      before: heapOf(100),
      after: heapOf(70),
      peakUsedBytes: 180,
      allocatedBytes: 160,
      collections: 3,
      collectionsByKind: { scavenge: 2, 'mark-sweep-compact': 1 },
      pauseNs: 32,
      longestPauseNs: 20,
    });
  });

  it('counts what is told at its very ends', () => {
    const records = [
      heap(10n, 100),
      collection(10n, 'a', 1, [100, 90]),
      collection(20n, 'b', 2, [99, 98]),
      heap(20n, 98),
    ];
    expect(spanV8(records, 10n, 20n)).toMatchObject({
      ...{ before: heapOf(100), after: heapOf(98), peakUsedBytes: 100, allocatedBytes: 9, collections: 2 },
    });
  });

  it('has its peak where the heap was largest, also at a mark inside', () => {
    expect(spanV8([heap(1n, 10), heap(15n, 300), heap(30n, 20)], 10n, 20n).peakUsedBytes).toBe(300);
    expect(spanV8([heap(1n, 400), heap(15n, 300), heap(30n, 20)], 10n, 20n).peakUsedBytes).toBe(400);
    expect(spanV8([heap(1n, 10), heap(15n, 30), heap(30n, 500)], 10n, 20n).peakUsedBytes).toBe(500);
  });

  it('does not know what nobody told', () => {
    expect(spanV8([], 10n, 20n)).toEqual({
      ...{ before: undefined, after: undefined, peakUsedBytes: undefined, allocatedBytes: undefined },
      ...{ collections: 0, collectionsByKind: {}, pauseNs: 0, longestPauseNs: 0 },
    });
    expect(spanV8([heap(1n, 10)], 10n, 20n)).toMatchObject({ allocatedBytes: undefined, peakUsedBytes: 10 });
    expect(spanV8([heap(30n, 10)], 10n, 20n).allocatedBytes).toBeUndefined();
    const unknown = [heap(1n, 10), collection(12n, 'scavenge', 1), heap(30n, 20)];
    expect(spanV8(unknown, 10n, 20n)).toMatchObject({ allocatedBytes: undefined, collections: 1 });
    expect(spanV8([heap(1n, 30), heap(30n, 20)], 10n, 20n).allocatedBytes).toBe(0);
  });
});
