/**
 * What V8 tells of the isolate that this runs in: what is used after a forced collection, and what a stretch of code allocated.
 *
 * The traps: only the isolate under test knows its own heap; a forced collection needs the function `gc`, which exists only
 * where it is asked for; and what was allocated is the sum of what the heap grew by between collections, since no counter tells.
 */
import { GCProfiler, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collectNow: (() => void) | undefined;

/** Collects all that nobody holds any more. */
export function collectGarbage(): void {
  if (!collectNow) {
    setFlagsFromString('--expose-gc');
    collectNow = runInNewContext('gc') as () => void;
  }
  collectNow();
  // What the first pass let go of, weak references and external memory, goes in the second.
  collectNow();
}

/** Bytes in use: objects, and what they hold outside of the heap (array buffers among it). */
export interface HeapUse {
  readonly heap: number;
  readonly external: number;
}

export function heapUse(): HeapUse {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return { heap, external };
}

export interface V8Activity {
  readonly allocatedBytes: number;
  readonly collections: number;
  /** Nanoseconds of all of them. */
  readonly pauseNs: number;
}

/** Watches the collections from now until `stop`. */
export class V8Watch {
  readonly #profiler = new GCProfiler();
  readonly #usedAtStart = getHeapStatistics().used_heap_size;

  constructor() {
    this.#profiler.start();
  }

  stop(): V8Activity {
    const usedAtEnd = getHeapStatistics().used_heap_size;
    const { statistics } = this.#profiler.stop();
    let allocated = 0;
    let used = this.#usedAtStart;
    let pauseUs = 0;
    for (const { beforeGC, afterGC, cost } of statistics) {
      allocated += Math.max(0, beforeGC.heapStatistics.usedHeapSize - used);
      used = afterGC.heapStatistics.usedHeapSize;
      pauseUs += cost;
    }
    allocated += Math.max(0, usedAtEnd - used);
    return { allocatedBytes: allocated, collections: statistics.length, pauseNs: pauseUs * 1000 };
  }
}
