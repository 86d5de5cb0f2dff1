/**
 * What V8 did in a span of time, from what is recorded of it.
 *
 * The trap: no counter tells what was allocated: it is what the heap grew by between collections, and known only where the
 * heap before and after each of them is.
 */
import type { V8Record } from '../recording/v8-log.js';
import type { V8Collection, V8Heap } from '../recording/v8-parts.js';

export interface SpanV8 {
  /** At or just before the begin, at or just behind the end; undefined where nothing was told. */
  readonly before: V8Heap | undefined;
  readonly after: V8Heap | undefined;
  /** The most bytes of objects that were seen: at marks and before collections. */
  readonly peakUsedBytes: number | undefined;
  /** Undefined where a collection is told of without what it found: outside of `span` and `measure`. */
  readonly allocatedBytes: number | undefined;
  readonly collections: number;
  readonly collectionsByKind: Readonly<Record<string, number>>;
  /** Nanoseconds of all collections, and of the longest. */
  readonly pauseNs: number;
  readonly longestPauseNs: number;
}

/** Of the isolate that recorded itself; `records` by time, `fromNs` and `toNs` monotonic. */
export function spanV8(records: readonly V8Record[], fromNs: bigint, toNs: bigint): SpanV8 {
  let [before, after]: (V8Heap | undefined)[] = [];
  let peak = 0;
  const collections: V8Collection[] = [];
  for (const { timeNs, event } of records) {
    const isInside = timeNs >= fromNs && timeNs <= toNs;
    if (event.type === 'v8Gc') {
      if (isInside) collections.push(event);
      continue;
    }
    if (timeNs <= fromNs) before = event;
    else if (timeNs >= toNs) after ??= event;
    if (isInside) peak = Math.max(peak, event.used);
  }
  const byKind: Record<string, number> = {};
  for (const { kind, usedBefore = 0 } of collections) {
    byKind[kind] = (byKind[kind] ?? 0) + 1;
    peak = Math.max(peak, usedBefore);
  }
  peak = Math.max(peak, before?.used ?? 0, after?.used ?? 0);
  return {
    before: before && heapOf(before),
    after: after && heapOf(after),
    peakUsedBytes: peak > 0 ? peak : undefined,
    allocatedBytes: allocated(before, collections, after),
    collections: collections.length,
    collectionsByKind: byKind,
    pauseNs: collections.reduce((sum, { pauseNs }) => sum + pauseNs, 0),
    longestPauseNs: collections.reduce((most, { pauseNs }) => Math.max(most, pauseNs), 0),
  };
}

function allocated(
  before: V8Heap | undefined,
  collections: readonly V8Collection[],
  after: V8Heap | undefined,
): number | undefined {
  if (!before || !after) return undefined;
  let bytes = 0;
  let { used } = before;
  for (const { usedBefore, usedAfter } of collections) {
    if (usedBefore === undefined || usedAfter === undefined) return undefined;
    bytes += Math.max(0, usedBefore - used);
    used = usedAfter;
  }
  return bytes + Math.max(0, after.used - used);
}

/** Without whose it is. */
function heapOf({ used, total, physical, external, malloced, limit, spaces }: V8Heap): V8Heap {
  return { used, total, physical, external, malloced, limit, spaces };
}
