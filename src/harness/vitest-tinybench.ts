/**
 * The tinybench that vitest itself brings along, of whatever version: ours is nobody's dependency.
 *
 * The trap: package managers need not put it where this file could find it, so it is looked for beside vitest and within.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { TinybenchTask } from './tinybench.js';

interface TinybenchModule {
  readonly Bench: new (
    options: object,
  ) => {
    readonly tasks: readonly TinybenchTask[];
    add(name: string, fn: () => unknown, options?: object): unknown;
    run(): Promise<unknown>;
  };
}

const PLACES = ['node_modules/tinybench/', '../tinybench/'];

export async function importTinybench(): Promise<TinybenchModule> {
  const vitest = import.meta.resolve('vitest/package.json');
  for (const place of PLACES) {
    const folder = new URL(place, vitest);
    const manifest = new URL('package.json', folder);
    if (!existsSync(manifest)) continue;
    const { module, main } = JSON.parse(readFileSync(manifest, 'utf8')) as { module?: string; main: string };
    return (await import(new URL(module ?? main, folder).href)) as TinybenchModule;
  }
  // What cannot be found there may be found here; or else this says what is missing.
  return (await import('tinybench')) as unknown as TinybenchModule;
}
