/** Where the library is entered: what `exports` of the manifest names, and the programs and the worker that it starts. Paths in dist, without an ending. */
import { readFileSync } from 'node:fs';

const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

export const ENTRIES = Object.values(exports)
  .filter((target) => typeof target === 'object')
  .map((target) => target.default.replace(/^\.\/dist\/|\.js$/g, ''));

/** They have a process or a thread to themselves, and share no class with their host. */
export const SAMPLERS = ['sampler/worker', 'sampler/helper'];
export const PROGRAMS = ['harness/fresh-measure', 'harness/growth-child'];
