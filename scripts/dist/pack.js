/**
 * Builds what the checkout lacks beside `npm run build` and packs it: `node scripts/dist/pack.js FOLDER`. Prints what npm says of
 * the tarball, as JSON.
 *
 * The trap: two at once, as tests are, would take away from under each other what they pack. So the whole waits for a lock.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lock = path.join(root, 'out/pack.lock');

const [folder, locked] = process.argv.slice(2);
if (folder === undefined) throw new Error('Expected the folder for the tarball');
if (locked === undefined) {
  mkdirSync(path.dirname(lock), { recursive: true });
  execFileSync('flock', [lock, process.execPath, fileURLToPath(import.meta.url), folder, 'locked'], {
    stdio: 'inherit',
  });
} else {
  for (const script of ['prebuild.js', 'write-manual.js']) {
    execFileSync(process.execPath, [path.join(root, 'scripts', script)], { cwd: root, stdio: 'pipe' });
  }
  const words = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  execFileSync('npm', words, { cwd: root, stdio: ['ignore', 'inherit', 'pipe'] });
}
