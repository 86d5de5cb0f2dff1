/**
 * Packages that tests need and this checkout does not have, of exact versions, kept below node_modules/.cache.
 *
 * The trap: two may ask at once; a folder is there whole or not at all.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));

/**
 * The path of a folder with these packages in its `node_modules`; brings them first if they are not there. Nothing of them is run.
 * `name`: what the folder is called. Throws what npm says.
 */
export function installedOnce(name, packages, { ofAnyProcessor = false } = {}) {
  const folder = path.join(cache, `tidemark-${name}`, packages.join(',').replaceAll('/', '+'));
  if (existsSync(folder)) return folder;
  const begun = `${folder}.${process.pid}`;
  mkdirSync(begun, { recursive: true });
  try {
    const options = [
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--no-save',
      '--no-package-lock',
      '--loglevel=error',
    ];
    // npm refuses a package for another processor; it is told to take it all the same.
    if (ofAnyProcessor) options.push('--force');
    execFileSync('npm', ['install', '--prefix', begun, ...options, ...packages], { stdio: 'pipe' });
    if (!existsSync(folder)) renameSync(begun, folder);
  } finally {
    rmSync(begun, { recursive: true, force: true });
  }
  return folder;
}
