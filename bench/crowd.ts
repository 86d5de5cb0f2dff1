/**
 * crowd: commands beside tens of thousands of processes: how long until `record` has its first frame, what it misses and
 * takes at 10 Hz, and how long `ps` and the first screen of `top` take.
 *
 * The trap: a recorder in a process of ours would count our memory. So each is the command itself, and its memory is what
 * the kernel says of its process.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openRecording } from '../src/recording/recording.js';
import { packageRoot } from '../src/text/package.js';
import { alternate } from './alternate.js';
import type { Bench, BenchContext } from './bench-context.js';
import { CrowdProcesses } from './crowd-processes.js';
import type { Target } from './finding.js';
import { digits } from './finding-text.js';
import { firstScreen } from './first-screen.js';
import { residentOf } from './process-cost.js';
import { wallMs } from './wall-ms.js';

const MAIN = path.join(packageRoot(), 'dist', 'cli', 'main.js');
const MIB = 2 ** 20;
const HZ = 10;
/** The last look at a recorder's memory is so long before its end at most. */
const LOOK_MS = 200;
const atMost = (value: number): Target => ({ relation: '<=', value, of: 'ours' });

export const crowd: Bench = {
  name: 'crowd',
  summary: 'record, ps and top beside a crowd; give it --processes 20000',
  needsZoo: false,
  async run(context) {
    const { processes, quick } = context;
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-'));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    process.once('exit', remove);
    try {
      await using _crowd = await CrowdProcesses.start(processes);
      const on = `a host with ${processes} processes more`;
      for (const engine of ['bpf', 'native', 'ts']) {
        const samples: number[] = [];
        for (let round = 0; round < (quick ? 1 : 5); round++) samples.push(await firstFrame(folder, engine));
        context.report({
          what: `record with its defaults, from its start to the first frame stored, engine ${engine}`,
          ...{ on, unit: 'ms', ours: { name: engine, samples }, target: atMost(5000) },
        });
      }
      const screens: number[] = [];
      for (let round = 0; round < (quick ? 1 : 5); round++) screens.push((await firstScreen()).first);
      context.report({
        what: 'top, from its start to its first screen',
        ...{ on, unit: 'ms', ours: { name: 'top', samples: screens }, target: atMost(5000) },
      });
      await compareLists(context, on);
      for (const rollup of ['off', 'auto']) await keepTime(context, on, folder, rollup);
    } finally {
      process.off('exit', remove);
      remove();
    }
  },
};

/** Milliseconds. */
async function firstFrame(folder: string, engine: string): Promise<number> {
  const file = path.join(folder, 'first.tide');
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN, 'record', '--engine', engine, '-o', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  for await (const piece of child.stderr!) {
    told += String(piece);
    // It says so once the first frame is in the file.
    if (!told.includes('\nrecording ') && !told.startsWith('recording ')) continue;
    const took = performance.now() - began;
    child.kill('SIGINT');
    await once(child, 'exit');
    rmSync(file);
    return took;
  }
  throw new Error(`record ended before its first frame: ${told}`);
}

async function compareLists({ quick, report }: BenchContext, on: string): Promise<void> {
  const [ours, theirs] = await alternate(
    [
      { name: 'tidemark ps', round: () => wallMs(process.execPath, [MAIN, 'ps', 'aux']) },
      { name: 'procps', round: () => wallMs('ps', ['aux']) },
    ],
    quick ? 1 : 5,
  );
  // What GNU time says would be in its own words, and not every host has it.
  const script = `import resource,subprocess,sys;subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,check=True);print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)`;
  const { stdout } = spawnSync('python3', ['-c', script, process.execPath, MAIN, 'ps', 'aux'], { encoding: 'utf8' });
  report({
    what: 'ps aux against procps',
    on,
    unit: 'ms',
    ours: { name: 'tidemark, Node included', samples: ours! },
    theirs: { name: 'procps', samples: theirs! },
    target: { relation: '<=', value: 1, of: 'ratio' },
    also: `at most ${digits(Number(stdout) / 1024)} MiB resident`,
  });
}

/** Records at ten ticks a second, and tells what was missed, and how much memory the recorder took. */
async function keepTime({ quick, report }: BenchContext, on: string, folder: string, rollup: string): Promise<void> {
  const file = path.join(folder, 'minute.tide');
  const words = ['record', '--engine', 'bpf', '--hz', String(HZ), '--rollup', rollup];
  const seconds = quick ? 5 : 60;
  words.push('--for', `${seconds}s`, '-o', file);
  const child = spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  let told = '';
  child.stderr!.on('data', (piece) => {
    told += String(piece);
  });
  const ended = once(child, 'close');
  let memory = { now: 0, most: 0 };
  let atWork = memory;
  const began = performance.now();
  const look = setInterval(() => {
    try {
      memory = residentOf(child.pid!);
      // It begins to count them with its first frame; then the summary is made, when the sampler is gone.
      if (performance.now() - began < seconds * 1000) atWork = memory;
    } catch {
      // It has ended.
    }
  }, LOOK_MS);
  const [code] = await ended;
  clearInterval(look);
  if (code !== 0) throw new Error(`record ended with ${code}: ${told}`);
  using recording = openRecording(file);
  const { ticks, self, processes } = recording.summary();
  report({
    what: `ticks missed at ${HZ} Hz, engine bpf, rollup ${rollup}`,
    on,
    times: `${ticks.expected} ticks`,
    unit: '% missed',
    ours: { name: 'bpf', samples: [(ticks.missed / ticks.expected) * 100] },
    target: atMost(1),
    also:
      `${processes.max} processes, late p50 ${ticks.latenessMs.p50} p99 ${ticks.latenessMs.p99} ms, ` +
      `${digits(self.usPerProcessPerTick)} us/process/tick, ${digits(self.cpuShareOfOneCore * 100)} % of a core`,
  });
  report({
    what: `most resident memory of that recorder, rollup ${rollup}`,
    ...{ on, unit: 'MiB', ours: { name: 'record', samples: [atWork.most / MIB] }, target: atMost(120) },
    times: 'once',
    also: `${digits(atWork.now / MIB)} MiB at the end, at most ${digits(memory.most / MIB)} while it sums up`,
  });
  rmSync(file);
}
