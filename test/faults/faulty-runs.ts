/**
 * `tidemark record` of three quiet processes in which a call fails: what runs it, and what must hold of every run.
 *
 * The trap: the recording's own count adds up by definition. What was to be recorded is known from outside: as many
 * processes as were started, at as many ticks as the time had, and each of them has memory.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openRecording } from '../../src/recording/recording.js';
import { scratch } from '../recorder/workload.js';
import { ROOT } from '../torture/root.js';

const SOURCES = ['fail-calls.c', 'failing-calls.c'].map((name) => path.join(ROOT, 'test/faults', name));
const PROGRAM = path.join(ROOT, 'dist/cli/main.js');
const SITE_BYTES = 128;
const KEY_BYTES = 120;
const SITES = 512;
/** Whoever is not through by then hangs, however busy the host is: a run takes two seconds. */
const MOST_MS = 60_000;
const PROCESSES = 3;
const HZ = 20;

export interface Fault {
  readonly key: string;
  /** The first call that fails, 1 for the first of all. */
  readonly first: number;
  /** How many fail; 0 for all from there on. */
  readonly count: number;
  readonly errno: string;
}

/** What a recorder is asked for, by name: the words that go with it. */
export const COURSES: Readonly<Record<string, readonly string[]>> = {
  native: ['--engine', 'native', '--rollup', '5', '--mappings', '5'],
  paced: ['--engine', 'native', '--rollup', '5', '--mappings', '5', '--max-hold', '0.05ms'],
  ts: ['--engine', 'ts', '--rollup', '5', '--mappings', '5'],
  bpf: ['--engine', 'bpf', '--rollup', '5'],
};

export interface FaultyRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** Calls by key. */
  readonly calls: ReadonlyMap<string, number>;
  readonly failed: number;
  /** What does not hold; empty when all does. */
  readonly wrong: readonly string[];
  /** Where the fault shows: the exit code, a message, a count in the recording; empty when nowhere. */
  readonly shows: readonly string[];
}

export const ERRNO_NUMBERS: Readonly<Record<string, number>> = {
  EPERM: 1,
  EINTR: 4,
  EIO: 5,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EMFILE: 24,
  ENOSPC: 28,
};

/** Builds what is preloaded. */
export function buildLibrary(library: string): void {
  execFileSync('gcc', ['-O1', '-shared', '-fPIC', '-o', library, ...SOURCES, '-ldl', '-lpthread']);
}

export function emptyTable(file: string): void {
  writeFileSync(file, Buffer.alloc(SITE_BYTES * SITES));
}

export class FaultyRuns implements Disposable {
  readonly #folder = scratch();
  readonly #library = this.#folder.file('fail-calls.so');
  readonly #sleeps: ChildProcess[] = [];
  /** Something that no other command line has. */
  readonly #seconds = 80_000 + (process.pid % 10_000);
  #runs = 0;

  constructor() {
    buildLibrary(this.#library);
    for (let started = 0; started < PROCESSES; started++) {
      this.#sleeps.push(spawn('sleep', [`${this.#seconds}.5`], { stdio: 'ignore' }));
    }
  }

  [Symbol.dispose](): void {
    for (const sleep of this.#sleeps) sleep.kill();
    this.#folder[Symbol.dispose]();
  }

  /** Records once, with a fault or, to see which calls there are, without. */
  async run(course: string, fault?: Fault): Promise<FaultyRun> {
    const file = this.#folder.file(`${++this.#runs}.tide`);
    const table = this.#folder.file(`${this.#runs}.table`);
    emptyTable(table);
    const target = ['--match', `cmdline:^sleep ${this.#seconds}\\.5`];
    const words = [
      'record',
      ...target,
      ...COURSES[course]!,
      '--hz',
      String(HZ),
      '--for',
      '500ms',
      '--size',
      '4M',
      '-o',
      file,
    ];
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      env: {
        ...process.env,
        TIDEMARK_DEBUG: '',
        LD_PRELOAD: this.#library,
        FAULTS_TABLE: table,
        FAULTS_FAIL: fault ? `${fault.first} ${fault.count} ${ERRNO_NUMBERS[fault.errno]} ${fault.key}` : '',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: MOST_MS,
      killSignal: 'SIGKILL',
    });
    let stderr = '';
    child.stderr!.on('data', (bytes) => {
      stderr += bytes;
    });
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    const { calls, failed } = readTable(table);
    const judged = judge(file, code, signal, stderr, calls);
    for (const made of [file, table]) rmSync(made, { force: true });
    return { code, signal, stderr, calls, failed, ...judged };
  }
}

/** Calls by key, and how many of all failed. */
export function readTable(file: string): { calls: Map<string, number>; failed: number } {
  const bytes = readFileSync(file);
  const calls = new Map<string, number>();
  let failed = 0;
  for (let at = 0; at < bytes.length && bytes[at] !== 0; at += SITE_BYTES) {
    const key = bytes.subarray(at, bytes.indexOf(0, at)).toString();
    calls.set(key, bytes.readUInt32LE(at + KEY_BYTES));
    failed += bytes.readUInt32LE(at + KEY_BYTES + 4);
  }
  return { calls, failed };
}

function judge(
  file: string,
  code: number | null,
  signal: NodeJS.Signals | null,
  stderr: string,
  calls: ReadonlyMap<string, number>,
) {
  const wrong: string[] = [];
  const shows: string[] = [];
  if (signal === 'SIGKILL') wrong.push('hangs');
  else if (signal) wrong.push(`ends by ${signal}`);
  else if (![0, 1, 4, 5].includes(code!)) wrong.push(`exit code ${code}`);
  if (/^\s+at |\\x0A {4}at |^node:|Unhandled|#\d+ 0x|terminate called/m.test(stderr))
    wrong.push(`a fault of ours: ${stderr}`);
  const said = stderr.split('\n').filter((line) => line.startsWith('tidemark record: '));
  if (/throwing-new/.test([...calls.keys()].join())) wrong.push('a large allocation that may not fail');
  if (code !== 0) {
    shows.push(`exit ${code}`);
    if (said.length === 0) wrong.push(`no sentence: ${JSON.stringify(stderr)}`);
  }
  shows.push(...said);
  if (existsSync(file)) judgeRecording(file, code, wrong, shows);
  else if (code === 0) wrong.push('no recording');
  return { wrong, shows };
}

function judgeRecording(file: string, code: number | null, wrong: string[], shows: string[]): void {
  try {
    using recording = openRecording(file);
    const { ticks, coverage, damage, statShare } = recording.summary();
    for (const { reason, offset } of damage) wrong.push(`damage: ${reason} at ${offset}`);
    for (const [reason, rows] of Object.entries(coverage.dropped)) shows.push(`${rows} ${reason}`);
    if (statShare < 1) shows.push('stat share');
    if (code !== 0) return;
    if (ticks.recorded + ticks.missed !== ticks.expected) wrong.push(`ticks: ${JSON.stringify(ticks)}`);
    // Whose command line cannot be read is not known to match, and that nobody matches is said.
    const isNobody = shows.some((line) => line.endsWith('No process matches the target yet'));
    if (!isNobody && coverage.attempted < ticks.expected * PROCESSES) {
      wrong.push(`${coverage.attempted} rows of ${ticks.expected} ticks and ${PROCESSES} processes`);
    }
    for (const process of recording.processes()) {
      for (const metric of ['rss', 'pss', 'uss', 'vsize', 'threads'] as const) {
        if (recording.series(process, metric).value.includes(0)) wrong.push(`${metric} is 0`);
      }
    }
  } catch (error) {
    wrong.push(`the recording: ${(error as Error).message}`);
  }
}
