/**
 * Puts what the library's entries load, `import 'tidemark'` and each of its subpaths, into a few files: the entries themselves, in
 * the place of what tsc made of them, and dist/chunks. Node takes most of a millisecond for each module that it finds, reads and
 * links, and there are more than a hundred.
 *
 * The traps: what is imported lazily must share its classes with what was loaded at once, hence one build for all entries. What is loaded
 * at once would be cut into as many chunks as there are sets of entries that share something: so it is told to be one. And what looks
 * for files beside itself, such as a worker, must find them where they are: `import.meta.url` becomes the place of the
 * module that it stood in.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { rollup } from 'rollup';
import { ENTRIES, PROGRAMS, SAMPLERS } from './library-entries.js';
import { lightBuiltins } from './light-builtins.js';
import { modulePlaces, placedSource } from './module-places.js';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const fileOf = (name) => path.join(dist, `${name}.js`);
/** Where they were before: they lie in chunks or in an entry, one folder below dist either way. */
const placeOf = (file) => `new URL(${JSON.stringify(`../${path.relative(dist, file)}`)}, import.meta.url).href`;
const OUTPUT = { target: 'node20.19', minifyWhitespace: true, lineLimit: 160 };

/** Each is all that this module loads at once, without what those before it have. */
const CHUNKS = { core: fileOf('index'), recorder: fileOf('harness/measuring-recorder') };

const BUILTINS = {
  there: ['node:buffer', 'node:fs', 'node:path', 'node:url', 'node:util'],
  late: ['node:crypto', 'node:zlib'],
};

rmSync(path.join(dist, 'chunks'), { recursive: true, force: true });
const library = await rollup({
  input: Object.fromEntries([...ENTRIES, ...PROGRAMS].map((name) => [name, fileOf(name)])),
  external: (name) => !/^[./\0]/.test(name) && !Object.values(BUILTINS).flat().includes(name),
  // What is not used of a module of Node's is not even looked at.
  treeshake: { propertyReadSideEffects: false },
  plugins: [lightBuiltins(BUILTINS), { name: 'module-places', load: (file) => placedSource(file, placeOf) }],
  onLog(_level, { code, message }) {
    // What tsc puts before `using`, asks for it.
    if (code !== 'THIS_IS_UNDEFINED') throw new Error(message);
  },
});
await library.write({
  dir: dist,
  format: 'es',
  chunkFileNames: 'chunks/[name]-[hash].js',
  manualChunks: chunkOf(),
  generatedCode: 'es2015',
  hoistTransitiveImports: false,
  // Not chunk by chunk as they come: names that hold a hash to be might be broken over two lines.
  plugins: [{ name: 'without-space', generateBundle: (_options, files) => withoutSpace(Object.values(files)) }],
});
await library.close();

// Node opens all the modules of a program at once, which a host that may open 64 files cannot.
await build({
  entryPoints: SAMPLERS.map(fileOf),
  outdir: dist,
  outbase: dist,
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/sampler-[hash]',
  platform: 'node',
  format: 'esm',
  packages: 'external',
  plugins: [modulePlaces(/\/dist\/.*\.js$/, 'js', placeOf)],
  logLevel: 'warning',
  ...OUTPUT,
});

function chunkOf() {
  let chunks;
  return (file, { getModuleInfo }) => {
    chunks ??= Object.entries(CHUNKS).map(([name, top]) => ({ name, files: loadedWith(top, getModuleInfo) }));
    return chunks.find(({ files }) => files.has(file))?.name;
  };
}

function loadedWith(file, getModuleInfo, found = new Set()) {
  for (const imported of getModuleInfo(file).importedIds) {
    if (found.has(imported) || getModuleInfo(imported).isExternal) continue;
    found.add(imported);
    loadedWith(imported, getModuleInfo, found);
  }
  return found.add(file);
}

async function withoutSpace(chunks) {
  for (const chunk of chunks) chunk.code = (await transform(chunk.code, { format: 'esm', ...OUTPUT })).code;
}
