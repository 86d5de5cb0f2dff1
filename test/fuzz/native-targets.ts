/**
 * The targets of libFuzzer: the tokenizers of native/procfs, built with AddressSanitizer and UndefinedBehaviorSanitizer.
 *
 * The trap: a fuzzer that never ends with a finding may be one that cannot. So the target `breaks` reads beyond its text on
 * purpose, and a test holds that this is seen.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SMAPS_KEYS } from '../../src/procfs/mapping-table.js';
import type { KernelFile } from '../../src/procfs/read.js';
import { STATUS_KEYS } from '../../src/procfs/status.js';
import { Finding, type FuzzContext, type FuzzFigures } from './fuzz-target.js';
import { corpusOf, seedsOf } from './seeds.js';

export interface NativeTarget {
  readonly name: string;
  /** Whose text it begins with. */
  readonly file?: KernelFile;
  readonly mostBytes: number;
  /** Words that libFuzzer puts in. */
  readonly words?: readonly string[];
  readonly texts?: readonly string[];
}

const NUMBERS = [
  '18446744073709551615',
  '18446744073709551616',
  '9007199254740993',
  '-9223372036854775808',
  '99999999',
];
const MAPS_WORDS = [
  ' r--p ',
  ' rwxs ',
  ' 00:00 0 ',
  'ffffffffff601000',
  ' (deleted)',
  '[heap]',
  '[rollup]',
  ...NUMBERS,
];
const SMAPS_WORDS = [...SMAPS_KEYS.map(({ key }) => `${key}:`), 'VmFlags:', ' kB\n', '       ', ...MAPS_WORDS];
const STAT_WORDS = [') S', ' (', ')', '\n', ' -1', ' 0 0 0 0', ...NUMBERS];

export const NATIVE_TARGETS: readonly NativeTarget[] = [
  { name: 'digits', mostBytes: 64, texts: [...NUMBERS, 'fFgG', '00000000000000000000000001'] },
  { name: 'loadavg', mostBytes: 160, texts: ['0.00 0.01 0.05 1/99 4711\n', '1 2147483648\n\n', ...NUMBERS] },
  { name: 'statm', file: 'statm', mostBytes: 256 },
  { name: 'stat', file: 'stat', mostBytes: 512, words: STAT_WORDS },
  { name: 'stat_rows', file: 'stat', mostBytes: 512, words: STAT_WORDS },
  {
    ...{ name: 'status', file: 'status', mostBytes: 1536 },
    words: [...STATUS_KEYS.map(({ key }) => `${key}:\t`), ' kB\n', '\n', ...NUMBERS],
  },
  { name: 'maps', file: 'maps', mostBytes: 768, words: MAPS_WORDS },
  { name: 'smaps', file: 'smaps', mostBytes: 1536, words: SMAPS_WORDS },
  { name: 'smaps_rollup', file: 'smaps_rollup', mostBytes: 1536, words: SMAPS_WORDS },
];

/** Fewer frames of each allocation and fewer freed ones kept: what is fuzzed allocates nothing, and its checks much. */
const SANITIZERS = 'malloc_context_size=0:quarantine_size_mb=4:detect_leaks=0';

export interface NativeRun extends FuzzContext {
  readonly program: string;
  /** Where inputs and findings are kept, a folder for each target; what is in it already is gone on with. */
  readonly folder: string;
}

/** Rejects with a `Finding` that names the file of the input. */
export async function runNative(
  target: NativeTarget,
  { program, folder, seconds, seed }: NativeRun,
): Promise<FuzzFigures> {
  const { name, mostBytes } = target;
  const own = path.join(folder, name);
  const corpus = path.join(own, 'corpus');
  mkdirSync(corpus, { recursive: true });
  const seeds = mkdtempSync(path.join(own, 'seeds-'));
  try {
    for (const [index, text] of textsOf(target).entries()) writeFileSync(path.join(seeds, String(index)), text);
    const dictionary = path.join(own, 'words');
    const words = target.words ?? NUMBERS;
    writeFileSync(dictionary, words.map((word) => `"${escapeWord(word)}"\n`).join(''));
    const { code, said } = await libFuzzer(program, name, [
      ...[`-max_total_time=${seconds}`, `-seed=${seed}`, `-max_len=${mostBytes}`, `-dict=${dictionary}`],
      ...['-timeout=25', '-rss_limit_mb=1024', '-print_final_stats=1', `-artifact_prefix=${own}/`],
      ...[corpus, seeds],
    ]);
    if (code !== 0) throw new Finding(findingOf(name, program, own, code, said));
    return figuresOf(said, readdirSync(corpus).length);
  } finally {
    rmSync(seeds, { recursive: true, force: true });
  }
}

/** The least inputs that reach as much, into a folder that must be new. */
export async function minimize(
  { name }: NativeTarget,
  program: string,
  folder: string,
  into: string,
): Promise<Buffer[]> {
  mkdirSync(into, { recursive: true });
  const { code, said } = await libFuzzer(program, name, ['-merge=1', into, path.join(folder, name, 'corpus')]);
  if (code !== 0) throw new Error(`libFuzzer could not merge the inputs of ${name}: ${said}`);
  return readdirSync(into).map((file) => readFileSync(path.join(into, file)));
}

function textsOf({ name, file, mostBytes, texts = [] }: NativeTarget): Uint8Array[] {
  const written = texts.map((text) => Buffer.from(text, 'latin1'));
  return [...corpusOf(name), ...written, ...(file === undefined ? [] : seedsOf(file, mostBytes))];
}

function escapeWord(word: string): string {
  return word.replace(/[^ -~]|["\\]/g, (code) => `\\x${code.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function libFuzzer(program: string, target: string, words: readonly string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, FUZZ_TARGET: target, ASAN_OPTIONS: SANITIZERS };
    const child = spawn(program, words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (piece) => {
      said = (said + piece).slice(-200_000);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, said }));
  });
}

function findingOf(name: string, program: string, folder: string, code: number, said: string): string {
  const why = /DOES NOT HOLD: .*|ERROR: .*|runtime error: .*/.exec(said)?.[0] ?? `ended with ${code}`;
  const file = readdirSync(folder).find((one) => /^(?:crash|oom|timeout|leak)-/.test(one));
  const input = file === undefined ? '' : ` on ${JSON.stringify(readFileSync(path.join(folder, file), 'latin1'))}`;
  const again = file === undefined ? '' : `; again: FUZZ_TARGET=${name} ${program} ${path.join(folder, file)}`;
  return `${name}: ${why}${input}${again}\n${said.slice(-4000)}`;
}

function figuresOf(said: string, kept: number): FuzzFigures {
  const executions = Number(/stat::number_of_executed_units:\s*(\d+)/.exec(said)?.[1] ?? 0);
  const edges = Number([...said.matchAll(/ cov: (\d+)/g)].at(-1)?.[1] ?? 0);
  const seconds = Number(/Done \d+ runs in (\d+) second/.exec(said)?.[1] ?? 0);
  return { executions, seconds, edges, kept };
}
