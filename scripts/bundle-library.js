/**
 * Puts what the library's entries load, `import 'tidemark'` and each of its subpaths, into a few files: the entries themselves, in
 * the place of what tsc made of them, and dist/chunks. Node takes most of a millisecond for each module that it finds, reads and
 * links, and there are more than a hundred.
 *
 * The traps: what is imported lazily must share its classes with what was loaded at once, hence one build with chunks for all entries. And
 * what looks for files beside itself, such as a worker, must find them where they are: `import.meta.url` becomes the place of the
 * module that it stood in.
 */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { modulePlaces } from './module-places.js';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
/** Where they were before: they lie in chunks or in an entry, one folder below dist either way. */
const places = modulePlaces(
  /\/dist\/.*\.js$/,
  'js',
  (file) => `new URL(${JSON.stringify(`../${path.relative(dist, file)}`)}, import.meta.url).href`,
);
const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

rmSync(path.join(dist, 'chunks'), { recursive: true, force: true });
await bundle(
  Object.values(exports)
    .filter((target) => typeof target === 'object')
    .map((target) => path.join(dist, '..', target.default)),
  'chunks/[name]-[hash]',
);
// The thread and the process that sample share no class with their host. Node opens all the modules of a program at once, which a host that
// may open 64 files cannot.
await bundle(
  ['worker', 'helper'].map((name) => path.join(dist, 'sampler', `${name}.js`)),
  'chunks/sampler-[hash]',
);

async function bundle(entryPoints, chunkNames) {
  await build({
    entryPoints,
    outdir: dist,
    outbase: dist,
    allowOverwrite: true,
    bundle: true,
    splitting: true,
    chunkNames,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    packages: 'external',
    plugins: [places],
    logLevel: 'warning',
    minifyWhitespace: true,
    lineLimit: 160,
  });
}
