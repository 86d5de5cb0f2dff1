/**
 * What a target notices of who reads it: `npm run bench:observer [-- --rounds N --seconds S --bytes B --up S --no-peers]`.
 *
 * The traps: a noisy machine stalls the target as well, so every arm is run in each round beside two arms in which nobody
 * reads, in an order that changes, and what counts is the difference to these; and percentiles by operation hide stalls, since a
 * stalled target performs fewer operations, so the worst and the time in stalls are told too.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { openRecording } from '../src/recording/recording.js';
import { packageRoot } from '../src/text/package.js';

const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '2' },
    bytes: { type: 'string', default: String(2 ** 31) },
    up: { type: 'string', default: '45' },
    'no-peers': { type: 'boolean', default: false },
  },
});
const rounds = Number(given.rounds);
const seconds = Number(given.seconds);
const MAIN = path.join(packageRoot(), 'dist', 'cli', 'main.js');
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-observer-'));
/** A reader comes up before the target is measured. */
const WARM_UP_MS = 2000;
/** A recorder does so for longer: Node, its code, and the first looks at everything, for which 30 s of the budget are paid ahead. */
const UP_MS = Number(given.up) * 1000;
/** Peers are far off; rounds of theirs are time in which ours are not measured. */
const PEER_ROUNDS = 3;

interface Measured {
  readonly operations: number;
  readonly mean: number;
  readonly p999: number;
  readonly p9999: number;
  readonly worst: number;
  readonly stalled: number;
}

interface Arm {
  readonly name: string;
  readonly isPeer?: true;
  /** The words of a program that reads the process. */
  readonly words?: (pid: number) => readonly string[];
}

const PSUTIL =
  'import psutil, sys, time\np = psutil.Process(int(sys.argv[1]))\nwhile True:\n p.memory_full_info()\n time.sleep(0.1)';
/** Of Debian; another place of it may be named. */
const EXPORTER = [process.env.PROCESS_EXPORTER ?? '', '/usr/bin/prometheus-process-exporter'].find(existsSync);
const SCRAPE = 'http://127.0.0.1:19256/metrics';
const SCRAPED = `${EXPORTER} -web.listen-address 127.0.0.1:19256 -procnames target -gather-smaps & while :; do curl -s ${SCRAPE} >/dev/null; sleep 0.1; done`;
const recording = path.join(folder, 'observer.tide');
const record = (pid: number, ...words: string[]) => {
  rmSync(recording, { force: true });
  return [process.execPath, MAIN, 'record', '-o', recording, '--pid', String(pid), '--size', '16M', ...words];
};
const ARMS: readonly Arm[] = [
  { name: 'alone' },
  { name: 'tidemark, default', words: (pid) => record(pid) },
  { name: 'alone again' },
  { name: 'tidemark --hz 100', words: (pid) => record(pid, '--hz', '100', '--mappings', 'auto') },
  { name: 'psutil full_info 10 Hz', isPeer: true, words: (pid) => ['/usr/bin/python3', '-c', PSUTIL, String(pid)] },
  {
    name: 'pmap -X in a loop',
    isPeer: true,
    words: (pid) => ['sh', '-c', `while :; do pmap -X ${pid} >/dev/null; done`],
  },
  ...(existsSync('/usr/bin/smem')
    ? [
        {
          name: 'smem in a loop',
          isPeer: true as const,
          words: () => ['sh', '-c', 'while :; do smem >/dev/null; done'],
        },
      ]
    : []),
  ...(EXPORTER === undefined
    ? []
    : [{ name: 'process-exporter scraped at 10 Hz', isPeer: true as const, words: () => ['sh', '-c', SCRAPED] }]),
];

const target = path.join(folder, 'target');
execFileSync('gcc', ['-O2', '-o', target, path.join(packageRoot(), 'bench', 'observer-target.c')]);
const child = spawn(target, [given.bytes], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const results = new Map<string, Measured[]>(ARMS.map(({ name }) => [name, []]));
const reads: string[] = [];

/** The target works for so long; what its operations took. */
async function measure(ms = seconds * 1000): Promise<Measured> {
  child.stdin.write(`${ms}\n`);
  const { value } = await lines.next();
  const [operations, mean, p999, p9999, worst, stalled] = String(value).split(' ').map(Number);
  return { operations, mean, p999, p9999, worst, stalled } as Measured;
}

/** Ends a reader and what it started: they are a group of their own. */
async function end(reader: ChildProcess, isOurs: boolean): Promise<void> {
  const ended = once(reader, 'exit');
  process.kill(isOurs ? reader.pid! : -reader.pid!, isOurs ? 'SIGINT' : 'SIGKILL');
  await ended;
}

/** What Tidemark read of the target in one arm. */
function noteReads(name: string): void {
  using made = openRecording(recording);
  const [process] = made.processes({ pid: child.pid! });
  if (!process) return;
  const series = (metric: 'uss' | 'rollupHold' | 'rollupPaced') => made.series(process, metric).value;
  const uss = series('uss').filter((value) => value > 0);
  const { durationSeconds, self } = made.summary();
  const most = Math.max(0, ...series('rollupHold').filter((hold) => hold > 0)) / 1e6;
  reads.push(
    `${name}: USS measured ${uss.length} times in ${durationSeconds.toFixed(1)} s, ` +
      `${series('rollupPaced').filter((paced) => paced === 1).length} times in pieces, longest hold ${most.toFixed(3)} ms, ` +
      `own CPU ${(self.cpuShareOfOneCore * 100).toFixed(1)} %`,
  );
}

try {
  await lines.next();
  await measure();
  for (let round = 0; round < rounds; round++) {
    for (let step = 0; step < ARMS.length; step++) {
      const arm = ARMS[(step + round) % ARMS.length]!;
      if (arm.isPeer && (given['no-peers'] || round >= PEER_ROUNDS)) continue;
      const words = arm.words?.(child.pid!);
      const reader = words && spawn(words[0]!, words.slice(1), { stdio: 'ignore', detached: true });
      const isOurs = arm.name.startsWith('tidemark');
      // It works meanwhile too: a recorder saves its budget while nothing moves, and spends it at once when something does.
      await measure(isOurs ? UP_MS : WARM_UP_MS);
      results.get(arm.name)!.push(await measure());
      if (!reader) continue;
      await end(reader, isOurs);
      if (isOurs && round === rounds - 1) noteReads(arm.name);
    }
  }
} finally {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const alone = results.get('alone')!;
const ms = (ns: number) => (ns / 1e6).toFixed(2);
console.log(
  `target of ${Number(given.bytes) / 2 ** 20} MiB in small pages, ${rounds} rounds of ${seconds} s (peers ${given['no-peers'] ? 0 : PEER_ROUNDS}), ours up for ${UP_MS / 1000} s, medians over rounds\n`,
);
console.log('| reader | mean, ratio to alone | p99.9 ms | p99.99 ms | worst ms | of the time in stalls over 1 ms |');
console.log('|---|---|---|---|---|---|');
for (const [name, all] of results) {
  if (all.length === 0) continue;
  const ratio = median(all.map(({ mean }, round) => mean / alone[round]!.mean));
  const [p999, p9999, worst] = (['p999', 'p9999', 'worst'] as const).map((key) =>
    ms(median(all.map((one) => one[key]))),
  );
  const stalled = median(all.map((one) => one.stalled)) / (seconds * 1e9);
  console.log(`| ${name} | ${ratio.toFixed(3)} | ${p999} | ${p9999} | ${worst} | ${(stalled * 100).toFixed(2)} % |`);
}
console.log(`\n${reads.join('\n')}`);
