/**
 * Writes dist/.npmignore, so that `npm pack` leaves out what no user reaches: most of what tsc makes of the sources lies in bundles as
 * well and is there for the tests and benchmarks of a checkout, and of its declarations those are of use that the entries' refer to.
 *
 * The trap: npm heeds such a file in a folder that `files` of the manifest names, and not beside the manifest.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENTRIES, PROGRAMS, SAMPLERS } from './library-entries.js';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

const modules = [...ENTRIES, ...PROGRAMS, ...SAMPLERS].map((name) => `${name}.js`);
const declarations = new Set();
for (const name of ENTRIES) reach(`${name}.d.ts`);

const kept = ['chunks/*.js', 'cli/*.js', 'page/*.js', ...modules, ...declarations];
const lines = ['*.js', '*.map', '*.cache', '*.d.ts', ...kept.map((name) => `!/${name}`).sort()];
writeFileSync(path.join(dist, '.npmignore'), `${lines.join('\n')}\n`);

function reach(file) {
  if (declarations.has(file)) return;
  declarations.add(file);
  const text = readFileSync(path.join(dist, file), 'utf8');
  for (const [, specifier] of text.matchAll(/\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)\.js['"]/g)) {
    reach(path.join(path.dirname(file), `${specifier}.d.ts`));
  }
}
