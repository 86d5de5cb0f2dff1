/**
 * What the resident memory of a Node program is made of: what V8 says of its heap beside what the kernel says of the mappings.
 *
 * The traps: the two are never of the same instant, and what V8 calls external lies somewhere in the memory of malloc, which has
 * more in it: so that part is bounded by both; and a heap that another thread has is in the mappings and not in what V8 told.
 */
import { identityKey } from '../engine/identity.js';
import type { ProcessRef } from '../recording/frame.js';
import { lastRead } from '../recording/mapping-walk.js';
import type { Recording } from '../recording/recording.js';
import type { V8Heap } from '../recording/v8-parts.js';
import { type MappingKind, mappingGroups } from './mapping-groups.js';
import { MEMORY_PARTS, type MemoryPart } from './memory-part-names.js';

export type { MemoryPart };
export { MEMORY_PARTS };

export interface MemoryParts {
  /** Monotonic nanoseconds of the read of the mappings. */
  readonly timeNs: bigint;
  /** Resident and swapped bytes; the parts add up to it. */
  readonly resident: number;
  readonly parts: Readonly<Record<MemoryPart, number>>;
  /** What V8 told nearest to that time; undefined where it told nothing: then all of `external` is in `malloc beside it`. */
  readonly heap: V8Heap | undefined;
}

const MALLOC = new Set<string | undefined>(['glibc arena', 'glibc mmap', 'jemalloc', 'tcmalloc', 'python arena']);
const IMAGES = new Set(['text', 'rodata', 'data', 'bss', 'lib-text', 'lib-rodata', 'lib-data', 'vdso']);
const STACKS = new Set(['stack', 'thread-stack']);
const MAPPED = new Set(['file', 'shm', 'hugetlb', 'device']);

/** By the last read of the mappings of a process; undefined where none was made. */
export function memoryParts(recording: Recording, process: ProcessRef): MemoryParts | undefined {
  const walk = recording.mappingWalk(process);
  const read = walk && lastRead(walk, undefined, ({ table }) => table.rows > 0);
  if (!read) return undefined;
  const parts = Object.fromEntries(MEMORY_PARTS.map((part) => [part, 0])) as Record<MemoryPart, number>;
  for (const { table, text } of read.parts) {
    for (const { mapping, bytes } of mappingGroups(table, text).values()) parts[memoryPartOf(mapping)] += bytes;
  }
  const heap = heapNear(recording, process, read.timeNs);
  const external = Math.min(heap?.external ?? 0, parts['malloc beside it']);
  parts.external = external;
  parts['malloc beside it'] -= external;
  const resident = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
  return { timeNs: read.timeNs, resident, parts, heap };
}

/** Of what V8 calls external nothing can be known here: it is among `malloc beside it`. */
export function memoryPartOf({ mappingClass, owner }: Omit<MappingKind, 'name'>): MemoryPart {
  if (owner === 'v8 heap' || owner === 'v8 code') return owner;
  if (MALLOC.has(owner)) return 'malloc beside it';
  if (IMAGES.has(mappingClass)) return 'code and data';
  if (STACKS.has(mappingClass)) return 'stacks';
  return MAPPED.has(mappingClass) ? 'files and shared' : 'other';
}

function heapNear(recording: Recording, process: ProcessRef, timeNs: bigint): V8Heap | undefined {
  const key = identityKey(process);
  let nearest: { heap: V8Heap; apartNs: bigint } | undefined;
  for (const { timeNs: atNs, event } of recording.v8()) {
    if (event.type !== 'v8Heap' || identityKey(event) !== key) continue;
    const apartNs = atNs > timeNs ? atNs - timeNs : timeNs - atNs;
    if (!nearest || apartNs < nearest.apartNs) nearest = { heap: event, apartNs };
  }
  return nearest?.heap;
}
