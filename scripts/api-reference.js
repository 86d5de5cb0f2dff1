/**
 * The reference of the library's interface, from its docstrings into out/api: `npm run docs`. Warnings are errors.
 *
 * `node scripts/api-reference.js check` writes nothing and only looks for warnings.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const file = (place) => fileURLToPath(new URL(place, import.meta.url));

const [word] = process.argv.slice(2);
if (word !== undefined && word !== 'check') throw new Error(`Expected "check" or nothing, got "${word}"`);
const { status } = spawnSync(
  process.execPath,
  [
    ...[
      file('docs/node_modules/typedoc/bin/typedoc'),
      '--options',
      file('docs/typedoc.json'),
      '--treatWarningsAsErrors',
    ],
    ...(word === 'check' ? ['--emit', 'none'] : []),
  ],
  { stdio: 'inherit' },
);
process.exitCode = status ?? 1;
