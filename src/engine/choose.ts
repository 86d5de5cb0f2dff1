/**
 * Which engine works here, and why.
 *
 * The trap: an engine chosen in silence makes two recordings incomparable, so the choice always carries its reason, which
 * is shown and stored.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Engine, EngineName, EngineOptions } from './engine.js';
import { nativeBinding } from './native-binding.js';
import { NativeEngine } from './native-engine.js';
import { TypeScriptEngine } from './typescript-engine.js';

export const ENGINE_CHOICES = ['auto', 'native', 'ts'] as const;
export type EngineChoice = (typeof ENGINE_CHOICES)[number];

export interface ChosenEngine {
  readonly name: EngineName;
  readonly reason: string;
}

/** Thrown when the engine that was asked for cannot work here. */
export class EngineUnavailableError extends Error {
  readonly code = 'engine-unavailable';
}

/** The engine that `openEngine` would use. Throws `EngineUnavailableError` when `native` is asked for and absent. */
export function chooseEngine(choice: EngineChoice): ChosenEngine {
  if (choice === 'ts') return { name: 'ts', reason: 'asked for' };
  const binding = nativeBinding();
  if (binding.state === 'loaded') {
    return { name: 'native', reason: choice === 'native' ? 'asked for' : `the addon loads (${binding.path})` };
  }
  if (choice === 'native') throw new EngineUnavailableError(`The native engine cannot be used: ${binding.reason}`);
  return { name: 'ts', reason: `the addon is not there: ${binding.reason}` };
}

/** Opens the engine of that name. Throws when the procfs tree cannot be read, or the addon is not there. */
export function openEngine(name: EngineName, options: EngineOptions): Engine {
  if (name === 'ts') return new TypeScriptEngine(options);
  const binding = nativeBinding();
  if (binding.state !== 'loaded') throw new EngineUnavailableError(binding.reason);
  return new NativeEngine(binding, options);
}

/** Descriptors that are always left to the program we run in, however few there are. */
const RESERVED_DESCRIPTORS = 48;

/** How many descriptors may be kept: half of those that this process may still open, and never the last ones. */
export function descriptorRoom(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  const limit = soft === undefined || soft === 'unlimited' ? 1 << 20 : Number(soft);
  const free = limit - readdirSync('/proc/self/fd').length - RESERVED_DESCRIPTORS;
  return Math.max(0, Math.floor(free / 2));
}
