/** What V8 told of one process, as `V8Memory.write` wrote it. */
import { MEMORY_PARTS, type MemoryPart } from '../../analyze/memory-part-names.js';
import type { NumberReader } from '../number-columns.js';
import { HEAP_SERIES, type HeapSeries, PAUSE_QUANTUM } from '../v8-format.js';
import { readTrack, type Track } from './track.js';

const KIBIBYTE = 1024;

export interface HeapSpace {
  readonly name: string;
  readonly used: Track;
  readonly committed: Track;
}

export interface V8Data {
  /** 0: the main thread. */
  readonly thread: number;
  readonly heap: Readonly<Record<HeapSeries, Track>>;
  readonly spaces: readonly HeapSpace[];
  /** Nanoseconds of the collection that goes on. */
  readonly pauses: { readonly whole: Track; readonly other: Track };
  /** Resident bytes by the kernel's mappings; empty where none were read. */
  readonly parts: ReadonlyMap<MemoryPart, Track>;
}

export function readV8(from: NumberReader, unitMs: number): V8Data {
  const { thread, spaces: names } = JSON.parse(from.text()) as { thread: number; spaces: string[] };
  const track = (quantum = KIBIBYTE) => readTrack(from, unitMs, quantum);
  const heap = Object.fromEntries(HEAP_SERIES.map((name) => [name, track()])) as Record<HeapSeries, Track>;
  const spaces = names.map((name) => ({ name, used: track(), committed: track() }));
  const pauses = { whole: track(PAUSE_QUANTUM), other: track(PAUSE_QUANTUM) };
  const parts = new Map<MemoryPart, Track>();
  const count = from.unsigned();
  for (let index = 0; index < count; index++) {
    const part = MEMORY_PARTS[from.unsigned()]!;
    parts.set(part, track());
  }
  return { thread, heap, spaces, pauses, parts };
}
