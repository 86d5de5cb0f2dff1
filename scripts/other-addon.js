/**
 * Tests on an addon that was built another way, with sanitizers or with counters.
 *
 * The trap: an addon that is loaded by a variable of the environment would be a way into every program with Tidemark in it.
 * So the tests run in a copy of the tree, whose build/Release holds that addon.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Builds the addons into `place`/native by cmake-js with these definitions. Throws when that fails. */
export function buildAddons(place, definitions) {
  const headers = path.dirname(path.dirname(process.execPath));
  const options = Object.entries(definitions).map(([name, value]) => `--CD${name}=${value}`);
  const words = ['cmake-js', 'build', '-d', 'native', '-O', path.join(place, 'native'), ...options];
  const env = { ...process.env, npm_config_nodedir: headers };
  const { status } = spawnSync('npx', words, { cwd: ROOT, stdio: 'inherit', env });
  if (status !== 0) throw new Error(`npx ${words.join(' ')} ended with ${status}`);
}

/** Where the copy of the tree is that the tests of `place` run in; it stays when they are over. */
export const treeOf = (place) => path.join(place, 'tree');

/** Runs vitest with these words in a copy of the tree with the addons of `place`. Returns its exit code. */
export function testWithAddons(place, words, env) {
  const tree = treeOf(place);
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const file of listed.toString().split('\0').filter(Boolean))
    cpSync(path.join(ROOT, file), path.join(tree, file));
  cpSync(path.join(ROOT, 'dist'), path.join(tree, 'dist'), { recursive: true });
  cpSync(path.join(place, 'native', 'Release'), path.join(tree, 'build', 'Release'), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(tree, 'node_modules'));
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  // Everything is slower here by a factor, and other tests' limits with it.
  const limits = ['--testTimeout=120000', '--maxWorkers=1'];
  // By the first of the PATH: the one that is asked for need not be this one.
  const { status } = spawnSync('node', [vitest, 'run', ...limits, ...words], {
    cwd: tree,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  return status;
}
