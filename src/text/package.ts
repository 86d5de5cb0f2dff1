/**
 * Our own package: where it lies and which version it is.
 *
 * The trap: this code also runs from a build of the benchmarks, one folder deeper, so the package is found by its name
 * and not by counting folders. Nothing is ever looked for in the working directory.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Put in by the build of the command line, which answers `--version` without reading a file. */
declare const BUILT_VERSION: string | undefined;
/** Where the package lies from the folder of a bundle, which then need not look for it. */
declare const ROOT_FROM_BUNDLE: string | undefined;
declare const __dirname: string;

let root: string | undefined;

/** The folder of our package.json. */
export function packageRoot(): string {
  root ??= findRoot();
  return root;
}

/** The version of this package. */
export function readVersion(): string {
  return typeof BUILT_VERSION === 'string' ? BUILT_VERSION : readManifest(packageRoot())!.version;
}

function findRoot(): string {
  if (typeof ROOT_FROM_BUNDLE === 'string') return path.join(__dirname, ROOT_FROM_BUNDLE);
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (readManifest(folder)?.name !== 'tidemark') {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('The package.json of tidemark is not above its own code');
    folder = parent;
  }
  return folder;
}

function readManifest(folder: string): { name: string; version: string } | undefined {
  const manifest = path.join(folder, 'package.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')) : undefined;
}
