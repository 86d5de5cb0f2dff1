/**
 * Builds the addons and the launcher into prebuilds/linux-ARCH: `node scripts/prebuild.js` for every platform that the
 * package brings along, with Debian's g++, g++-aarch64-linux-gnu, musl-dev of both processors (after
 * `dpkg --add-architecture arm64`), clang, bpftool and libbpf-dev, and `node scripts/prebuild.js here` for this host alone, with
 * whatever C++ compiler it has. Nothing is done when nothing has changed since.
 *
 * The traps: what is linked on this host must load wherever Node does, so libstdc++ and libgcc are linked in and glibc is
 * that of stub libraries; see prebuild/stub-libraries.js. And an addon without its engine for the kernel works, so a build
 * that left it out would not be noticed: for the package it is an error.
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { headerFolders, inputsHash, sourcesOf } from './prebuild/inputs.js';
import { makeStubLibraries } from './prebuild/stub-libraries.js';

/** What the binaries of Node 20 to 24 need at least; a test compares. */
const OLDEST_GLIBC = '2.28';
const PORTABLE = [
  // What is linked statically is a fifth as large with musl.
  { arch: 'x64', ...toolsOf('x86_64'), isPortable: true },
  { arch: 'arm64', ...toolsOf('aarch64'), isPortable: true },
];
const HERE = { arch: process.arch, cc: 'cc', cxx: 'c++', isPortable: false };

const root = fileURLToPath(new URL('..', import.meta.url));
const execute = promisify(execFile);

const [word] = process.argv.slice(2);
if (word !== undefined && word !== 'here') throw new Error(`Expected "here" or nothing, got "${word}"`);
// Together, since a compiler uses one core.
await Promise.all((word === 'here' ? [HERE] : PORTABLE).map(prebuild));

/** As Debian names them. */
function toolsOf(processor) {
  const [cc, cxx] = ['gcc', 'g++'].map((compiler) => `${processor}-linux-gnu-${compiler}`);
  return { cc, cxx, staticCc: `${processor}-linux-musl-gcc` };
}

async function prebuild(platform) {
  const out = path.join(root, 'prebuilds', `linux-${platform.arch}`);
  const stamp = path.join(root, 'prebuilds', `.${platform.arch}${platform.isPortable ? '' : '-here'}`);
  const hash = inputsHash(platform);
  if (existsSync(stamp) && existsSync(out) && readFileSync(stamp, 'utf8') === hash) return;
  const scratch = mkdtempSync(path.join(tmpdir(), 'tidemark-prebuild-'));
  try {
    const files = await build(platform, scratch);
    rmSync(path.join(root, 'prebuilds', `.${platform.arch}`), { force: true });
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    for (const file of files) cpSync(path.join(scratch, file), path.join(out, file));
    writeFileSync(stamp, hash);
    console.log(`${path.relative(process.cwd(), out)}: ${files.join(', ')}`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Returns what it has built. */
async function build(platform, scratch) {
  const { arch, cc, cxx, staticCc = cc, isPortable } = platform;
  const stubs = path.join(scratch, 'stubs');
  if (isPortable) makeStubLibraries(stubs, cc, OLDEST_GLIBC);
  const newer = isPortable ? [await compile(platform, 'portable/newer-glibc.c', scratch)] : [];
  const addons = ['tidemark'];
  if (await buildSkeletons(path.join(scratch, 'bpf'), arch, isPortable)) addons.push('tidemark_bpf');
  for (const name of addons) {
    const objects = await compileAll(platform, sourcesOf(name), scratch);
    const portable = isPortable
      ? // They are loaded with every Node; what is taken from libc lies in them on an old host.
        [`-L${stubs}`, ...newer, '-Wl,--no-as-needed', '-lpthread', '-ldl', '-Wl,--as-needed', '-l:libc_nonshared.a']
      : [];
    await run(cxx, [
      ...['-shared', '-static-libstdc++', '-static-libgcc', '-s'],
      ...['-Wl,-z,nodelete', '-Wl,--gc-sections', '-Wl,--exclude-libs,ALL', '-Wl,-z,relro', '-Wl,-z,now'],
      ...[...objects, ...portable, '-o', path.join(scratch, `${name}.node`)],
    ]);
  }
  const launcher = [path.join(root, 'native/launch/launch.c'), '-o', path.join(scratch, 'tidemark-launch')];
  await run(staticCc, ['-O2', '-static', '-s', ...launcher]);
  return [...addons.map((name) => `${name}.node`), 'tidemark-launch'];
}

/** Whether there is an engine for the kernel to build: on a foreign host without its tools there is none. */
async function buildSkeletons(folder, arch, isNeeded) {
  try {
    await run(process.execPath, [path.join(root, 'scripts/build-bpf.js'), folder, arch]);
    return true;
  } catch (error) {
    if (isNeeded) throw error;
    console.error(
      `The engine bpf is not built: ${error.stderr
        .trim()
        .split('\n')
        .findLast((line) => line.startsWith('Error'))}`,
    );
    return false;
  }
}

/** In turn on each core; returns the objects in the order of their sources. */
async function compileAll(platform, sources, scratch) {
  const objects = [];
  const left = sources.entries();
  const work = async () => {
    for (const [index, source] of left) objects[index] = await compile(platform, source, scratch);
  };
  await Promise.all(Array.from({ length: platform.isPortable ? 1 : availableParallelism() }, work));
  return objects;
}

/** With the flags of binding.gyp; returns the object. */
async function compile({ cc, cxx, isPortable }, source, scratch) {
  const object = path.join(scratch, `${source.replaceAll('/', '-')}.o`);
  const isC = source.endsWith('.c');
  const defines = ['NAPI_VERSION=8', 'NODE_ADDON_API_DISABLE_DEPRECATED', 'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS'];
  await run(isC ? cc : cxx, [
    ...['-O2', '-fPIC', '-fvisibility=hidden', '-ffunction-sections', '-fdata-sections', '-Wall', '-Wextra'],
    ...(isC ? [] : ['-std=c++17', '-fno-exceptions', '-fno-rtti']),
    // What whoever builds for this host wants besides, as every build takes it.
    ...(isPortable ? [] : (process.env.CXXFLAGS ?? '').split(' ').filter(Boolean)),
    ...[...defines, 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'].map((name) => `-D${name}`),
    // The same bytes from every folder.
    ...[`-ffile-prefix-map=${root}=`, `-ffile-prefix-map=${scratch}=`],
    ...headerFolders().flatMap((folder) => ['-isystem', folder]),
    `-I${path.join(scratch, 'bpf')}`,
    ...['-c', path.join(root, 'native', source), '-o', object],
  ]);
  return object;
}

async function run(program, words) {
  const { stderr } = await execute(program, words);
  if (stderr) process.stderr.write(stderr);
}
