/**
 * What V8 tells of the isolate that this runs in: its heap ten times a second and at marks, and every collection.
 *
 * The traps: no other thread can ask, so nothing is told while this one is busy, but for collections, which V8 notes itself and
 * hands over afterwards; they come a turn or two of the event loop late, and what a profiler noted of them is joined by their times.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { type GCProfilerResult, getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { threadId } from 'node:worker_threads';
import type { V8Record } from '../recording/v8-log.js';
import type { V8Collection, V8Heap, V8Isolate } from '../recording/v8-parts.js';
import { ownSignature } from './ring-owner.js';

export type SentRecord = { readonly timeNs: string; readonly event: V8Record['event'] };
type GcEntry = { readonly startTime: number; readonly duration: number; readonly detail: { readonly kind: number } };

/** A look takes microseconds; what was seen is sent once a second. */
const EVERY_MS = 100;
const LOOKS_SENT = 10;
/** Collections that wait for the end of a span: of more the oldest are told without what the profiler notes. */
const MOST_HELD = 10_000;
/** `v8::GCType`, as `GCProfiler` calls it with a hyphen between its words. */
const KINDS = new Map([
  [1, 'scavenge'],
  [2, 'minor-mark-sweep'],
  [4, 'mark-sweep-compact'],
  [8, 'incremental-marking'],
  [16, 'process-weak-callbacks'],
]);
/** Turns of the event loop until a collection is told of: one for its entry, one for the observer. */
const TURNS = 2;

export class V8Source {
  readonly #isolate: V8Isolate;
  /** Monotonic nanoseconds of the origin of performance entries. */
  readonly #originNs = process.hrtime.bigint() - BigInt(Math.round(performance.now() * 1e6));
  readonly #observer: PerformanceObserver;
  readonly #timer: NodeJS.Timeout;
  readonly #atExit = () => this.tell();
  #heaps: SentRecord[] = [];
  #collections: { timeNs: bigint; collection: V8Collection }[] = [];
  #openSpans = 0;

  constructor(private readonly send: (records: readonly SentRecord[]) => void) {
    const { pid, startTicks } = ownSignature();
    this.#isolate = { pid, startTicks, thread: threadId };
    this.#observer = new PerformanceObserver((list) => this.#take(list.getEntries()));
    this.#observer.observe({ entryTypes: ['gc'] });
    let looks = 0;
    this.#timer = setInterval(() => {
      this.mark(process.hrtime.bigint());
      if (++looks % LOOKS_SENT === 0) this.#flush();
    }, EVERY_MS);
    this.#timer.unref();
    // Its last second.
    process.once('exit', this.#atExit);
    this.tell();
  }

  /** The heap at an instant that was stamped just before. */
  mark(timeNs: bigint): void {
    this.#heaps.push({ timeNs: `${timeNs}`, event: { type: 'v8Heap', ...this.#isolate, ...heapNow() } });
    // A loop of marks must not let them pile up.
    if (this.#heaps.length >= MOST_HELD) this.#flush();
  }

  /** A profiler notes collections from now until `endSpan`. */
  beginSpan(): void {
    this.#openSpans++;
  }

  /** Tells of the collections between two times with what the profiler noted of them. */
  async endSpan(fromNs: bigint, toNs: bigint, noted: GCProfilerResult): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
    this.#take(this.#observer.takeRecords());
    const inside = this.#collections.filter(({ timeNs }) => timeNs >= fromNs && timeNs <= toNs);
    const { statistics } = noted;
    // What does not go together is left alone.
    const isSame =
      inside.length === statistics.length &&
      inside.every(({ collection }, index) => isKind(collection.kind, statistics[index]!.gcType));
    for (let index = 0; isSame && index < inside.length; index++) {
      const { beforeGC, afterGC } = statistics[index]!;
      const one = inside[index]!;
      const [usedBefore, usedAfter] = [beforeGC.heapStatistics.usedHeapSize, afterGC.heapStatistics.usedHeapSize];
      one.collection = { ...one.collection, usedBefore, usedAfter };
    }
    this.#openSpans--;
    this.#flush();
  }

  /** A span that failed: nobody asks. */
  abandonSpan(): void {
    this.#openSpans--;
  }

  close(): void {
    clearInterval(this.#timer);
    process.off('exit', this.#atExit);
    this.#take(this.#observer.takeRecords());
    this.#openSpans = 0;
    this.tell();
    this.#observer.disconnect();
  }

  /** The heap now, and all that is known. */
  tell(): void {
    this.mark(process.hrtime.bigint());
    this.#flush();
  }

  #take(entries: readonly unknown[]): void {
    for (const { startTime, duration, detail } of entries as readonly GcEntry[]) {
      const kind = KINDS.get(detail.kind) ?? String(detail.kind);
      const collection = { kind, pauseNs: Math.round(duration * 1e6) };
      this.#collections.push({ timeNs: this.#originNs + BigInt(Math.round(startTime * 1e6)), collection });
    }
  }

  #flush(): void {
    const held = this.#openSpans > 0 ? Math.max(0, this.#collections.length - MOST_HELD) : this.#collections.length;
    const told = this.#collections.splice(0, held).map(({ timeNs, collection }) => ({
      timeNs: `${timeNs}`,
      event: { type: 'v8Gc' as const, ...this.#isolate, ...collection },
    }));
    const records = [...this.#heaps, ...told];
    this.#heaps = [];
    if (records.length > 0) this.send(records);
  }
}

/** `MarkSweepCompact` is `mark-sweep-compact`. */
function isKind(kind: string, gcType: string): boolean {
  return kind.replaceAll('-', '') === gcType.toLowerCase();
}

function heapNow(): V8Heap {
  const all = getHeapStatistics();
  const spaces: Record<string, [number, number]> = {};
  for (const { space_name, space_used_size, space_size } of getHeapSpaceStatistics()) {
    if (space_size > 0) spaces[space_name.replace(/_space$/, '')] = [space_used_size, space_size];
  }
  return {
    used: all.used_heap_size,
    total: all.total_heap_size,
    physical: all.total_physical_size,
    external: all.external_memory,
    malloced: all.malloced_memory,
    limit: all.heap_size_limit,
    spaces,
  };
}
