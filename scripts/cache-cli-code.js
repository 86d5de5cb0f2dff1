/**
 * Runs each bundle of the command line once and keeps what V8 compiled, beside the bundle: main.ts hands it to V8, which
 * then need not compile the same code whenever a shell starts us.
 *
 * The addon should be there already, so that what goes with it is compiled too.
 *
 * The traps: the commands look at the processes of this machine, of which one may never answer; they have a deadline for
 * that with the addon, and without it the whole command has one, and no cache. And V8 knows code by its version, its flags and the length of the source, not by the source. So this always
 * follows bundle-cli.js, which removes what an older build left.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { Script } from 'node:vm';

const folder = fileURLToPath(new URL('../dist/cli', import.meta.url));
const self = String(process.pid);

/** What is asked of a command, so that V8 has compiled what most runs of it need. */
const USUAL_WORDS = {
  ps: ['aux'],
  pmap: ['-X', self],
  maps: [self],
  segments: [self],
  top: ['-b', '-n', '1', '-p', self],
  program: ['doctor'],
};

/** A command takes less than a second. */
const MOST_MS = 30_000;
/** After these a screen is left. */
const SHOWN_SECONDS = 1;

const [name, ...words] = process.argv.slice(2);
if (name === undefined) cacheAll();
else cacheOne(name, words);

/** In a process each, since a command may end its process. */
function cacheAll() {
  const bundles = readdirSync(folder).filter((file) => file.endsWith('.js') && file !== 'main.js');
  for (const name of bundles.map((file) => path.basename(file, '.js'))) {
    const usual = USUAL_WORDS[name] ?? ['--help'];
    const command = name === 'program' ? usual : [name, ...usual];
    const error = runOne(name, command);
    if (error?.code === 'ETIMEDOUT') console.warn(`${name}: no answer in ${MOST_MS / 1000} s, so its code is not kept`);
    else if (!existsSync(path.join(folder, `${name}.cache`))) throw new Error(`The bundle ${name}.js does not load`);
  }
  const scratch = mkdtempSync(path.join(tmpdir(), 'tidemark-build-'));
  try {
    const recording = path.join(scratch, 'own.tide');
    runOne('program', ['record', '--for', '200ms', '--pid', self, '-o', recording]);
    cacheScreen(recording);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function runOne(name, command) {
  const words = [fileURLToPath(import.meta.url), name, ...command];
  return spawnSync(process.execPath, words, { stdio: 'ignore', timeout: MOST_MS, killSignal: 'SIGKILL' }).error;
}

/** Adds what the screen of top needs, over that recording; where there is no `script` for a terminal, it does without. */
function cacheScreen(recording) {
  const words = [process.execPath, fileURLToPath(import.meta.url), 'top', 'top', '--in', recording];
  const command = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  spawnSync('sh', ['-c', `(sleep ${SHOWN_SECONDS}; printf q) | script -qec "$0" /dev/null`, command], {
    env: { ...process.env, TERM: 'xterm' },
    stdio: 'ignore',
    timeout: MOST_MS,
    killSignal: 'SIGKILL',
  });
}

/** With what an earlier run has compiled, as far as there was one. */
function cacheOne(name, words) {
  const filename = path.join(folder, `${name}.js`);
  const cache = path.join(folder, `${name}.cache`);
  const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
  const script = new Script(readFileSync(filename, 'utf8'), { filename, cachedData });
  // A command that has changed flags has code that V8 takes for another's.
  v8.setFlagsFromString = () => {};
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(filename), module, filename, folder);
  // Whatever the command answers: it is not its result that is wanted.
  process.on('exit', () => writeFileSync(cache, script.createCachedData()));
  void module.exports.dispatch(words);
}
