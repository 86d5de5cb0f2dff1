/**
 * bpf-sweep: what a sweep by a program in the kernel costs, against the same program with nothing around it, and against
 * the usual ways to read the same processes.
 *
 * The trap: the first sweep of each kind finds the caches that another has emptied. All take turns, and each is charged the
 * CPU time of its process. A turn is one sweep, which is dearer for who needs more memory than time; and against pidusage also
 * a number of them in a row, which is how either is used: it goes on reading the same processes.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../src/text/package.js';
import { alternate } from './alternate.js';
import type { Bench, BenchContext } from './bench-context.js';
import type { Target } from './finding.js';
import { findPython } from './interpreters.js';
import { RoundChild } from './round-child.js';
import { checkSums, ZooSweeps } from './zoo-sweeps.js';

export const bpfSweep: Bench = {
  name: 'bpf-sweep',
  summary: 'sweeps in the kernel against the bare program, psutil and pidusage',
  needsZoo: true,
  async run(context) {
    const pids = context.zoo.pids.join(' ');
    {
      await using bare = startBare();
      await bare.ask(pids);
      await compare(context, {
        ...{ child: bare, work: 'all', divide: 'ours/theirs', rounds: context.quick ? 10 : 200 },
        target: { relation: '<=', value: 1.3, of: 'ratio' },
      });
    }
    const python = findPython(['psutil']);
    if (python === undefined)
      context.note('psutil is not installed, so it is left out: apt-get install python3-psutil');
    else {
      await using psutil = new RoundChild('psutil', python, [path.join(packageRoot(), 'bench', 'psutil-rounds.py')]);
      await psutil.ask(pids);
      await compare(context, {
        ...{ child: psutil, work: 'oneshot', divide: 'theirs/ours', rounds: context.quick ? 3 : 20 },
        target: { relation: '>=', value: 20, of: 'ratio' },
      });
    }
    const rounds = fileURLToPath(new URL('node-rounds.js', import.meta.url));
    await using node = new RoundChild('pidusage', process.execPath, [rounds]);
    await node.ask(pids);
    for (const ourWork of ['counters', 'recorded'] as const) {
      for (const inARow of [1, IN_A_ROW]) {
        await compare(context, {
          ...{ child: node, work: 'pidusage', divide: 'theirs/ours', rounds: context.quick ? 3 : 20, ourWork, inARow },
          target: { relation: '>=', value: 40, of: 'ratio' },
        });
      }
    }
  },
};

const READ = {
  counters: 'every column of every process, times included',
  recorded: 'as a recording at 100 Hz reads them: times of one in 16 at each tick',
};

/** Sweeps of a turn, of both sides. */
const IN_A_ROW = 20;

interface Comparison {
  readonly child: RoundChild;
  /** What it is asked for. */
  readonly work: string;
  readonly divide: 'ours/theirs' | 'theirs/ours';
  readonly target: Target;
  readonly rounds: number;
  readonly ourWork?: keyof typeof READ;
  /** Sweeps of a turn. */
  readonly inARow?: number;
}

async function compare({ zoo, report }: BenchContext, comparison: Comparison): Promise<void> {
  const { child, work, divide, target, rounds, ourWork = 'counters', inARow = 1 } = comparison;
  using sweeps = new ZooSweeps('bpf', zoo.pids);
  const theirs = await child.round(work);
  checkSums({ name: 'bpf', sum: sweeps.round('counters').sum }, { name: child.name, sum: theirs.sum }, 0.1);
  /** Of one sweep of a turn, and of one process. */
  const turn = (sweep: () => { cpuNs: number } | Promise<{ cpuNs: number }>) => async () => {
    let cpuNs = 0;
    for (let done = 0; done < inARow; done++) cpuNs += (await sweep()).cpuNs;
    return cpuNs / 1e3 / inARow / zoo.pids.length;
  };
  const contestants = [
    { name: 'bpf', round: turn(() => sweeps.round(ourWork)) },
    { name: child.name, round: turn(() => child.round(work)) },
  ];
  const [ours, others] = await alternate(contestants, rounds, inARow > 1 ? 1 : 10);
  report({
    what: `bpf counters against ${child.name}`,
    on: `${zoo.description}, ${READ[ourWork]}, ${inARow} in a row`,
    unit: 'us/process',
    ours: { name: 'bpf', samples: ours! },
    theirs: { name: child.name, samples: others! },
    divide,
    target,
  });
}

/** Compiles bpf-bare.c with the skeletons into a temporary folder and starts it. */
function startBare(): RoundChild {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-'));
  const root = packageRoot();
  try {
    execFileSync(process.execPath, [path.join(root, 'scripts', 'build-bpf.js'), folder], { stdio: 'inherit' });
    const program = path.join(folder, 'bare');
    const sources = [path.join(root, 'bench', 'bpf-bare.c'), path.join(root, 'native', 'bpf', 'objects.c')];
    execFileSync('gcc', ['-O2', '-w', `-I${folder}`, '-o', program, ...sources], { stdio: 'inherit' });
    return new RoundChild('bare program', 'env', [`CPUS=${availableParallelism()}`, program]);
  } finally {
    // `env` has not opened the program yet.
    setTimeout(() => rmSync(folder, { recursive: true }), 2000);
  }
}
