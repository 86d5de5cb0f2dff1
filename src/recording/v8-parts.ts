/**
 * What V8 tells of itself, as a recording holds it: heaps, and collections.
 *
 * The trap: only the isolate itself knows, so a process with worker threads has more heaps than are recorded; and what V8 counts
 * is address space that it has committed, not what is resident.
 */

/** Whose heap it is. */
export interface V8Isolate {
  readonly pid: number;
  readonly startTicks: number;
  readonly source?: number;
  /** `threadId` of node:worker_threads; 0 is the main thread. */
  readonly thread: number;
}

/** Bytes. */
export interface V8Heap {
  /** Objects, those among them that nobody holds any more and that are not collected yet. */
  readonly used: number;
  /** Committed for the heap, and what of that has ever been touched. */
  readonly total: number;
  readonly physical: number;
  /** Held by objects outside of the heap, array buffers among it. */
  readonly external: number;
  /** What V8 itself took from malloc: zones of the compiler and the like. */
  readonly malloced: number;
  /** What the heap may grow to. */
  readonly limit: number;
  /** Of each space with anything in it: used and committed. */
  readonly spaces: Readonly<Record<string, readonly [used: number, committed: number]>>;
}

export interface V8Collection {
  /** `scavenge`, `minor-mark-sweep`, `mark-sweep-compact`, `incremental-marking`, `process-weak-callbacks`, or the number of another kind. */
  readonly kind: string;
  readonly pauseNs: number;
  /** Bytes of objects before and after; known of collections inside of a span that was measured. */
  readonly usedBefore?: number;
  readonly usedAfter?: number;
}

/** Whether what is there of the spaces has the right types. */
export function areSpaces(spaces: unknown): spaces is V8Heap['spaces'] {
  if (typeof spaces !== 'object' || spaces === null || Array.isArray(spaces)) return false;
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every(Number.isFinite);
  return Object.values(spaces).every(isPair);
}
