/**
 * What is written down at both ends of a task, in the process that runs it.
 *
 * The trap: a hook stands beside timed code. So all that costs time, collecting and asking, is done before the begin is stamped and
 * after the end is.
 */
import { type Faults, faultsSince, ownFaults } from './own-faults.js';
import { type OwnMemory, ownMemory, ownPeak, resetOwnPeak } from './own-memory.js';
import { collectGarbage, type HeapUse, heapUse, type V8Activity, V8Watch } from './v8-heap.js';

export interface TaskStamp {
  readonly name: string;
  /** Monotonic nanoseconds. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly v8: V8Activity;
  /** After a collection. */
  readonly before: HeapUse & OwnMemory;
  readonly after: HeapUse & OwnMemory;
  /** Most resident bytes between them, by the kernel's own mark. */
  readonly peak: number | undefined;
  readonly faults: Faults;
  readonly calls: number;
}

interface Running {
  readonly name: string;
  readonly fromNs: bigint;
  readonly watch: V8Watch;
  readonly before: HeapUse & OwnMemory;
  readonly hasMark: boolean;
  readonly faults: Faults;
}

const CLOCK_LOOKS = 8;

export class TaskStamper {
  #running: Running | undefined;

  /** `isAlone`: this process does nothing but this task, so its resident memory is told. */
  constructor(readonly isAlone: boolean) {}

  /** A task is about to be timed. One that has begun and not ended is forgotten. */
  begin(name: string): void {
    this.#running?.watch.stop();
    const before = this.#memory();
    const hasMark = this.isAlone && resetOwnPeak();
    const [watch, faults] = [new V8Watch(), ownFaults()];
    const running = { name, before, hasMark, watch, faults, fromNs: 0n };
    this.#running = running;
    // A collection has thrown the clock's code out of the caches: the first look costs microseconds.
    for (let look = 0; look < CLOCK_LOOKS; look++) running.fromNs = process.hrtime.bigint();
  }

  /** It has been timed, with so many calls. Undefined when none had begun. */
  end(calls: number): TaskStamp | undefined {
    const toNs = process.hrtime.bigint();
    const running = this.#running;
    if (!running) return undefined;
    this.#running = undefined;
    const faults = faultsSince(running.faults);
    const { name, fromNs, watch, before, hasMark } = running;
    const v8 = watch.stop();
    const peak = hasMark ? ownPeak() : undefined;
    return { name, fromNs, toNs, v8, before, after: this.#memory(), peak, faults, calls };
  }

  #memory(): HeapUse & OwnMemory {
    collectGarbage();
    return this.isAlone ? { ...heapUse(), ...ownMemory() } : heapUse();
  }
}
