/**
 * What V8 told of itself in a recording, for the page: the heap and its spaces over time, and what collections took.
 *
 * The traps: an isolate tells ten times a second as long as its thread is not busy, for as long as the recording goes, so these
 * courses have bounds as all others; and a process may have several isolates that record, of which the one that told most is shown.
 */
import { MEMORY_PARTS } from '../analyze/memory-parts.js';
import { identityKey } from '../engine/identity.js';
import type { Recording } from '../recording/recording.js';
import type { V8Record } from '../recording/v8-log.js';
import { WHOLE_COLLECTION } from './collections.js';
import { Course } from './course.js';
import type { NumberWriter } from './number-columns.js';
import { HEAP_SERIES, type HeapSeries, PAUSE_QUANTUM } from './v8-format.js';

const MOST_ENTRIES = 1024;
/** Processes that are shown with their heaps, those that told most. */
const MOST_ISOLATES = 8;
const MOST_SPACES = 16;
const KIBIBYTE = 1024;

/** One isolate. */
export class V8Memory {
  readonly heap: Record<HeapSeries, Course> = {
    used: new Course(),
    physical: new Course(),
    committed: new Course(),
    external: new Course(),
  };
  readonly spaces = new Map<string, { used: Course; committed: Course }>();
  /** Nanoseconds that the collection that goes on takes, of all of the heap or another; 0 where there is none. */
  readonly pauses = { whole: new Course(), other: new Course() };
  told = 0;

  constructor(readonly thread: number) {}

  /** `endBucket`: of a collection, in which it was over. */
  take(bucket: number, endBucket: number, { event }: V8Record): void {
    this.told++;
    if (event.type === 'v8Gc') {
      const kind = event.kind === WHOLE_COLLECTION ? 'whole' : 'other';
      if (this.pauses[kind].count === 0) this.pauses[kind].push(0, 0);
      this.pauses[kind] = bounded(this.pauses[kind], bucket, event.pauseNs);
      this.pauses[kind] = bounded(this.pauses[kind], Math.max(bucket, endBucket), 0);
      return;
    }
    const told: Record<HeapSeries, number> = {
      used: event.used,
      physical: event.physical,
      committed: event.total,
      external: event.external,
    };
    for (const name of HEAP_SERIES) this.heap[name] = bounded(this.heap[name], bucket, told[name]);
    for (const [name, [used, committed]] of Object.entries(event.spaces)) {
      const space = this.#space(name);
      if (!space) continue;
      space.used = bounded(space.used, bucket, used);
      space.committed = bounded(space.committed, bucket, committed);
    }
    // A space is told of while there is anything in it.
    for (const [name, space] of this.spaces) {
      if (name in event.spaces) continue;
      space.used = bounded(space.used, bucket, 0);
      space.committed = bounded(space.committed, bucket, 0);
    }
  }

  #space(name: string) {
    let space = this.spaces.get(name);
    if (!space && this.spaces.size < MOST_SPACES) {
      space = { used: new Course(), committed: new Course() };
      this.spaces.set(name, space);
    }
    return space;
  }

  /**
   * Writes the thread and the names of the spaces as JSON; the courses of the heap in the order of `HEAP_SERIES`; of each space
   * used and committed; of whole collections and of others; then of each part of resident memory that is known how many, its
   * number and its course.
   */
  write(to: NumberWriter, parts: readonly (Course | undefined)[]): void {
    to.text(JSON.stringify({ thread: this.thread, spaces: [...this.spaces.keys()] }));
    for (const name of HEAP_SERIES) this.heap[name].write(to, KIBIBYTE);
    for (const { used, committed } of this.spaces.values()) {
      used.write(to, KIBIBYTE);
      committed.write(to, KIBIBYTE);
    }
    for (const course of [this.pauses.whole, this.pauses.other]) course.write(to, PAUSE_QUANTUM);
    const known = MEMORY_PARTS.flatMap((_, place) => (parts[place] ? [place] : []));
    to.unsigned(known.length);
    for (const place of known) {
      to.unsigned(place);
      parts[place]!.write(to, KIBIBYTE);
    }
  }
}

/** By `identityKey` of the process. */
export function collectV8(recording: Recording, bucketOf: (monotonicNs: bigint) => number): Map<string, V8Memory> {
  const isolates = new Map<string, { key: string; memory: V8Memory }>();
  for (const record of recording.v8()) {
    const key = identityKey(record.event);
    const name = `${key} ${record.event.thread}`;
    let isolate = isolates.get(name);
    if (!isolate) {
      isolate = { key, memory: new V8Memory(record.event.thread) };
      isolates.set(name, isolate);
    }
    const { timeNs, event } = record;
    const endNs = timeNs + BigInt(event.type === 'v8Gc' ? Math.round(event.pauseNs) : 0);
    isolate.memory.take(bucketOf(timeNs), bucketOf(endNs), record);
  }
  const byTold = [...isolates.values()].sort((a, b) => b.memory.told - a.memory.told);
  const out = new Map<string, V8Memory>();
  for (const { key, memory } of byTold) if (!out.has(key) && out.size < MOST_ISOLATES) out.set(key, memory);
  return out;
}

function bounded(course: Course, bucket: number, value: number): Course {
  course.push(bucket, value);
  return course.count > MOST_ENTRIES ? course.within(MOST_ENTRIES / 2) : course;
}
