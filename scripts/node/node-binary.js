/**
 * Node binaries of other versions and processors, from npm's packages node-linux-ARCH, kept below node_modules/.cache.
 *
 * The trap: npm refuses a package for another processor; it is told to take it all the same, and nothing of it is run here.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../node_modules/.cache/tidemark-node', import.meta.url));

/** The path of the binary; brings it first if it is not there. Throws what npm says. */
export function nodeBinary(version, arch) {
  const name = `node-linux-${arch}`;
  const folder = path.join(cache, `${version}-${arch}`);
  const binary = path.join(folder, 'node_modules', name, 'bin/node');
  if (existsSync(binary)) return binary;
  const begun = `${folder}.${process.pid}`;
  mkdirSync(begun, { recursive: true });
  try {
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--no-package-lock', '--force'];
    execFileSync('npm', ['install', '--prefix', begun, ...options, `${name}@${version}`], { stdio: 'pipe' });
    // Whole or not at all, also when two ask at once.
    if (!existsSync(folder)) renameSync(begun, folder);
  } finally {
    rmSync(begun, { recursive: true, force: true });
  }
  return binary;
}
