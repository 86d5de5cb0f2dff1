/**
 * Mutation testing of one room by its own tests: Stryker breaks the code in one place after the other, and a test has to
 * see it. `npm run mutation -- ROOM [FILE ...]`, where ROOM is a folder of src and each FILE one of it: named files are tried
 * by the tests of their names alone, in minutes, a whole room by all that it has. What was found of a room is kept under
 * out/mutation, so that a later run tries only what has changed since; `--force` tries all. A room has thousands of mutants, which
 * take hours: `--sample PERCENT` tries those in so many of its lines, in pieces that are drawn at random (`--seed N`), and tells the
 * share that is killed with its interval.
 *
 * The trap: code that is never right again runs for ever, and its test is stopped by a limit of time. On a host that is busy
 * with other work the limit may strike a test that is only slow, and a mutant that lives is told as killed: so the number
 * of those is told, too. MUTATION_CONCURRENCY is how many run at once; default 1.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, styleText } from 'node:util';
import { drawPieces, pieceOf, shareOfPieces } from './mutation/sample.js';
import { SLOW_TESTS } from './mutation/slow-tests.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    force: { type: 'boolean' },
    sample: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean' },
  },
});
const [room, ...files] = positionals;
const share = given.sample === undefined ? undefined : Number(given.sample) / 100;
const seed = given.seed === undefined ? Date.now() % 1e6 : Number(given.seed);

const isOdd = (share !== undefined && !(share > 0 && share <= 1)) || !Number.isInteger(seed);
if (given.help || room === undefined || isOdd || !existsSync(path.join(root, 'src', room))) {
  process.stderr.write(
    'usage: npm run mutation -- ROOM [FILE ...] [--force] [--sample PERCENT [--seed N]]\n' +
      '  ROOM: a folder of src, such as procfs\n',
  );
  process.exit(2);
}
for (const file of files) {
  if (existsSync(path.join(root, 'src', room, file))) continue;
  process.stderr.write(`There is no src/${room}/${file}\n`);
  process.exit(2);
}

// In a folder of their own, since only this needs its many packages.
const tools = path.join(root, 'scripts/mutation');
const stryker = path.join(tools, 'node_modules/@stryker-mutator/core/bin/stryker.js');
if (!existsSync(stryker)) {
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: tools, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

const kept = path.join(root, 'out/mutation');
mkdirSync(kept, { recursive: true });
const report = path.join(kept, `${room}.report.json`);
rmSync(report, { force: true });
const pieces = share === undefined ? [] : drawPieces(sourcesOf(room), share, seed);
let status = runStryker({ MUTATION_PIECES: pieces.join(',') });
const found = readReport(report);
const survivors = found && room in SLOW_TESTS && files.length === 0 ? placesOfSurvivors(found) : [];
if (survivors.length > 0) {
  // By the tests of thousands of cases, which were left out.
  status = runStryker({ MUTATION_PIECES: survivors.join(','), MUTATION_SLOW: '1' });
  takeKilled(found, readReport(report.replace('.report', '.slow.report')));
}
if (found) printScores(found);
process.exit(status ?? 1);

function runStryker(more) {
  const words = [stryker, 'run', 'scripts/mutation/stryker.config.js', ...(given.force ? ['--force'] : [])];
  const env = { ...process.env, MUTATION_ROOM: room, MUTATION_FILES: files.join(','), ...more };
  return spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit', env }).status;
}

function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** As Stryker is asked for them: its columns begin with 0, those of its report with 1. */
function placesOfSurvivors({ files: byFile }) {
  return Object.entries(byFile).flatMap(([name, { mutants }]) =>
    mutants.filter(lives).map(({ location: { start, end } }) => {
      const file = path.relative(`src/${room}`, name);
      return `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
    }),
  );
}

function lives({ status }) {
  return status === 'Survived' || status === 'NoCoverage';
}

/** What lived and was killed by others later is killed. */
function takeKilled({ files: byFile }, later) {
  const keyOf = ({ location, mutatorName, replacement }) => JSON.stringify([location, mutatorName, replacement]);
  for (const [name, { mutants }] of Object.entries(byFile)) {
    const others = new Map((later?.files[name]?.mutants ?? []).map((mutant) => [keyOf(mutant), mutant.status]));
    for (const mutant of mutants.filter(lives)) {
      const status = others.get(keyOf(mutant));
      if (status === 'Killed' || status === 'Timeout') mutant.status = status;
    }
  }
}

/** Of a room: the name of each file that is tried, and its lines. */
function sourcesOf(room) {
  const folder = path.join(root, 'src', room);
  const names = readdirSync(folder, { recursive: true }).map(String);
  return names
    .filter((name) => name.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(name))
    .filter((name) => files.length === 0 || files.includes(name))
    .sort()
    .map((name) => ({ name, lines: readFileSync(path.join(folder, name), 'utf8').split('\n').length }));
}

/** A line for each file, the weakest first, and one for all. Mutants that do not compile or are left out count for nothing. */
function printScores({ files: byFile }) {
  const rows = Object.entries(byFile).map(([name, { mutants }]) => rowOf(path.basename(name), mutants));
  rows.sort((a, b) => a.score - b.score);
  rows.push(
    rowOf(
      'all',
      Object.values(byFile).flatMap(({ mutants }) => mutants),
    ),
  );
  process.stdout.write('\n   score  mutants  killed  timeout  survived  not covered  file\n');
  for (const { name, score, total, killed, timeout, survived, unseen } of rows) {
    const cells = [`${(score * 100).toFixed(1)} %`.padStart(8), total, killed, timeout, survived, unseen];
    const line = cells.map((cell, at) => String(cell).padStart([8, 8, 7, 8, 9, 12][at])).join(' ');
    process.stdout.write(`${name === 'all' ? styleText('bold', line) : line}  ${name}\n`);
  }
  if (share === undefined) return;
  const counts = new Map();
  for (const [name, { mutants }] of Object.entries(byFile)) {
    for (const mutant of mutants) {
      const key = `${name}:${pieceOf(mutant.location.start.line)}`;
      const { killed, timeout, total } = rowOf(key, [mutant]);
      const so = counts.get(key) ?? { hits: 0, total: 0 };
      counts.set(key, { hits: so.hits + killed + timeout, total: so.total + total });
    }
  }
  const { low, high } = shareOfPieces([...counts.values()].filter((piece) => piece.total > 0));
  const percent = (value) => `${(value * 100).toFixed(1)} %`;
  process.stdout.write(
    `\n${pieces.length} pieces drawn with the seed ${seed}: of all mutants ${percent(low)} to ${percent(high)} are killed (about 95 %)\n`,
  );
}

function rowOf(name, mutants) {
  const count = (status) => mutants.filter((mutant) => mutant.status === status).length;
  const [killed, timeout, survived, unseen] = ['Killed', 'Timeout', 'Survived', 'NoCoverage'].map(count);
  const total = killed + timeout + survived + unseen;
  return { name, killed, timeout, survived, unseen, total, score: total === 0 ? 1 : (killed + timeout) / total };
}
