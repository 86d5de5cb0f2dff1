/**
 * A recorder and an agent under churn for as long as is asked, while each of their calls fails now and then: what they hold
 * must stay as much, and what they record must add up.
 *
 * The traps: a program that warms up grows, the arenas of malloc for twenty minutes and V8's room for old objects for thirty,
 * so the first two fifths of an hour do not count; and garbage that is not collected yet is no leak, so the least of a stretch
 * is compared and not its mean.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openRecording } from '../../src/recording/recording.js';
import { childrenOf, isAlive, MIB, scratch, startSleep } from '../recorder/workload.js';
import { ROOT } from '../torture/root.js';
import type { Trial, TrialContext } from '../torture/trial.js';
import { buildLibrary, emptyTable, readTable } from './faulty-runs.js';

const PROGRAM = path.join(ROOT, 'dist/cli/main.js');
/** Of each call every so manieth fails: some hundred a minute. */
const EVERY = 997;
const EIO = 5;
const LOOK_MS = 5000;
const PROCESSES = 3;
/** Processes that come and go all the time, and one whose memory does. */
const CHURN = `while :; do for n in 1 2 3 4; do (: & : & wait) done; sleep 0.5; done`;
const SWELL = `
import mmap, time
while True:
    area = mmap.mmap(-1, 64 << 20)
    for at in range(0, len(area), 4096): area[at] = 1
    time.sleep(1)
    area.close()
    time.sleep(1)
`;

interface Held {
  readonly bytes: number;
  readonly descriptors: number;
  readonly threads: number;
}

/** What a program and its helper hold together. */
function heldBy(pid: number): Held {
  const all = [pid, ...childrenOf(pid, /helper\.js/)].map((one) => {
    const status = readFileSync(`/proc/${one}/status`, 'latin1');
    const number = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)![1]);
    const descriptors = readdirSync(`/proc/${one}/fd`).length;
    return { bytes: number('RssAnon') * 1024, descriptors, threads: number('Threads') };
  });
  const sum = (of: (held: Held) => number) => all.reduce((total, held) => total + of(held), 0);
  return {
    bytes: sum((held) => held.bytes),
    descriptors: sum((held) => held.descriptors),
    threads: sum((held) => held.threads),
  };
}

class Soaked {
  readonly held: Held[] = [];
  stderr = '';
  readonly #ended: Promise<unknown[]>;

  constructor(
    readonly name: string,
    readonly child: ChildProcess,
    private readonly table: string,
  ) {
    child.stderr!.on('data', (bytes) => {
      this.stderr += bytes;
    });
    this.#ended = once(child, 'close');
  }

  look(): void {
    if (this.child.exitCode !== null || this.child.signalCode !== null)
      throw new Error(`${this.name} ended: ${this.stderr}`);
    this.held.push(heldBy(this.child.pid!));
  }

  /** Ends it in order; how many calls there were, and how many failed. */
  async end(): Promise<{ calls: number; failed: number }> {
    this.child.kill('SIGTERM');
    const [code, signal] = await this.#ended;
    if (code !== 0) throw new Error(`${this.name} ended with ${signal ?? code}: ${this.stderr}`);
    const { calls, failed } = readTable(this.table);
    return { calls: [...calls.values()].reduce((sum, made) => sum + made, 0), failed };
  }

  /** What it held in the third and in the last fifth; throws when it is more. */
  compare(): Record<string, string> {
    const fifth = Math.floor(this.held.length / 5);
    const early = this.held.slice(2 * fifth, 3 * fifth);
    const late = this.held.slice(-fifth);
    const figures: Record<string, string> = {};
    const least = (of: (held: Held) => number, room: number, name: string, show: (value: number) => string) => {
      const leastOf = (stretch: readonly Held[]) => Math.min(...stretch.map(of));
      const [before, after] = [leastOf(early), leastOf(late)];
      const tenths = Array.from({ length: 10 }, (_, tenth) =>
        leastOf(this.held.slice((this.held.length * tenth) / 10, (this.held.length * (tenth + 1)) / 10)),
      );
      const figure = `${show(before)} then ${show(after)} (by tenths ${tenths.map(show).join(' ')})`;
      figures[`${this.name} ${name}`] = figure;
      if (after > before + room) throw new Error(`${this.name}: ${name} grew from ${figure}`);
    };
    least(
      (held) => held.bytes,
      6 * MIB,
      'memory',
      (bytes) => `${(bytes / MIB).toFixed(1)} MiB`,
    );
    // Of who is there a file is kept open, and some come and go all the time.
    least((held) => held.descriptors, 8, 'descriptors', String);
    least((held) => held.threads, 0, 'threads', String);
    return figures;
  }
}

