/** The code and the style of the page, as scripts/bundle-page.js made them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../text/package.js';

export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/** Throws the errno when the package was not built. */
export function readPageAssets(): PageAssets {
  const read = (name: string) => readFileSync(path.join(packageRoot(), 'dist/page', name), 'utf8');
  return { script: read('page.js'), style: read('page.css') };
}
