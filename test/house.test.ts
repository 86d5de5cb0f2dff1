/**
 * Holds the rules of the house that no compiler knows: which room may import which, who touches Node's C++ interface,
 * which files are twins, and what the package ships. The checks are functions over paths and text, so that the first
 * tests can show each going red on a house that breaks it.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const FLOORS: Record<string, number> = {
  cli: 8,
  ...{ report: 7, agent: 7, harness: 7 },
  ...{ views: 6, export: 6, workload: 6, http: 6 },
  ...{ analyze: 5, check: 5 },
  sampler: 4,
  // Below the sampler, which writes recordings: the format that both sides share lies here.
  recording: 3,
  ...{ engine: 2, ring: 2 },
  ...{ procfs: 1, text: 1 },
  schema: 0,
};

const TOKENIZERS = ['maps', 'smaps', 'smaps-rollup', 'stat', 'statm', 'status'];

const MAX_LINES = 350;
/** Files that may be longer, each with its reason. */
const LONG_FILES: string[] = [];

/** What lies at the top. A profile, a core or a recording that was committed by mistake would lie there too. */
const TOP = [
  ...['.ci', 'bench', 'deploy', 'docs', 'native', 'scripts', 'src', 'test'],
  ...['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md'],
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'binding.gyp', 'vitest.config.ts'],
  ...['.clang-format', '.gitignore', 'biome.json'],
];

