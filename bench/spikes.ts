/**
 * Spikes that are shorter than a look: how many of them `tidemark run`, psutil polled at 10 Hz (as mprof does) and `/usr/bin/time -v`
 * see. `npm run bench:spikes`; the table is that of docs/run.md.
 *
 * The traps: a spike takes time to come and go, so the program itself tells from when to when it was whole; and a look that falls into
 * the ramp has seen a part, so seen is what shows nine tenths of it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openRecording } from '../src/recording/recording.js';
import { COUNTER_COLUMNS } from '../src/schema.js';
import { packageRoot } from '../src/text/package.js';
import type { RunReport } from '../src/workload/run-report.js';

const SPIKES = 40;
const MIB = 16;
const GAP_US = 150_000;
const SEEN_PART = 0.9;
const BYTES = MIB * 2 ** 20;
const root = packageRoot();
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-spikes-'));
const program = path.join(folder, 'spikes');
execFileSync('cc', ['-O1', '-o', program, path.join(root, 'bench/spikes.c')]);

interface Look {
  readonly timeNs: bigint;
  readonly rss: number;
}

interface Outcome {
  readonly seen: string;
  /** Bytes that the peak of the run fell short of the kernel's. */
  readonly peak: number;
}

/** How many spikes have a look that shows them, and the highest of all looks. */
function outcomeOf(stdout: string, looks: readonly Look[]): Outcome {
  const base = Math.min(...looks.map(({ rss }) => rss));
  const spikes = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(BigInt) as [bigint, bigint]);
  const isSeen = ([whole, goes]: [bigint, bigint]) =>
    looks.some(
      ({ timeNs, rss }) =>
        timeNs >= whole - 5_000_000n && timeNs <= goes + 5_000_000n && rss - base > SEEN_PART * BYTES,
    );
  const seen = spikes.filter(isSeen).length;
  return { seen: `${seen} of ${spikes.length}`, peak: Math.max(...looks.map(({ rss }) => rss)) };
}

function tidemark(words: readonly string[], hz: number): Outcome & { kernel: number } {
  const [file, json, out] = ['run.tide', 'run.json', 'out'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const old of [file, json]) rmSync(old, { force: true });
  const main = path.join(root, 'dist/cli/main.js');
  const run = [
    'run',
    '-q',
    '--hz',
    String(hz),
    '-o',
    file,
    '--json',
    json,
    '--',
    'sh',
    '-c',
    `exec "$0" "$@" >'${out}'`,
  ];
  spawnSync(process.execPath, [main, ...run, program, ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
  using recording = openRecording(file);
  const looks: Look[] = [];
  const walk = recording.walk();
  const column = COUNTER_COLUMNS.indexOf('rss');
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    const { slots, count } = walk.rows;
    for (let index = 0; index < count; index++) {
      const rss = walk.counter(column, slots[index]!);
      if (rss > 0) looks.push({ timeNs: walk.startNs, rss });
    }
  }
  const [first] = (JSON.parse(readFileSync(json, 'utf8')) as RunReport).runs;
  const { kernelPeak } = first!.tree.largestProcess;
  return {
    ...outcomeOf(readFileSync(out, 'utf8'), looks),
    kernel: 'value' in kernelPeak ? kernelPeak.value : Number.NaN,
  };
}

function psutil(words: readonly string[]): Outcome {
  const { stdout, stderr } = spawnSync('/usr/bin/python3', [
    path.join(root, 'bench/psutil-poll.py'),
    '10',
    program,
    ...words,
  ]);
  const looks = `${stderr}`
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  return outcomeOf(
    `${stdout}`,
    looks.map(([timeNs, rss]) => ({ timeNs: BigInt(timeNs!), rss: Number(rss) })),
  );
}

function kernelMark(words: readonly string[]): number {
  if (!existsSync('/usr/bin/time')) return Number.NaN;
  const { stderr } = spawnSync('/usr/bin/time', ['-v', program, ...words]);
  return Number(/Maximum resident set size \(kbytes\): (\d+)/.exec(`${stderr}`)?.[1]) * 1024;
}

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
console.log(`${SPIKES} spikes of ${MIB} MiB, ${GAP_US / 1000} to ${(2 * GAP_US) / 1000} ms apart\n`);
console.log(
  '| held for | run, 100 Hz: seen | run, 1000 Hz: seen | psutil, 10 Hz: seen | time -v | peak: run, 100 Hz | and the kernel in it | psutil | time -v |',
);
console.log('|--:|--:|--:|--:|--:|--:|--:|--:|--:|');
for (const holdMs of [1, 5, 20, 100]) {
  const words = [SPIKES, MIB, holdMs * 1000, GAP_US].map(String);
  const [usual, fast, polled, mark] = [tidemark(words, 100), tidemark(words, 1000), psutil(words), kernelMark(words)];
  const cells = [
    `${holdMs} ms`,
    ...[usual.seen, fast.seen, polled.seen, 'tells no times'],
    ...[usual.peak, usual.kernel, polled.peak, mark].map(mib),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
rmSync(folder, { recursive: true, force: true });
