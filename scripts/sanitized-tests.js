/**
 * Runs tests on the addon built with AddressSanitizer and UBSan: `npm run test:sanitized [-- FILE ...]`, by default all
 * that touch it. Ends with what vitest found and with every report of a sanitizer in which the addon stands; exit 1 when
 * there is one.
 *
 * The traps: Node was not built with a sanitizer, so the library comes in by LD_PRELOAD, and every program that a test
 * starts has it too; what those do wrong is no business of ours. And an addon that is loaded by a variable of the
 * environment would be a way into every program with Tidemark in it: the tests run in a copy of the tree instead, whose
 * build/Release holds this addon.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NOT_UNDER_A_SANITIZER } from './not-under-a-sanitizer.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PLACE = path.join(ROOT, 'out', 'sanitized');
const BUILT = path.join(PLACE, 'native');
const TREE = path.join(PLACE, 'tree');
const REPORTS = path.join(PLACE, 'reports');
const TOUCHING = [
  'src/engine',
  'src/sampler',
  'src/recording',
  'src/ring',
  'test/engine',
  'test/recorder',
  'test/tokenizers',
];

const headers = path.dirname(path.dirname(process.execPath));
const build = ['cmake-js', 'build', '-d', 'native', '-O', BUILT, '--CDTIDEMARK_SANITIZE=address|undefined'];
run('npx', build, { ...process.env, npm_config_nodedir: headers });

for (const folder of [TREE, REPORTS]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}
const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
for (const file of listed.toString().split('\0').filter(Boolean)) cpSync(path.join(ROOT, file), path.join(TREE, file));
cpSync(path.join(ROOT, 'dist'), path.join(TREE, 'dist'), { recursive: true });
cpSync(path.join(BUILT, 'Release'), path.join(TREE, 'build', 'Release'), { recursive: true });
symlinkSync(path.join(ROOT, 'node_modules'), path.join(TREE, 'node_modules'));

const words = process.argv.slice(2);
// By name, since a file that is left out would take its other tests with it. The names are whole ones: as vitest has them,
// those of all groups in front.
const leftOut = NOT_UNDER_A_SANITIZER.flatMap(({ tests }) => tests).map((name) => name.replace(/[^\w\s]/g, '\\$&'));
const names = leftOut.length > 0 ? ['-t', `^(?!(?:${leftOut.join('|')})$)`] : [];
const library = (name) => execFileSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
// Everything is slower here by a factor, and other tests' limits with it.
const limits = ['--testTimeout=120000', '--maxWorkers=1'];
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', ...limits, ...names, ...(words.length > 0 ? words : TOUCHING)],
  {
    cwd: TREE,
    stdio: 'inherit',
    env: {
      ...process.env,
      LD_PRELOAD: `${library('libasan.so')} ${library('libstdc++.so')}`,
      // Node frees little of what it has at its end.
      ASAN_OPTIONS: `detect_leaks=0:log_path=${path.join(REPORTS, 'report')}`,
      UBSAN_OPTIONS: 'print_stacktrace=1',
    },
  },
);
const ours = readdirSync(REPORTS)
  .map((name) => readFileSync(path.join(REPORTS, name), 'utf8'))
  .filter((text) => /tidemark(?:_bpf)?\.node|native\//.test(text));
for (const report of ours) console.log(report);
console.log(`${ours.length} reports of sanitizers in the addon; vitest ended with ${status}`);
if (ours.length > 0) process.exitCode = 1;

function run(program, list, env) {
  const { status: code } = spawnSync(program, list, { cwd: ROOT, stdio: 'inherit', env });
  if (code !== 0) throw new Error(`${program} ${list.join(' ')} ended with ${code}`);
}
