/**
 * What has to hold before a release, up to the publishing: `npm run release:check`. Prints each step as ok or failed, and what a
 * person does next. Exit 1 when a step failed.
 *
 * `node scripts/release-check.js STEP..` does some of them alone. The trap: a step that cannot be judged, say for want of a tool, has failed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(read('package.json'));
const bin = (name) => path.join(root, 'node_modules/.bin', name);

/** Each returns nothing, or throws what is wrong. */
const STEPS = {
  'clean-tree': () => {
    const changed = execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' }).trim();
    if (changed) throw new Error(`not committed:\n${changed}`);
  },
  versions: () => {
    const lock = JSON.parse(read('package-lock.json'));
    const told = {
      'package-lock.json': lock.version,
      'CHANGELOG.md, its first heading': /^## (?:\[)?([^\s\]]+)/m.exec(read('CHANGELOG.md'))?.[1],
      'tidemark --version': tidemark('--version').trim().split(' ').at(-1),
      'the manual page': /^\.TH .* "tidemark ([\w.-]+)"/m.exec(tidemark('manual'))?.[1],
    };
    const others = Object.entries(told).filter(([, other]) => other !== version);
    if (others.length > 0) {
      throw new Error(others.map(([where, other]) => `${where}: ${other}, and package.json: ${version}`).join('\n'));
    }
  },
  lint: () => run('npm', ['run', '--silent', 'lint']),
  docs: () => run('npm', ['run', '--silent', 'docs']),
  tests: () => run('npm', ['test', '--silent']),
  package: () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-release-'));
    try {
      const packed = run(process.execPath, [path.join(root, 'scripts/dist/pack.js'), folder]);
      const tarball = path.join(folder, JSON.parse(packed)[0].filename);
      run(bin('publint'), [tarball, '--strict']);
      run(bin('attw'), [tarball, '--profile', 'esm-only', '--no-color']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  dist: () => run('npm', ['run', '--silent', 'dist']),
  checksums: () => {
    const folder = path.join(root, 'out/packages');
    run('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], folder);
    const listed = read('out/packages/SHA256SUMS')
      .split('\n')
      .map((line) => line.slice(66));
    const unlisted = readdirSync(folder).filter((name) => name !== 'SHA256SUMS' && !listed.includes(name));
    if (unlisted.length > 0) throw new Error(`not in SHA256SUMS: ${unlisted.join(', ')}`);
  },
};

const NEXT = `Next, by hand: git tag -s v${version} && git push origin v${version}, npm publish of what \`npm pack\` makes, and the files of
out/packages beside the tag.`;

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in STEPS));
if (unknown.length > 0)
  throw new Error(`Expected steps out of ${Object.keys(STEPS).join(', ')}, got ${unknown.join(', ')}`);

const failed = Object.entries(STEPS).filter(([name, step]) => {
  if (asked.length > 0 && !asked.includes(name)) return false;
  try {
    step();
    console.log(`ok      ${name}`);
    return false;
  } catch (error) {
    console.log(`failed  ${name}`);
    console.log(error.message.trim().replace(/^/gm, '          '));
    return true;
  }
});
if (failed.length > 0) {
  process.exitCode = 1;
  console.log(
    `Next: mend ${failed[0][0]}, then \`node scripts/release-check.js ${failed.map(([name]) => name).join(' ')}\`.`,
  );
} else if (asked.length > 0) {
  console.log('Next: npm run release:check, which does every step.');
} else {
  console.log(NEXT);
}

function read(file) {
  return readFileSync(path.join(root, file), 'utf8');
}

function tidemark(...words) {
  return execFileSync(process.execPath, [path.join(root, 'dist/cli/main.js'), ...words], { encoding: 'utf8' });
}

/** Returns what it prints. Throws its last lines when it fails. */
function run(program, words, cwd = root) {
  const { status, stdout, stderr, error } = spawnSync(program, words, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (error) throw error;
  if (status === 0) return stdout;
  throw new Error(
    `${program} ${words.join(' ')}: exit ${status}\n${`${stdout}${stderr}`.trim().split('\n').slice(-12).join('\n')}`,
  );
}