const CODE = /\.(?:ts|js|mjs|cjs|h|hpp|c|cc|cpp|py|sh|html|css|gypi?)$/;
const NOT_OURS = /^(?:native\/build|test\/fixtures)\//;
const NODE_HEADER = /^[ \t]*#[ \t]*include[ \t]*[<"](?:.*\/)?(?:napi|node_api|js_native_api|node|v8|uv)\.h[>"]/m;
const LOADS_ADDON = /\bcreateRequire\b|\bprocess\.dlopen\b|\.node['"`]/;

// Statements begin a line, since Biome formats the sources. A worker's URL pulls its file in as an import does; a URL
// of anything but code (the addon, the manifest) does not.
const IMPORTS = [
  /^\s*(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\s*\(\s*['"]([^'"]+)['"]/g,
  /\bnew URL\(\s*['"]([^'"]+\.[jt]s)['"]\s*,\s*import\.meta\.url/g,
];

function importsOf(source: string): string[] {
  return IMPORTS.flatMap((pattern) => Array.from(source.matchAll(pattern), (match) => match[1]));
}

function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** `src/text/size.ts` is in `text`, `src/schema.ts` in `schema`, `src/index.ts` in `index`. */
function roomOf(path: string): string {
  return path.split('/')[1].replace(/(?:\.test)?\.[a-z]+$/, '');
}

/** What is wrong with one import, or undefined. `file` is relative to the root, `specifier` as written. */
function brokenImport(file: string, specifier: string): string | undefined {
  const itself = specifier === 'tidemark' || specifier.startsWith('tidemark/');
  if (!itself && !specifier.startsWith('.') && !specifier.startsWith('/')) return undefined;

  const target = itself ? 'src/index.ts' : normalize(join(dirname(file), specifier));
  const wrong = (why: string) => `${file} imports ${specifier}: ${why}`;
  if (!target.startsWith('src/')) return isTest(file) ? undefined : wrong('it is outside src');

  const [from, to] = [roomOf(file), roomOf(target)];
  if (to === 'index') return isTest(file) ? undefined : wrong('index.ts is the face of the library');
  if (from === 'index' || from === to) return undefined;
  for (const room of [from, to]) if (!(room in FLOORS)) return wrong(`${room} has no floor`);
  if (FLOORS[to] === FLOORS[from]) return wrong(`${to} is another room of the same floor`);
  return FLOORS[to] > FLOORS[from] ? wrong(`${to} is above ${from}`) : undefined;
}

/** Files below `folder` with their text, paths relative to the root. A folder that does not exist yet has none. */
function filesOf(folder: string): { path: string; text: string }[] {
  const top = join(ROOT, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && CODE.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !NOT_OURS.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** Every target in `exports` or `bin`, whatever the conditions. */
function targetsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(targetsOf) : [];
}

describe('the import rule can go red', () => {
  it('finds every kind of import', () => {
    const source = [
      "import { a } from './a.js';",
      "import type {\n  B,\n} from './b.js';",
      "export * from './c.js';",
      "import './d.js';",
      "const e = await import('./e.js');",
      "new Worker(new URL('./f.js', import.meta.url));",
      "readFileSync(new URL('../../package.json', import.meta.url));",
      "// import { g } from './g.js';",
    ].join('\n');
    expect(importsOf(source)).toEqual(['./a.js', './b.js', './c.js', './d.js', './e.js', './f.js']);
  });

  it.each([
    ['upward', 'src/text/table.ts', '../ring/block.js'],
    ['upward from the schema', 'src/schema.ts', './text/size.js'],
    ['sideways', 'src/procfs/maps.ts', '../text/size.js'],
    ['upward from a test', 'src/ring/block.test.ts', '../sampler/clock.js'],
    ['the face', 'src/cli/main.ts', '../index.js'],
    ['the face by name', 'src/cli/main.ts', 'tidemark'],
    ['a room without a floor', 'src/cli/main.ts', '../utils/x.js'],
    ['from a room without a floor', 'src/utils/x.ts', '../schema.js'],
    ['out of src', 'src/cli/main.ts', '../../test/fixture.js'],
  ])('refuses %s', (_name, file, specifier) => {
    expect(brokenImport(file, specifier)).toBeDefined();
  });

  it.each([
    ['downward', 'src/cli/main.ts', '../text/size.js'],
    ['the same room', 'src/ring/block.ts', './codec.js'],
    ['the schema', 'src/procfs/maps.ts', '../schema.js'],
    ['a folder of the schema', 'src/procfs/maps.ts', '../schema/metrics.js'],
    ['a package', 'src/cli/main.ts', 'commander'],
    ['anything into the face', 'src/index.ts', './cli/main.js'],
    ['the face into a test', 'src/ring/block.test.ts', '../index.js'],
    ['a fixture into a test', 'src/ring/block.test.ts', '../../test/fixture.js'],
  ])('allows %s', (_name, file, specifier) => {
    expect(brokenImport(file, specifier)).toBeUndefined();
  });
});

describe('rooms', () => {
  const sources = filesOf('src');

  it('are all on a floor', () => {
    const known = new Set([...Object.keys(FLOORS), 'index']);
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.map((file) => file.path).filter((path) => !known.has(roomOf(path)))).toEqual([]);
  });

  it('import downward only', () => {
    const broken = sources.flatMap(({ path, text }) =>
      importsOf(text).flatMap((specifier) => brokenImport(path, specifier) ?? []),
    );
    expect(broken).toEqual([]);
  });

  it('leave loading the addon to one file', () => {
    const loaders = sources.filter(({ path, text }) => !isTest(path) && LOADS_ADDON.test(text)).map(({ path }) => path);
    expect(loaders.filter((path) => path !== 'src/engine/native-binding.ts')).toEqual([]);
  });
});

describe('native', () => {
  it('knows Node only in addon/', () => {
    expect(NODE_HEADER.test('#include <napi.h>')).toBe(true);
    const files = filesOf('native').filter(({ text }) => NODE_HEADER.test(text));
    expect(files.map(({ path }) => path).filter((path) => !path.startsWith('native/addon/'))).toEqual([]);
  });

  it.each(TOKENIZERS)('%s has a tokenizer and its twin', (name) => {
    const twin = `native/procfs/${name.replaceAll('-', '_')}`;
    expect(existsSync(join(ROOT, `src/procfs/${name}.ts`)), `src/procfs/${name}.ts`).toBe(true);
    expect(
      ['.h', '.cc'].filter((suffix) => existsSync(join(ROOT, twin + suffix))),
      twin,
    ).not.toEqual([]);
  });
});

/** The first part of the path of each file that is kept: those that git knows, since anything may lie beside them. */
function keptAtTop(): string[] {
  // Whoever owns the checkout: git is only asked for names.
  const files = execFileSync('git', ['-c', 'safe.directory=*', '-C', ROOT, 'ls-files', '-z', '--cached'], {
    encoding: 'utf8',
  });
  return [...new Set(files.split('\0').map((path) => path.split('/')[0]))].filter((name) => name !== '');
}

describe('files', () => {
  it('lie in a room, but for the few that belong at the top', () => {
    expect(keptAtTop().sort()).toEqual([...TOP].sort());
  });

  it(`have at most ${MAX_LINES} lines`, () => {
    const long = ['src', 'native', 'bench', 'test']
      .flatMap(filesOf)
      .filter(({ path, text }) => text.trimEnd().split('\n').length > MAX_LINES && !LONG_FILES.includes(path));
    expect(long.map(({ path }) => path)).toEqual([]);
  });
});

describe('the manifest', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

  it('says what the package is', () => {
    expect(manifest).toMatchObject({ name: 'tidemark', type: 'module', engines: { node: '>=20.19' } });
  });

  it('has npm build nothing on install', () => {
    expect(manifest.gypfile).toBe(false);
    expect(manifest.files).not.toContain('binding.gyp');
    for (const script of ['preinstall', 'install', 'postinstall']) expect(manifest.scripts).not.toHaveProperty(script);
  });

  it('points only at what is built', () => {
    const targets = targetsOf([manifest.exports, manifest.bin]).filter((target) => target !== './package.json');
    expect(targets).not.toEqual([]);
    expect(targets.filter((target) => !/^(?:\.\/)?dist\//.test(target))).toEqual([]);
  });
});
