/**
 * The growth of a module's default export, measured in a process of its own: nothing of the caller's is in it.
 *
 * The trap: whatever goes wrong over there must come back as an error here, also when that process ends without a word.
 */
import { fork } from 'node:child_process';
import type { Growth } from './growth.js';
import type { GrowthOptions } from './measure-growth.js';

export type ModuleAnswer = { readonly growth: Growth } | { readonly error: string };

export function moduleGrowth(module: URL, options: GrowthOptions): Promise<Growth> {
  const child = fork(new URL('./growth-child.js', import.meta.url), [module.href], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    child.once('message', (answer) => {
      const told = answer as ModuleAnswer;
      if ('growth' in told) resolve(told.growth);
      else reject(new Error(`Cannot measure ${module.href}: ${told.error}`));
    });
    child.once('error', reject);
    child.once('close', (code, signal) =>
      reject(new Error(`Cannot measure ${module.href}: its process ended (${signal ?? `code ${code}`})`)),
    );
    child.send(options, () => {});
  });
}