/** Every tick has a row of each process that was there all the time, with a value or the reason why there is none. */
function account(file: string, pids: readonly number[]): Record<string, number> {
  using recording = openRecording(file);
  const { ticks, coverage, damage } = recording.summary();
  if (damage.length > 0) throw new Error(`${file} is damaged: ${JSON.stringify(damage)}`);
  if (ticks.recorded + ticks.missed !== ticks.expected) throw new Error(`Ticks: ${JSON.stringify(ticks)}`);
  let [values, statuses] = [0, 0];
  for (const process of recording.processes().filter(({ pid }) => pids.includes(pid))) {
    const { value, status } = recording.series(process, 'rss');
    if (value.length !== ticks.recorded)
      throw new Error(`${process.pid}: ${value.length} rows of ${ticks.recorded} ticks`);
    value.forEach((bytes, row) => {
      if (bytes > 0 && status[row] === 0) values++;
      else if (Number.isNaN(bytes) && status[row] !== 0) statuses++;
      else throw new Error(`${process.pid}: ${bytes} bytes with status ${status[row]}`);
    });
  }
  if (values + statuses !== ticks.recorded * pids.length)
    throw new Error(`${values} and ${statuses} of ${ticks.recorded} ticks`);
  const dropped = Object.values(coverage.dropped).reduce((sum, rows) => sum + rows, 0);
  return {
    attempted: coverage.attempted,
    stored: coverage.stored,
    dropped,
    'rows with a value': values,
    'with a reason': statuses,
  };
}

async function soak({ count, progress }: TrialContext): Promise<Record<string, number | string>> {
  using folder = scratch();
  const library = folder.file('fail-calls.so');
  buildLibrary(library);
  const start = (name: string, words: readonly string[]) => {
    const table = folder.file(`${name}.table`);
    emptyTable(table);
    const env = { LD_PRELOAD: library, FAULTS_TABLE: table, FAULTS_FAIL: `${EVERY} 0 ${EIO} *`, TIDEMARK_DEBUG: '' };
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return new Soaked(name, child, table);
  };
  const sleeps = Array.from({ length: PROCESSES }, () => startSleep(100_000));
  const churn = [spawn('sh', ['-c', CHURN], { stdio: 'ignore' }), spawn('python3', ['-c', SWELL], { stdio: 'ignore' })];
  const file = folder.file('soak.tide');
  const programs = [
    start('record', ['record', '--engine', 'native', '--hz', '10', '--mappings', 'auto', '--size', '32M', '-o', file]),
    start('agent', ['agent', '--listen', '127.0.0.1:0', '--ring', folder.path, '--size', '16M']),
  ];
  try {
    for (const until = performance.now() + count * 1000; performance.now() < until; ) {
      await pause(LOOK_MS);
      for (const program of programs) program.look();
      progress(Math.round(count - (until - performance.now()) / 1000));
    }
    const figures: Record<string, number | string> = { seconds: count };
    for (const program of programs) {
      const { calls, failed } = await program.end();
      Object.assign(figures, { [`${program.name} calls`]: calls, [`${program.name} failed`]: failed });
    }
    Object.assign(
      figures,
      account(
        file,
        sleeps.map(({ pid }) => pid!),
      ),
    );
    for (const program of programs) Object.assign(figures, program.compare());
    return figures;
  } finally {
    for (const child of [...sleeps, ...churn, ...programs.map((program) => program.child)]) {
      if (isAlive(child.pid!)) child.kill('SIGKILL');
    }
  }
}

export const SOAK_TRIAL: Trial = {
  name: 'soak',
  says: 'record and agent for so many seconds under churn while calls fail: memory, descriptors and threads stay, all adds up',
  count: 3600,
  run: soak,
};
