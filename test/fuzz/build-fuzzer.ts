/**
 * Builds the program of the native targets with clang: the code under test with libFuzzer's counters, and what checks it
 * without them, so that coverage is of the tokenizers alone. Needs nothing of Node.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { ROOT } from '../torture/root.js';

const FLAGS = [
  ...['-std=c++17', '-O2', '-gline-tables-only', '-fno-omit-frame-pointer', '-Wall', '-Wextra'],
  '-fno-sanitize-recover=all',
];
const CHECKED = '-fsanitize=address,undefined';
const COUNTED = '-fsanitize=fuzzer-no-link,address,undefined';
const TARGETS = 'test/fuzz/native';

/** Sources under test: every tokenizer, and what of the sweeps reads a text of the kernel by itself. */
export function sourcesUnderTest(): string[] {
  const listed = readFileSync(path.join(ROOT, 'native/sources.txt'), 'utf8').trim().split('\n');
  const taken = listed.filter((file) => file.startsWith('procfs/') || file === 'sweep/proc_tree.cc');
  // A tokenizer that is a header only is compiled into its target.
  return [...taken.map((file) => `native/${file}`), `${TARGETS}/digits.cc`];
}

/** The program, in that folder. Rejects with what the compiler said. */
export async function buildFuzzer(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const counted = sourcesUnderTest();
  const checks = readdirSync(path.join(ROOT, TARGETS))
    .filter((file) => file.endsWith('.cc'))
    .map((file) => `${TARGETS}/${file}`)
    .filter((file) => !counted.includes(file));
  const jobs = [...counted.map((source) => [source, COUNTED]), ...checks.map((source) => [source, CHECKED])].map(
    ([source, sanitizers]) => ({ source: source!, sanitizers: sanitizers!, object: objectOf(folder, source!) }),
  );
  const waiting = [...jobs];
  const work = async () => {
    for (let job = waiting.pop(); job; job = waiting.pop()) {
      await clang([...FLAGS, job.sanitizers, '-c', job.source, '-o', job.object]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const program = path.join(folder, 'fuzzer');
  await clang(['-fsanitize=fuzzer,address,undefined', ...jobs.map(({ object }) => object), '-o', program]);
  return program;
}

function objectOf(folder: string, source: string): string {
  return path.join(folder, `${source.replaceAll('/', '-')}.o`);
}

function clang(words: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('clang++', words, { cwd: ROOT, stdio: ['ignore', 'inherit', 'pipe'] });
    let said = '';
    child.stderr.on('data', (piece) => {
      said += piece;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`clang++ ${words.join(' ')} ended with ${code}:\n${said}`)),
    );
  });
}
