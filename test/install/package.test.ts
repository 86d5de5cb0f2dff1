/** The package as npm packs it, and as it works once it is installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nodeBinary } from '../../scripts/node/node-binary.js';
import { NODE_VERSIONS } from '../../scripts/node/node-versions.js';
import { InstalledPackage, isNewer, neededVersions, ROOT } from './packed.js';

const MIB = 2 ** 20;
const PLATFORMS = ['x64', 'arm64'] as const;
const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

let installed: InstalledPackage;
beforeAll(() => {
  installed = new InstalledPackage();
}, 600_000);
afterAll(() => installed?.[Symbol.dispose]());

describe('the tarball', () => {
  it('holds what is used and nothing else', () => {
    const groups = new Set(
      installed.files.map(({ path: file }) => file.replace(/^((?:prebuilds\/|scripts\/)?[^/]+).*/, '$1')),
    );
    expect([...groups].sort()).toEqual(
      [
        ...['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'dist', 'deploy', 'docs', 'native'],
        ...['prebuilds/linux-arm64', 'prebuilds/linux-x64'],
        ...['scripts/build-bpf.js', 'scripts/prebuild', 'scripts/prebuild.js'],
      ].sort(),
    );
    const strange = installed.files.filter(({ path: file }) =>
      /\.(?:map|cache|tide|png|gyp)$|\.test\.(?!yml$)|\.fixture\.|CMake|(?:^|\/)\./.test(file),
    );
    expect(strange.map(({ path: file }) => file)).toEqual([]);
  });

  it('has of dist what is reached, and all of that', () => {
    const shipped = installed.files.map(({ path: file }) => file).filter((file) => /^dist\/.*\.[jt]s$/.test(file));
    const entries = Object.values(manifest.exports).flatMap((target) => Object.values(target as object));
    const tops = [
      ...entries.filter((file) => /^\.\//.test(file)),
      ...shipped.filter((file) => file.startsWith('dist/cli/')),
    ];
    const reached = reachedFrom(
      tops.map((file) => path.normalize(file)),
      (file) => readFileSync(path.join(installed.package, file), 'utf8'),
    );
    // Read, and not loaded.
    expect([...reached, 'dist/page/page.js'].sort()).toEqual(shipped.sort());
  });

  it('runs nothing when it is installed', () => {
    // With binding.gyp beside package.json npm would run node-gyp, whatever the manifest says.
    expect(existsSync(path.join(installed.package, 'binding.gyp'))).toBe(false);
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(manifest.scripts).not.toHaveProperty(script);
  });

  it('has every file that the manifest names', () => {
    const named = [
      ...Object.values(manifest.exports).flatMap((target) => Object.values(target as object)),
      ...Object.values(manifest.bin),
    ];
    const files = new Set(installed.files.map(({ path: file }) => `./${file}`));
    expect(
      named.filter((file) => typeof file === 'string' && file.length > 1 && !files.has(`./${path.normalize(file)}`)),
    ).toEqual([]);
    expect(readdirSync(path.join(installed.package, manifest.directories.man))).toContain('tidemark-record.1');
  });

  it('is small, and so is what it installs', () => {
    expect(installed.tarballBytes).toBeLessThanOrEqual(2.5 * MIB);
    expect(bytesBelow(path.join(installed.project, 'node_modules'))).toBeLessThanOrEqual(25 * MIB);
  });

  it('is clean by publint and by attw', () => {
    const bin = (name: string) => path.join(ROOT, 'node_modules/.bin', name);
    const publint = spawnSync(bin('publint'), [installed.tarball, '--strict'], { encoding: 'utf8' });
    expect({ status: publint.status, output: publint.stdout + publint.stderr }).toMatchObject({ status: 0 });
    const attw = spawnSync(bin('attw'), [installed.tarball, '--profile', 'esm-only', '--no-color'], {
      encoding: 'utf8',
    });
    expect({ status: attw.status, output: attw.stdout + attw.stderr }).toMatchObject({ status: 0 });
  }, 120_000);
});

describe('the prebuilt addons', () => {
  it.each(PLATFORMS)(
    'of %s need nothing newer than Node itself does',
    (arch) => {
      const node = neededVersions(nodeBinary(NODE_VERSIONS[20], arch));
      expect(node.get('GLIBC')).toBe('2.28');
      for (const file of ['tidemark.node', 'tidemark_bpf.node']) {
        const needed = neededVersions(path.join(installed.package, `prebuilds/linux-${arch}`, file));
        expect(needed.size).toBeGreaterThan(0);
        for (const [family, version] of needed) {
          expect({ file, family, version, isNewer: isNewer(version, node.get(family) ?? '0') }).toMatchObject({
            isNewer: false,
          });
        }
      }
    },
    120_000,
  );

  it.each(PLATFORMS)('of %s bring a launcher that needs no libc', (arch) => {
    const launcher = path.join(installed.package, `prebuilds/linux-${arch}/tidemark-launch`);
    expect(execFileSync('readelf', ['-W', '-l', launcher], { encoding: 'utf8' })).not.toContain('INTERP');
  });
});

