/**
 * Runs valgrind's memcheck over what reads and stores: `npm run memcheck [-- --seconds N]`. First without Node, the program
 * with all threads of the addon (`test/sanitizers/threads.cc`), of which every report and every lost byte counts; then
 * `tidemark record` with the engine `native` for N seconds (5), of which a report counts where the addon stands in it. Exit 1 when
 * there is one.
 *
 * The traps: what is wrong in Node alone is no business of ours; and under memcheck all threads take turns at one
 * processor, thirty times as slow, so most ticks are missed and many deep reads end by their deadline: at the end stands what
 * was recorded.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PLACE = path.join(ROOT, 'out', 'memcheck');
const PROGRAM = path.join(ROOT, 'dist/cli/main.js');
const VALGRIND = ['--tool=memcheck', '--fair-sched=yes', '--error-limit=no', '--num-callers=40', '--leak-check=full'];
/** Code that V8 makes anew at any time, and stacks larger than valgrind takes for one. */
const OF_NODE = ['--smc-check=all-non-file', '--trace-children=yes', '--max-stackframe=33554432'];
/** So V8 makes little code and has no threads of its own: with both, no recording came to its end, and reports of V8 came. */
const NODE_FLAGS = ['--single-threaded', '--jitless'];

const seconds = secondsAsked(process.argv.slice(2));
rmSync(PLACE, { recursive: true, force: true });
mkdirSync(PLACE, { recursive: true });
const KNOWN_IOCTL = path.join(PLACE, 'known-ioctl.so');
run('gcc', ['-O1', '-g', '-shared', '-fPIC', '-o', KNOWN_IOCTL, 'test/sanitizers/known-ioctl.c', '-ldl']);
const scratch = mkdtempSync(path.join(tmpdir(), 'tidemark-memcheck-'));
try {
  const findings = checkThreads() + checkRecording();
  console.log(`${findings} reports`);
  if (findings > 0) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function checkThreads() {
  const program = path.join(PLACE, 'threads');
  const sources = ['native/ring', 'native/sweep', 'native/procfs'].flatMap((room) =>
    readdirSync(path.join(ROOT, room))
      .filter((name) => name.endsWith('.cc'))
      .map((name) => path.join(room, name)),
  );
  const words = ['-std=c++17', '-g', '-O1', '-fno-exceptions', '-fno-rtti', '-pthread', '-o', program];
  run('g++', [...words, 'test/sanitizers/threads.cc', ...sources]);
  const { reports, lost, stdout } = check('threads', [], program, [scratch]);
  console.log(`without Node: ${stdout.trim()}; ${reports.length} reports, ${lost} bytes lost`);
  for (const report of reports) console.log(report);
  return reports.length;
}

function checkRecording() {
  const file = path.join(scratch, 'memcheck.tide');
  const target = spawn('sleep', ['100000'], { stdio: 'ignore' });
  const record = ['record', '--engine', 'native', '--hz', '2', '--rollup', '1', '--mappings', '1', '--size', '16M'];
  const words = [...NODE_FLAGS, PROGRAM, ...record, '--pid', `${target.pid}`, '--for', `${seconds}s`, '-o', file];
  const { reports } = check('record', OF_NODE, process.execPath, words);
  target.kill();
  const ours = reports.filter((report) => /tidemark(?:_bpf)?\.node/.test(report));
  for (const report of ours) console.log(report);
  console.log(`tidemark record: ${reports.length} reports, ${ours.length} with the addon`);
  console.log(execFileSync(process.execPath, [PROGRAM, 'info', file], { encoding: 'utf8' }));
  return ours.length;
}

/** Runs a program under memcheck; its reports, each a text, and how many bytes are definitely lost. */
function check(name, options, program, words) {
  const log = path.join(PLACE, `${name}.%p.log`);
  const all = [...VALGRIND, ...options, `--log-file=${log}`, program, ...words];
  const { status, signal, stdout } = spawnSync('valgrind', all, {
    env: { ...process.env, LD_PRELOAD: KNOWN_IOCTL },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${name} ended with ${signal ?? status}; see ${PLACE}`);
  const texts = readdirSync(PLACE)
    .filter((file) => file.startsWith(`${name}.`) && file.endsWith('.log'))
    .map((file) => readFileSync(path.join(PLACE, file), 'utf8'));
  const reports = texts.flatMap((text) => text.replace(/^==\d+== ?/gm, '').split(/\n\n+/)).filter(isReport);
  const lost = texts.reduce(
    (sum, text) => sum + Number(/definitely lost: ([\d,]+)/.exec(text)?.[1].replaceAll(',', '') ?? 0),
    0,
  );
  return { reports, lost, stdout };
}

function run(program, words) {
  execFileSync(program, words, { cwd: ROOT, stdio: 'inherit' });
}

/** Paragraphs with a stack; that memory is still there at the end is none. */
function isReport(text) {
  return /^ +(?:at|by) 0x/m.test(text) && !/still reachable|possibly lost/.test(text);
}

function secondsAsked(words) {
  if (words.length === 0) return 5;
  const value = Number(words[1]);
  if (words[0] !== '--seconds' || words.length > 2 || !(value > 0))
    throw new Error('Usage: npm run memcheck [-- --seconds N]');
  return value;
}
