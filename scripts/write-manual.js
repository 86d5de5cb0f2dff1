/**
 * Writes the manual pages into dist/man and the completions into dist/completions, by the built command itself: `npm run man`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const [man, completions] = ['man', 'completions'].map((name) => path.join(dist, name));
for (const folder of [man, completions]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
}

const page = tidemark('manual');
writeFileSync(path.join(man, 'tidemark.1'), page);
// The page of the program names those of the commands.
for (const [, name] of page.matchAll(/^\.BR tidemark\\-(\w+) \(1\)$/gm)) {
  writeFileSync(path.join(man, `tidemark-${name}.1`), tidemark('manual', name));
}
for (const [shell, name] of [
  ['bash', 'tidemark'],
  ['zsh', '_tidemark'],
  ['fish', 'tidemark.fish'],
]) {
  writeFileSync(path.join(completions, name), tidemark('completion', shell));
}

function tidemark(...words) {
  return execFileSync(process.execPath, [path.join(dist, 'cli/main.js'), ...words], { encoding: 'utf8' });
}
