/**
 * Bundles the command line: dist/cli/main.js, one file for each direct command, and program.js with all the others.
 *
 * The traps: a class that lies in two bundles is two classes, so only main.js and one other are ever loaded together, and
 * they share nothing. And what looks for files beside itself must not look beside the bundle: `import.meta.url` becomes
 * the place of the same module in the library, whose workers and helpers are plain output of tsc.
 *
 * A bundle is a function expression with the parameters of a CommonJS module, which main.ts runs as a script, so that V8
 * can be given its compiled code (see cache-cli-code.js). Names are kept for stack traces; white space is not, a fifth of what
 * the package would weigh, but lines end between statements.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { modulePlaces } from './module-places.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = path.join(root, 'dist/cli');
/** That of the same module in the library. */
const places = modulePlaces(/\/src\/.*\.ts$/, 'ts', (file) => {
  const twin = path.relative(path.join(root, 'src'), file).replace(/\.ts$/, '.js');
  return `require('node:url').pathToFileURL(__dirname + '/../${twin}').href`;
});
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

// What tsc made of the command line is not shipped; made anew, so that no bundle meets the compiled code of an older one.
rmSync(out, { recursive: true, force: true });
mkdirSync(out);
// The package is one of ES modules; its command line is not, since those take longer to load.
writeFileSync(path.join(out, 'package.json'), '{ "type": "commonjs" }\n');

const direct = await directCommands();
await bundle('main', 'main.ts', { define: { COMMANDS_WITH_BUNDLE: JSON.stringify(direct) } });
chmodSync(path.join(out, 'main.js'), 0o755);

const asFunction = {
  banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
  footer: { js: '})' },
};
await bundle('program', 'dispatch.ts', asFunction);
for (const name of direct) {
  await bundle(name, 'dispatch.ts', { ...asFunction, plugins: [places, leaveOutOthers(`./${name}.js`)] });
}

/** The names of the commands that have a bundle of their own. */
async function directCommands() {
  const table = path.join(root, 'src/cli/commands.ts');
  const { code } = await transform(readFileSync(table, 'utf8'), { loader: 'ts', format: 'esm' });
  const { COMMANDS } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  return COMMANDS.filter((entry) => 'loadDirect' in entry).map(({ name }) => name);
}

async function bundle(name, entry, options) {
  await build({
    entryPoints: [path.join(root, 'src/cli', entry)],
    outfile: path.join(out, `${name}.js`),
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    packages: 'external',
    // A script has no import(); what is imported lazily is in the bundle, and runs when it is asked for.
    supported: { 'dynamic-import': false },
    plugins: [places],
    logLevel: 'warning',
    minifyWhitespace: true,
    lineLimit: 160,
    ...options,
    define: { BUILT_VERSION: JSON.stringify(version), ROOT_FROM_BUNDLE: JSON.stringify('../..'), ...options.define },
  });
}

/** Keeps only one command of those that commands.ts and dispatch.ts can load: main.ts has chosen already. */
function leaveOutOthers(chosen) {
  return {
    name: 'leave-out-others',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\// }, ({ path: specifier, kind, importer }) => {
        const chooses = kind === 'dynamic-import' && /\/cli\/(?:commands|dispatch)\.ts$/.test(importer);
        return chooses && specifier !== chosen ? { path: specifier, external: true } : undefined;
      });
    },
  };
}
