/**
 * Makes libraries to link with that have the names and versions of an older glibc, from the glibc of the compiler: so what
 * is built on a newer Debian runs wherever Node does.
 *
 * The traps: a linker binds a symbol to its newest version, which an old host lacks, so each has only the newest that is
 * old enough. And functions of libpthread moved into libc with 2.34; the versions that they had remain there, and an old
 * host finds them in its libpthread, which Node has loaded.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Puts stubs into the folder. `compiler` is the C compiler of the target. */
export function makeStubLibraries(folder, compiler, newest) {
  mkdirSync(folder, { recursive: true });
  for (const [name, soname] of [
    ['c', 'libc.so.6'],
    ['m', 'libm.so.6'],
    // Empty: nothing is taken from them, but what has moved to libc has to be found on an old host.
    ['pthread', 'libpthread.so.0'],
    ['dl', 'libdl.so.2'],
  ]) {
    const symbols = name === 'pthread' || name === 'dl' ? [] : symbolsOf(fileOf(compiler, soname), newest);
    makeStub(path.join(folder, `lib${name}.so`), compiler, soname, symbols);
  }
}

function fileOf(compiler, name) {
  return execFileSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
}

/** Of every symbol the newest version that is no newer than `newest`. */
function symbolsOf(library, newest) {
  const text = execFileSync('readelf', ['-W', '--dyn-syms', library], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const chosen = new Map();
  const line =
    /^\s*\d+: [0-9a-f]+\s+(\S+)\s+(FUNC|OBJECT|IFUNC|NOTYPE)\s+(?:GLOBAL|WEAK)\s+\S+\s+(\S+) (\w+)@@?GLIBC_([\d.]+)/;
  for (const [, size, type, section, name, version] of text.split('\n').flatMap((row) => [line.exec(row) ?? []])) {
    if (name === undefined || section === 'UND' || section === 'ABS' || compareVersions(version, newest) > 0) continue;
    const before = chosen.get(name);
    if (before && compareVersions(before.version, version) >= 0) continue;
    chosen.set(name, { name, version, size: Number(size), isObject: type === 'OBJECT' });
  }
  return [...chosen.values()];
}

function makeStub(file, compiler, soname, symbols) {
  const assembly = symbols.flatMap(({ name, size, isObject }) =>
    isObject
      ? ['.data', `.globl ${name}`, `.type ${name},%object`, `.size ${name},${size}`, `${name}: .zero ${size}`]
      : ['.text', `.globl ${name}`, `.type ${name},%function`, `${name}: .zero 4`],
  );
  const versions = [...new Set(symbols.map(({ version }) => version))].sort(compareVersions);
  const script = versions.map((version) => {
    const names = symbols.filter((symbol) => symbol.version === version).map(({ name }) => `${name};`);
    return `GLIBC_${version} { global: ${names.join(' ')} };`;
  });
  writeFileSync(`${file}.s`, `${assembly.join('\n')}\n`);
  writeFileSync(`${file}.map`, `${script.join('\n')}\n`);
  const versioned = symbols.length > 0 ? [`-Wl,--version-script=${file}.map`] : [];
  execFileSync(compiler, ['-shared', '-nostdlib', `-Wl,-soname,${soname}`, ...versioned, '-o', file, `${file}.s`]);
}

/** As numbers, part by part. */
export function compareVersions(one, other) {
  const [ours, theirs] = [one, other].map((version) => version.split('.').map(Number));
  for (let part = 0; part < Math.max(ours.length, theirs.length); part++) {
    const difference = (ours[part] ?? 0) - (theirs[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
