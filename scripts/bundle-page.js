/**
 * Bundles the page of reports into dist/page/page.js and page.css: one script and one style, which are put into each page.
 *
 * The trap: the end tag of a script ends it wherever it stands, also within a string.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = path.join(root, 'dist/page');

const { outputFiles } = await build({
  entryPoints: [path.join(root, 'src/report/page/page.ts')],
  bundle: true,
  write: false,
  outdir: out,
  format: 'iife',
  platform: 'browser',
  target: ['chrome103', 'firefox113', 'safari16.4'],
  minify: true,
  charset: 'ascii',
  legalComments: 'inline',
  logLevel: 'warning',
});
mkdirSync(out, { recursive: true });
for (const { path: file, text } of outputFiles) {
  if (/<\/(?:script|style)|<!--/i.test(text))
    throw new Error(`${path.basename(file)} holds what would end its element`);
  writeFileSync(file, text);
}
