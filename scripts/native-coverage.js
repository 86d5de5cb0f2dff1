/**
 * Lines and branches of the native sources that tests run: `npm run coverage:native [-- FILE ...]`, by default those of the
 * engines, the ring and the tokenizers, the inputs that fuzzing kept among them. Needs Debian's clang, libclang-rt-14-dev and llvm.
 *
 * The trap: much of what runs the addon is killed, or ended by the addon itself, and then writes no counters down. So they are kept
 * in memory that is mapped from a file (`%c`), one for each library (`%m`) and not for each process.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { tableOf } from './coverage/native-table.js';
import { buildAddons, ROOT, testWithAddons } from './other-addon.js';

const PLACE = path.join(ROOT, 'out', 'coverage');
const COUNTERS = path.join(PLACE, 'counters');
const TESTS = ['src/engine', 'src/ring', 'test/engine', 'test/recorder', 'test/tokenizers', 'test/fuzz/twins.test.ts'];

const compilers = { CMAKE_C_COMPILER: 'clang', CMAKE_CXX_COMPILER: 'clang++' };
buildAddons(PLACE, { TIDEMARK_COVERAGE: 'ON', ...compilers });
rmSync(COUNTERS, { recursive: true, force: true });
mkdirSync(COUNTERS, { recursive: true });
// Some run as another user.
chmodSync(COUNTERS, 0o1777);

const words = process.argv.slice(2);
const status = testWithAddons(PLACE, words.length > 0 ? words : TESTS, {
  LLVM_PROFILE_FILE: path.join(COUNTERS, '%m%c.profraw'),
});

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
if (status !== 0) {
  console.log(`vitest ended with ${status}: what the failed tests would have run may be missing`);
  process.exitCode = 1;
}
