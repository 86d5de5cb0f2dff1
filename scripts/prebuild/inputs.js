/** What prebuilt addons are made from: sources, headers and the script itself, and one hash of all of it. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);
const LISTS = { tidemark: 'sources.txt', tidemark_bpf: 'bpf/sources.txt' };

/** The sources of an addon, from the list that every build reads, below native/. */
export function sourcesOf(addon) {
  return readFileSync(path.join(root, 'native', LISTS[addon]), 'utf8')
    .trim()
    .split('\n');
}

/** The interface of Node, in C and in C++. */
export function headerFolders() {
  try {
    return [require('node-api-headers').include_dir, path.dirname(require.resolve('node-addon-api/package.json'))];
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    throw new Error('The headers are not there: npm install --no-save node-addon-api node-api-headers');
  }
}

/** Changes whenever the result may. */
export function inputsHash(platform) {
  const hash = createHash('sha256').update(JSON.stringify(platform));
  const folders = ['native', 'scripts/prebuild'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes(`${path.sep}build${path.sep}`))
      .map((entry) => path.join(entry.parentPath, entry.name)),
  );
  const versions = headerFolders().map((folder) =>
    path.join(path.basename(folder) === 'include' ? path.dirname(folder) : folder, 'package.json'),
  );
  const scripts = ['prebuild.js', 'build-bpf.js'].map((name) => path.join(root, 'scripts', name));
  for (const file of [...folders.sort(), ...versions, ...scripts]) {
    hash.update(`${path.relative(root, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}
