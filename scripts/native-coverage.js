/**
 * Lines and branches of the native sources that tests run: `npm run coverage:native [-- FILE ...]`, by default those of the
 * engines, the ring and the tokenizers, the inputs that fuzzing kept among them, and after them the recorder whose calls fail:
 * half of the branches are taken when a call or an allocation fails and at no other time. Needs Debian's clang,
 * libclang-rt-14-dev and llvm.
 *
 * The trap: much of what runs the addon is killed, or ended by the addon itself, and then writes no counters down. So they are kept
 * in memory that is mapped from a file (`%c`), one for each library (`%m`) and not for each process.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { tableOf } from './coverage/native-table.js';
import { buildAddons, ROOT, testWithAddons, treeOf } from './other-addon.js';

const PLACE = path.join(ROOT, 'out', 'coverage');
const COUNTERS = path.join(PLACE, 'counters');
const TESTS = [
  ...['src/engine', 'src/ring', 'test/engine', 'test/recorder', 'test/tokenizers', 'test/fuzz/twins.test.ts'],
  ...['test/faults', 'test/stuck', 'test/hostile/trees.test.ts'],
];
/** Runs of the recorder in which a call of the addons fails, each one in turn. */
const TRIALS = 'addon-faults';

const compilers = { CMAKE_C_COMPILER: 'clang', CMAKE_CXX_COMPILER: 'clang++' };
buildAddons(PLACE, { TIDEMARK_COVERAGE: 'ON', ...compilers });
rmSync(COUNTERS, { recursive: true, force: true });
mkdirSync(COUNTERS, { recursive: true });
// Some run as another user.
chmodSync(COUNTERS, 0o1777);

const words = process.argv.slice(2);
const env = { LLVM_PROFILE_FILE: path.join(COUNTERS, '%m%c.profraw'), FAULTS_LONG: '1' };
const ends = { vitest: testWithAddons(PLACE, words.length > 0 ? words : TESTS, env) };
if (words.length === 0) ends[TRIALS] = runTrials();

const profile = path.join(PLACE, 'merged.profdata');
const raw = readdirSync(COUNTERS).map((name) => path.join(COUNTERS, name));
execFileSync('llvm-profdata', ['merge', '-sparse', '-o', profile, ...raw]);
const [first, ...others] = ['tidemark', 'tidemark_bpf'].map((name) =>
  path.join(PLACE, 'native/Release', `${name}.node`),
);
const objects = [first, ...others.map((file) => `-object=${file}`), `-instr-profile=${profile}`];
const summary = execFileSync('llvm-cov', ['export', '-summary-only', ...objects], { maxBuffer: 2 ** 28 });
console.log(tableOf(JSON.parse(summary.toString()), path.join(ROOT, 'native')));
console.log(`\nLine by line: llvm-cov show ${objects.join(' ')} -show-branches=count native/FILE`);
for (const [name, status] of Object.entries(ends)) {
  if (status === 0) continue;
  console.log(`${name} ended with ${status}: what failed may have run less than it would have`);
  process.exitCode = 1;
}

/** In the tree of the tests. Returns the exit code. */
function runTrials() {
  const options = { cwd: treeOf(PLACE), stdio: 'inherit', env: { ...process.env, ...env } };
  const built = spawnSync('npx', ['tsc', '-p', 'test/torture/tsconfig.json'], options);
  if (built.status !== 0) return built.status;
  return spawnSync(process.execPath, ['out/test/torture/main.js', TRIALS], options).status;
}
