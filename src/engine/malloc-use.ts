/**
 * What malloc of this process says of itself, which tells a leak from free memory that it keeps.
 *
 * The trap: only the C library knows, and only glibc from 2.33 on tells; an allocator that is loaded in its place gives out memory that
 * it does not count.
 */
import { nativeBinding } from './native-binding.js';

/** Bytes. */
export interface MallocUse {
  /** Given out and not freed, large blocks that are mapped one by one among it. */
  readonly inUse: number;
  /** Freed and kept: holes between blocks, and the ends of arenas. */
  readonly free: number;
}

/** What is larger is mapped by itself. By its own rule glibc takes what was freed for a reason to keep more of the kind. */
const MAPPED_BYTES = 64 * 1024;
const out = new Float64Array(3);

/** Or why it is not known. Walks all free blocks: for marks, not for ticks. */
export function readMallocUse(): MallocUse | { readonly reason: string } {
  const binding = nativeBinding();
  if (binding.state !== 'loaded') return { reason: 'the addon is not there' };
  if (!binding.addon.mallocUse(out)) return { reason: 'the C library has no mallinfo2 (glibc 2.33 and later)' };
  return { inUse: out[0]! + out[2]!, free: out[1]! };
}

/**
 * Lets malloc give back what is freed, from now on and for the whole process: for processes of our own. Returns whether the C
 * library can be told so.
 */
export function keepLittle(): boolean {
  const binding = nativeBinding();
  return binding.state === 'loaded' && binding.addon.mallocLess(MAPPED_BYTES);
}
