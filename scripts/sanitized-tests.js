/**
 * Runs tests on the addon built with AddressSanitizer and UBSan: `npm run test:sanitized [-- FILE ...]`, by default all
 * that touch it. Ends with what vitest found and with every report of a sanitizer in which the addon stands; exit 1 when
 * there is one.
 *
 * The trap: Node was not built with a sanitizer, and LD_PRELOAD would give the library to every program that a test starts: with
 * it `pmap` of procps hangs for ever, and chromium does not come up. So a copy of Node is made that needs the library.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { NOT_UNDER_A_SANITIZER } from './not-under-a-sanitizer.js';
import { buildAddons, ROOT, testWithAddons } from './other-addon.js';

const PLACE = path.join(ROOT, 'out', 'sanitized');
const REPORTS = path.join(PLACE, 'reports');
const BIN = path.join(PLACE, 'bin');
const TOUCHING = [
  'src/engine',
  'src/sampler',
  'src/recording',
  'src/ring',
  'test/engine',
  'test/recorder',
  'test/tokenizers',
];

buildAddons(PLACE, { TIDEMARK_SANITIZE: 'address|undefined' });
rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });

makeNode();

const words = process.argv.slice(2);
// By name, since a file that is left out would take its other tests with it. The names are whole ones: as vitest has them,
// those of all groups in front.
const leftOut = NOT_UNDER_A_SANITIZER.flatMap(({ tests }) => tests).map((name) => name.replace(/[^\w\s]/g, '\\$&'));
const names = leftOut.length > 0 ? ['-t', `^(?!(?:${leftOut.join('|')})$)`] : [];
const status = testWithAddons(PLACE, [...names, ...(words.length > 0 ? words : TOUCHING)], {
  PATH: `${BIN}:${process.env.PATH}`,
  // Node frees little of what it has at its end, a clock of a test's own comes in before the library, and SIGBUS is the addon's;
  // and more memory than there is has to be refused, as it is without one.
  ASAN_OPTIONS: `detect_leaks=0:allocator_may_return_null=1:verify_asan_link_order=0:handle_sigbus=0:log_path=${path.join(REPORTS, 'report')}`,
  UBSAN_OPTIONS: 'print_stacktrace=1',
});
const ours = readdirSync(REPORTS)
  .map((name) => readFileSync(path.join(REPORTS, name), 'utf8'))
  // Another Node that loads the addon has no room for the library, and says so with a list of all that it has mapped.
  .filter(
    (text) => /ERROR: AddressSanitizer|runtime error:/.test(text) && /tidemark(?:_bpf)?\.node|native\//.test(text),
  );
for (const report of ours) console.log(report);
console.log(`${ours.length} reports of sanitizers in the addon; vitest ended with ${status}`);
if (ours.length > 0) process.exitCode = 1;

/** Called `node`, as processes are told by their names; the library has to be the first that it needs. */
function makeNode() {
  const node = path.join(BIN, 'node');
  const library = execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
  mkdirSync(BIN, { recursive: true });
  // One of before may still run somewhere.
  rmSync(node, { force: true });
  copyFileSync(realpathSync(process.execPath), node);
  try {
    execFileSync('patchelf', ['--add-needed', path.basename(realpathSync(library)), node]);
  } catch (error) {
    console.error(
      `patchelf could not be run (${error.code ?? error.message}): it is in the Debian package of its name`,
    );
    process.exit(1);
  }
}
