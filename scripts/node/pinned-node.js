/**
 * The Node that goes into packages for hosts without one, from npm's packages of binaries: the version is pinned, and so are the bytes.
 *
 * The trap: a binary that an earlier run left somewhere proves nothing, so the archive is hashed each time. npm keeps it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { PINNED_INTEGRITY, PINNED_NODE } from './node-versions.js';

/** Puts `bin/node` and `LICENSE` into the folder. Throws when the archive is not the one that was pinned, and what npm and tar say. */
export function unpackPinnedNode(arch, folder) {
  const specifier = `node-linux-${arch}@${PINNED_NODE}`;
  mkdirSync(folder, { recursive: true });
  const words = ['pack', specifier, '--json', '--prefer-offline', '--pack-destination', folder];
  const [{ filename }] = JSON.parse(execFileSync('npm', words, { encoding: 'utf8', stdio: 'pipe' }));
  const archive = path.join(folder, filename);
  const integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (integrity !== PINNED_INTEGRITY[arch]) throw new Error(`${specifier} is ${integrity}, not what was pinned`);
  const members = ['package/bin/node', 'package/LICENSE'];
  execFileSync('tar', ['-xzf', archive, '-C', folder, '--strip-components=1', '--no-same-owner', ...members]);
  rmSync(archive);
}
