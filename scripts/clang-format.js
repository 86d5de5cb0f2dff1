/**
 * Formats native/ and test/fuzz/native with the clang-format of the PATH; `--check` changes nothing and fails on any difference.
 * Without clang-format, formatting is skipped with a sentence, but a check that could not be made has failed.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');

const files = sources();
// Given no file, clang-format would wait for its standard input.
if (files.length > 0) process.exitCode = format(files);

function sources() {
  return ['native', 'test/fuzz/native'].flatMap((folder) => sourcesIn(join(root, folder)));
}

function sourcesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:h|c|cc|cpp)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith('native/build/'))
    .sort();
}

function format(paths) {
  const mode = check ? ['--dry-run', '-Werror'] : ['-i'];
  const result = spawnSync('clang-format', [...mode, ...paths], { cwd: root, stdio: 'inherit' });
  if (result.error?.code === 'ENOENT') {
    const outcome = check ? 'the native sources could not be checked' : 'the native sources are left as they are';
    console.error(`clang-format is not on the PATH, so ${outcome}. On Debian: apt-get install clang-format`);
    return check ? 1 : 0;
  }
  if (result.error) throw result.error;
  return result.status ?? 1;
}
