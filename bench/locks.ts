/**
 * Which reads of a process take its memory map's lock on this kernel, and for how long: `npm run bench:locks [-- --bytes B]`.
 *
 * Two questions to each read. How long does one call take, and what is the worst that a target notices that maps and unmaps
 * meanwhile? And how long does a call take while the target forks, which locks its memory map and every mapping for as long
 * as its page tables are copied? What takes no lock does not wait for that.
 *
 * The trap: a busy machine makes everything wait; so the same is told of a target that is left alone.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { packageRoot } from '../src/text/package.js';

const { values: given } = parseArgs({
  options: { bytes: { type: 'string', default: String(2 ** 30) }, rounds: { type: 'string', default: '5' } },
});
const READS = [
  'statm',
  'stat',
  'status',
  'cmdline',
  'environ',
  'maps',
  'smaps',
  'smaps_rollup',
  'pagemap',
  'PAGEMAP_SCAN',
  'kpagecount',
] as const;
const MEASURED_MS = 400;
const PERIOD_US = 20_000;

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-locks-'));
const compiled = (name: string) => {
  const program = path.join(folder, name);
  execFileSync('gcc', ['-O2', '-o', program, path.join(packageRoot(), 'bench', `${name}.c`)]);
  return program;
};
const reader = compiled('lock-reads');
const child = spawn(compiled('observer-target'), [given.bytes], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const ask = async (line: string): Promise<number[]> => {
  child.stdin.write(`${line}\n`);
  return String((await lines.next()).value)
    .split(' ')
    .map(Number);
};
const run = promisify(execFile);
let heap = '';

/** One read for a while: nanoseconds of a call at the median and at most. */
async function read(name: string, milliseconds: number, periodUs: number) {
  const words = [name, String(child.pid), heap, String(periodUs), String(milliseconds)];
  const { stdout } = await run(reader, words);
  const [, whole, , call, most] = stdout.trim().split(' ').map(Number) as [number, number, number, number, number];
  return { whole, call, most };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

interface Round {
  readonly call: number;
  readonly whole: number;
  readonly worst: number;
  readonly beside: number;
  readonly forkNs: number;
}

/** Beside a target that maps and unmaps, then beside one that forks. */
async function oneRound(name: (typeof READS)[number]): Promise<Round> {
  const measured = ask(String(MEASURED_MS + 100));
  const reads = await read(name, MEASURED_MS, PERIOD_US);
  const [, , , , worst] = await measured;
  const forking = ask(`f${MEASURED_MS + 100}`);
  await pause(20);
  // Without a pause, so that some of the calls begin in a fork.
  const beside = await read(name, MEASURED_MS, 1000);
  const [, forkNs] = await forking;
  return { call: reads.call, whole: reads.whole, worst: worst!, beside: beside.most, forkNs: forkNs! };
}

try {
  heap = String((await lines.next()).value);
  const alone: number[] = [];
  const rounds = new Map<string, Round[]>(READS.map((name) => [name, []]));
  for (let round = 0; round < Number(given.rounds); round++) {
    alone.push((await ask(String(MEASURED_MS + 100)))[4]!);
    for (const name of READS) rounds.get(name)!.push(await oneRound(name));
  }
  const us = (ns: number) => (ns < 100_000 ? (ns / 1e3).toFixed(1) : String(Math.round(ns / 1e3)));
  const forkNs = median([...rounds.values()].flat().map((one) => one.forkNs));
  console.log(
    `Linux ${release()}, a target of ${Number(given.bytes) / 2 ** 20} MiB in small pages, medians of ${given.rounds} rounds.`,
  );
  console.log(`Left alone its worst operation takes ${us(median(alone))} us, and a fork ${us(forkNs)} us.\n`);
  console.log(
    '| read | one call, us | all of it, us | worst operation of the target, us | longest call beside forks, us | waits for the lock |',
  );
  console.log('|---|---|---|---|---|---|');
  for (const [name, all] of rounds) {
    const of = (key: keyof Round) => median(all.map((one) => one[key]));
    const waits = of('beside') > forkNs * 0.6 ? 'yes' : 'no';
    console.log(
      `| \`${name}\` | ${us(of('call'))} | ${us(of('whole'))} | ${us(of('worst'))} | ${us(of('beside'))} | ${waits} |`,
    );
  }
} finally {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
