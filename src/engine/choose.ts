/**
 * Which engine works here, and why.
 *
 * The trap: an engine chosen in silence makes two recordings incomparable, so the choice always carries its reason, which
 * is shown and stored. The engines themselves are not loaded here: a command that reads texts needs none of them.
 */
import type { EngineName, TextEngineName } from './engine.js';
import { nativeBinding } from './native-binding.js';

export const ENGINE_CHOICES = ['auto', 'native', 'ts'] as const;
export type EngineChoice = (typeof ENGINE_CHOICES)[number];

export interface ChosenEngine<Name extends EngineName = EngineName> {
  readonly name: Name;
  readonly reason: string;
}

/** Thrown when the engine that was asked for cannot work here. */
export class EngineUnavailableError extends Error {
  readonly code = 'engine-unavailable';
}

/** The engine that is used for this choice. Throws `EngineUnavailableError` when `native` is asked for and absent. */
export function chooseEngine(choice: EngineChoice): ChosenEngine<TextEngineName> {
  if (choice === 'ts') return { name: 'ts', reason: 'asked for' };
  const binding = nativeBinding();
  if (binding.state === 'loaded') {
    return { name: 'native', reason: choice === 'native' ? 'asked for' : `the addon loads (${binding.path})` };
  }
  if (choice === 'native') throw new EngineUnavailableError(`The native engine cannot be used: ${binding.reason}`);
  warnWithoutAddon();
  return { name: 'ts', reason: `the addon is not there: ${binding.reason}` };
}

let hasWarned = false;

/** Whoever did not ask for the slower engine is told, once per thread, as Node tells of what works and is not right. */
export function warnWithoutAddon(): void {
  const binding = nativeBinding();
  if (binding.state === 'loaded' || hasWarned) return;
  hasWarned = true;
  process.emitWarning(`The addon cannot be used, so TypeScript does its work, more slowly: ${binding.reason}`, {
    type: 'TidemarkWarning',
    code: 'TIDEMARK_NO_ADDON',
  });
}