const MUSL_HOST = `
#include <dlfcn.h>
#include <stdio.h>
int main(int count, char** files) {
  for (int file = 1; file < count; file++) {
    void* library = dlopen(files[file], RTLD_NOW);
    if (!library || !dlsym(library, "napi_register_module_v1")) return printf("%s", dlerror()), 1;
  }
}
`;

describe.runIf(process.arch === 'x64')('where libc is musl', () => {
  it('every symbol that the addons need is there', () => {
    const files = ['tidemark.node', 'tidemark_bpf.node'].map((file) =>
      path.join(installed.package, 'prebuilds/linux-x64', file),
    );
    const symbols = execFileSync('readelf', ['-W', '--dyn-syms', ...files], { encoding: 'utf8' });
    const ofNode = new Set(Array.from(symbols.matchAll(/ UND (napi_\w+)/g), ([, name]) => name));
    expect(ofNode.size).toBeGreaterThan(20);
    const source = path.join(installed.folder, 'host.c');
    // In the place of Node, of which there is no such build to be had.
    writeFileSync(source, [...ofNode].map((name) => `int ${name}(void) { return 1; }\n`).join('') + MUSL_HOST);
    execFileSync('musl-gcc', ['-rdynamic', source, '-o', `${source}.out`]);
    expect(spawnSync(`${source}.out`, files, { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' });
  });
});

const READ_BY_IMPORT = `
  import { readSmapsRollup, startRecording } from 'tidemark';
  const recorder = await startRecording({ target: 'self', hz: 50 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const [{ values }] = recorder.now().processes;
  console.log(JSON.stringify({ rss: values.rss, status: readSmapsRollup(process.pid).status }));
  await recorder.stop();`;
const READ_BY_REQUIRE = `
  const { readSmapsRollup } = require('tidemark');
  console.log(JSON.stringify({ status: readSmapsRollup(process.pid).status }));`;

describe.each(Object.values(NODE_VERSIONS))('on Node %s', (version) => {
  it('works natively, imported, required and as a command', () => {
    const binary = [nodeBinary(version, process.arch)];
    const imported = installed.node(['--input-type=module', '-e', READ_BY_IMPORT], binary);
    expect(imported).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(imported.stdout)).toMatchObject({ status: 'ok', rss: expect.any(Number) });

    const required = installed.node(['--no-warnings', '-e', READ_BY_REQUIRE], binary);
    expect(required).toMatchObject({ status: 0, stderr: '', stdout: '{"status":"ok"}\n' });

    const { stdout, stderr, status } = installed.tidemark(['doctor', '--json'], binary);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { node, engine } = JSON.parse(stdout);
    expect({ node, addon: engine.addon }).toEqual({
      node: `v${version}`,
      addon: { path: path.join(installed.package, `prebuilds/linux-${process.arch}/tidemark.node`) },
    });
    expect(installed.tidemark(['ps', '--engine', 'native', '-p', String(process.pid)], binary)).toMatchObject({
      status: 0,
    });
    const file = path.join(installed.folder, `${version}.tide`);
    const words = ['record', '--for', '200ms', '--hz', '10', '-p', String(process.pid), '-o', file];
    const record = installed.tidemark(words, binary);
    expect(record.status).toBe(0);
    // Whatever Node had to complain of would stand among these.
    expect(record.stderr.replace(/^(?:record(?:ing|ed) |next: | {6}tidemark ).*\n/gm, '')).toBe('');
    const run = installed.tidemark(['run', '-q', '--', process.execPath, '-p', '6 * 7'], binary);
    expect(run).toMatchObject({ status: 0, stdout: '42\n', stderr: '' });
  }, 180_000);
});

describe('on arm64, emulated', () => {
  const emulated = () => [
    '/usr/bin/qemu-aarch64-static',
    '-L',
    '/usr/aarch64-linux-gnu',
    nodeBinary(NODE_VERSIONS[22], 'arm64'),
  ];
  const addon = () => path.join(installed.package, 'prebuilds/linux-arm64/tidemark.node');

  it('reads what TypeScript reads: captured text, for pages of 4, 16 and 64 KiB, and live processes', async () => {
    const program = path.join(installed.package, 'twins.js');
    const entryPoints = [path.join(ROOT, 'test/install/arm64-twins.js')];
    await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm' });
    const { stdout, stderr, status } = installed.node([program, path.join(ROOT, 'test/fixtures/procfs')], emulated());
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { arch, addon: file, compared, differences } = JSON.parse(stdout);
    expect({ arch, file, differences }).toEqual({ arch: 'arm64', file: addon(), differences: [] });
    expect(compared).toBeGreaterThan(300);
  }, 180_000);

  it('records, natively, and reads it back', () => {
    const file = path.join(installed.folder, 'arm64.tide');
    const words = ['record', '--for', '2s', '--hz', '10', '-p', String(process.pid), '--engine', 'native', '-o', file];
    expect(installed.tidemark(words, emulated())).toMatchObject({ status: 0 });
    // On the processor that it was not recorded on.
    const { stdout, status } = installed.tidemark(['export', file, '--format', 'jsonl', '--metric', 'rss']);
    expect(status).toBe(0);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) expect(row.rss).toBeGreaterThan(1_000_000);
  }, 180_000);
});

describe('without an addon that fits', () => {
  const prebuilds = () => path.join(installed.package, 'prebuilds');
  beforeEach(() => cpSync(prebuilds(), `${prebuilds()}.kept`, { recursive: true }));
  afterEach(() => {
    rmSync(prebuilds(), { recursive: true, force: true });
    cpSync(`${prebuilds()}.kept`, prebuilds(), { recursive: true });
    rmSync(`${prebuilds()}.kept`, { recursive: true });
  });

  it.each([
    ['removed', () => rmSync(prebuilds(), { recursive: true }), 'not built for linux-'],
    ['cut short', () => truncateSync(addon(), 100_000), 'cut short'],
    ['replaced by rubbish', () => writeFileSync(addon(), 'rubbish'.repeat(1000)), 'no ELF file'],
    [
      'of another processor',
      () => cpSync(path.join(prebuilds(), otherFolder()), path.join(prebuilds(), ownFolder()), { recursive: true }),
      'it is for machine',
    ],
  ])('%s: TypeScript reads, one warning says so, and doctor says why and what to do', (_what, damage, why) => {
    damage();
    const imported = installed.node(['--input-type=module', '-e', READ_BY_IMPORT]);
    expect(imported.status).toBe(0);
    expect(JSON.parse(imported.stdout)).toMatchObject({ status: 'ok', rss: expect.any(Number) });
    expect(imported.stderr.match(/TIDEMARK_NO_ADDON/g)).toHaveLength(1);

    const ps = installed.tidemark(['ps', '-o', 'rss=', '-p', String(process.pid)]);
    expect(ps.status).toBe(0);
    expect(Number(ps.stdout)).toBeGreaterThan(1000);
    expect(ps.stderr.match(/TIDEMARK_NO_ADDON/g)).toHaveLength(1);

    const { engine } = JSON.parse(installed.tidemark(['doctor', '--json']).stdout);
    expect(engine.addon.missing).toContain(why);
    expect(engine.addon.missing).toContain(`node ${installed.package}/scripts/prebuild.js here`);
  });

  it('can be built as doctor says, with a compiler', () => {
    rmSync(prebuilds(), { recursive: true });
    for (const name of ['node-addon-api', 'node-api-headers']) {
      symlinkSync(path.join(ROOT, 'node_modules', name), path.join(installed.project, 'node_modules', name));
    }
    execFileSync('nice', [process.execPath, path.join(installed.package, 'scripts/prebuild.js'), 'here'], {
      stdio: 'pipe',
      // Sooner done.
      env: { ...process.env, CXXFLAGS: '-O0' },
    });
    const { engine } = JSON.parse(installed.tidemark(['doctor', '--json']).stdout);
    expect(engine.addon).toEqual({ path: addon() });
    expect(installed.tidemark(['ps', '--engine', 'native', '-p', '1'])).toMatchObject({ status: 0, stderr: '' });
  }, 300_000);

  const ownFolder = () => `linux-${process.arch}`;
  const otherFolder = () => `linux-${process.arch === 'x64' ? 'arm64' : 'x64'}`;
  const addon = () => path.join(prebuilds(), ownFolder(), 'tidemark.node');
});

/** The files that these import, refer to or start, and what those do. */
function reachedFrom(files: readonly string[], read: (file: string) => string): Set<string> {
  const reached = new Set(files);
  for (const file of reached) {
    // Lines end within strings, too.
    const text = read(file).replaceAll('\\\n', '');
    const imported = Array.from(text.matchAll(/\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g), ([, name]) => name!);
    // A worker, or a program: beside a module that lies in a bundle.
    const started = Array.from(
      text.matchAll(/new URL\("(\.\/[\w-]+\.js)",\s*new URL\("([^"]+)"/g),
      ([, name, beside]) => path.join(path.dirname(beside!), name!),
    );
    for (const name of [...imported, ...started]) {
      const target = path.join(path.dirname(file), name);
      reached.add(file.endsWith('.d.ts') ? target.replace(/\.js$/, '.d.ts') : target);
    }
  }
  return reached;
}

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + readFileSync(path.join(parentPath, name)).length, 0);
}
