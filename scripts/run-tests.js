/**
 * Runs every test with vitest and ends standard output with one line, `N passed, N failed` (and `, N skipped` if any
 * were), for people and for machines. Arguments go to vitest: `node scripts/run-tests.js src/text -t sparkline`.
 *
 * The trap is a green run that ran less than it seems. A file that did not load, an error outside any test and a run
 * without a test each count as a failure; with CI=true a skipped test fails the run and is named.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

const scratch = mkdtempSync(join(tmpdir(), 'tidemark-tests-'));
try {
  const report = join(scratch, 'report.json');
  const exitCode = await runVitest(report);
  const { passed, failed, skipped } = count(report, exitCode);

  if (skipped.length > 0 && process.env.CI === 'true') {
    console.log(`skipped, which CI does not allow: ${skipped.join('; ')}`);
    process.exitCode = 1;
  }
  if (failed > 0) process.exitCode = 1;
  console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Vitest's exit code; a signal, or vitest missing, counts as 1. */
async function runVitest(report) {
  if (!existsSync(vitest)) {
    console.error('vitest is not installed: run npm ci first');
    return 1;
  }
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  });
  const [code] = await once(child, 'close');
  return code ?? 1;
}

function count(report, exitCode) {
  const files = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : [];
  const skipped = [];
  let passed = 0;
  let failed = 0;
  for (const file of files) {
    const failedBefore = failed;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed++;
      else if (test.status === 'failed') failed++;
      else skipped.push(`${relative(root, file.name)} > ${test.fullName}`);
    }
    // The file did not load, or a hook outside the tests failed.
    if (file.status === 'failed' && failed === failedBefore) failed++;
  }
  if (passed + failed === 0) {
    console.error('no test ran');
    failed++;
  }
  // An unhandled error is not any test's failure, but vitest fails by it.
  if (exitCode !== 0 && failed === 0) failed++;
  return { passed, failed, skipped };
}
