/**
 * bpf-threads: what a process with many threads costs a sweep in the kernel, against processes with one.
 *
 * The trap: memory belongs to the process, times and faults to its threads. So the two are measured apart, as a recorder
 * reads them: memory at each tick, times ten times a second.
 */
import path from 'node:path';
import { packageRoot } from '../src/text/package.js';
import { alternate } from './alternate.js';
import type { Bench } from './bench-context.js';
import { findPython } from './interpreters.js';
import { RoundChild } from './round-child.js';
import { type Work, ZooSweeps } from './zoo-sweeps.js';

const PROCESSES = 50;
const THREADS = 200;

export const bpfThreads: Bench = {
  name: 'bpf-threads',
  summary: `${PROCESSES} processes with ${THREADS} threads each, against as many with one`,
  needsZoo: false,
  async run({ quick, report }) {
    const many = await start(THREADS);
    await using _many = many.keeper;
    const one = await start(1);
    await using _one = one.keeper;
    using ours = new ZooSweeps('bpf', many.pids);
    using theirs = new ZooSweeps('bpf', one.pids);
    const rounds = quick ? 20 : 500;
    for (const work of ['memory', 'counters'] as const) {
      const usOf = (sweeps: ZooSweeps, what: Work) => sweeps.round(what).cpuNs / 1e3 / PROCESSES;
      const contestants = [
        { name: `${THREADS} threads`, round: () => usOf(ours, work) },
        { name: 'one thread', round: () => usOf(theirs, work) },
      ];
      const [samples, single] = await alternate(contestants, rounds, 20);
      report({
        what: work === 'memory' ? 'memory counters, by the number of threads' : 'the same with CPU times and faults',
        on: `${PROCESSES} processes, picked by pid`,
        unit: 'us/process',
        ours: { name: `${THREADS} threads`, samples: samples! },
        theirs: { name: 'one thread', samples: single! },
        divide: 'ours/theirs',
        ...(work === 'memory' ? { target: { relation: '<=', value: 1.1, of: 'ratio' } } : {}),
      });
    }
  },
};

async function start(threads: number): Promise<{ keeper: RoundChild; pids: number[] }> {
  const python = findPython();
  if (python === undefined) throw new Error('This needs python3, and none is on the PATH');
  const keeper = new RoundChild('threads', python, [path.join(packageRoot(), 'bench', 'threaded.py')]);
  const answer = await keeper.ask(`start ${PROCESSES} ${threads}`);
  return { keeper, pids: answer.split(' ').map(Number) };
}
