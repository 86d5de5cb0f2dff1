/**
 * Opens the engine that was chosen, and says how many descriptors it may keep.
 *
 * The trap: an engine that takes the last descriptors breaks the program that it runs in.
 */
import { bpfBinding } from './bpf-binding.js';
import { BpfEngine, type BpfEngineOptions } from './bpf-engine.js';
import { EngineUnavailableError } from './choose.js';
import { readDescriptors } from './descriptors.js';
import type { Engine, EngineName } from './engine.js';
import { nativeBinding } from './native-binding.js';
import { NativeEngine } from './native-engine.js';
import { TypeScriptEngine } from './typescript-engine.js';

/** Opens the engine of that name. Throws when the procfs tree cannot be read, or the addon is not there. */
export function openEngine(name: EngineName, options: BpfEngineOptions): Engine {
  if (name === 'ts') return new TypeScriptEngine(options);
  if (name === 'bpf') return openBpfEngine(options);
  const binding = nativeBinding();
  if (binding.state !== 'loaded') throw new EngineUnavailableError(binding.reason);
  return new NativeEngine(binding, options);
}

/** The deep reads of the engine in the kernel are another's, which keeps nothing open between them. */
function openBpfEngine(options: BpfEngineOptions): Engine {
  const binding = bpfBinding();
  if (binding.state !== 'loaded') throw new EngineUnavailableError(binding.reason);
  const inner = openEngine(nativeBinding().state === 'loaded' ? 'native' : 'ts', { ...options, maxKept: 0 });
  try {
    return new BpfEngine(binding, options, inner);
  } catch (error) {
    inner.close();
    throw error;
  }
}

/** Descriptors that are always left to the program we run in, however few there are. */
const RESERVED_DESCRIPTORS = 48;

/** Where there is no limit. */
const MOST_DESCRIPTORS = 1 << 20;

/**
 * How many descriptors may be kept: half of those that this process may still open, and never the last ones; none where
 * that cannot be told. `self`: the folder of this process in procfs.
 */
export function descriptorRoom(self = '/proc/self'): number {
  const known = readDescriptors(self);
  if (!known) return 0;
  // One more: that by which they were counted.
  const free = Math.min(known.limit, MOST_DESCRIPTORS) - (known.open + 1) - RESERVED_DESCRIPTORS;
  return Math.max(0, Math.floor(free / 2));
}
