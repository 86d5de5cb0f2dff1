/**
 * peers: what a sweep of ours costs against the usual ways to read the same processes.
 *
 * The traps: a peer that reads less is no peer, so the sums of both sides are compared first and what each reads is said;
 * our counters sweep reads `statm` and `stat` for ten metrics where the others read one of the two. All are measured by the
 * CPU time of the process that does the work, in turn with ours.
 */

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../src/text/package.js';
import { alternate, warmUpsOf } from './alternate.js';
import type { Bench, BenchContext } from './bench-context.js';
import { findPython } from './interpreters.js';
import { RoundChild } from './round-child.js';
import { checkSums, type Work, ZooSweeps } from './zoo-sweeps.js';

interface Peer {
  readonly name: string;
  /** The child's name for it. */
  readonly round: string;
  /** What of ours it is compared with. */
  readonly work: Work;
  readonly reads: string;
  /** By how much the sums may differ. PSS moves whenever anyone else maps the same file. */
  readonly tolerance: number;
}

const COUNTERS_READ = 'ours reads statm and stat';
const PSUTIL: readonly Peer[] = [
  {
    name: 'psutil memory_info',
    round: 'memory_info',
    work: 'counters',
    reads: `${COUNTERS_READ}, psutil statm`,
    tolerance: 0.02,
  },
  {
    name: 'psutil memory_maps',
    round: 'memory_maps',
    work: 'mappings',
    reads: 'both read smaps; psutil groups by path',
    tolerance: 0.05,
  },
];
const NODE: readonly Peer[] = [
  {
    name: 'pidusage',
    round: 'pidusage',
    work: 'counters',
    reads: `${COUNTERS_READ}, pidusage stat, both from kept descriptors`,
    // The kernel's per-thread counts make the rss of stat differ from that of statm.
    tolerance: 0.1,
  },
  {
    name: 'readFileSync statm, split',
    round: 'statm-split',
    work: 'counters',
    reads: `${COUNTERS_READ}, the other statm`,
    tolerance: 0.02,
  },
  {
    name: 'readFileSync statm and stat, split',
    round: 'statm-stat-split',
    work: 'counters',
    reads: 'both read statm and stat',
    tolerance: 0.02,
  },
  {
    name: 'readFileSync smaps, regex per line',
    round: 'smaps-regex',
    work: 'mappings',
    reads: 'both read every field of smaps',
    tolerance: 0.05,
  },
];

export const peers: Bench = {
  name: 'peers',
  summary: 'CPU time of our sweeps against psutil, pidusage and plain Node',
  needsZoo: true,
  async run(context) {
    const { pids } = context.zoo;
    const python = findPython(['psutil']);
    if (python === undefined) {
      context.note('psutil is not installed, so it is left out: apt-get install python3-psutil');
    } else {
      await using psutil = new RoundChild('psutil', python, [path.join(packageRoot(), 'bench', 'psutil-rounds.py')]);
      const version = await psutil.ask(pids.join(' '));
      for (const peer of PSUTIL) await compare(context, psutil, peer, `psutil ${version}`);
    }
    const rounds = fileURLToPath(new URL('node-rounds.js', import.meta.url));
    await using node = new RoundChild('node', process.execPath, [rounds]);
    await node.ask(pids.join(' '));
    for (const peer of NODE) await compare(context, node, peer, `Node ${process.version}`);
  },
};

/** Native, TypeScript, peer, and again: one finding for each of the two. */
async function compare(context: BenchContext, child: RoundChild, peer: Peer, version: string): Promise<void> {
  const { zoo, quick } = context;
  using native = new ZooSweeps('native', zoo.pids);
  using ts = new ZooSweeps('ts', zoo.pids);
  const sum = (await child.round(peer.round)).sum;
  for (const [name, sweeps] of Object.entries({ native, ts })) {
    checkSums({ name, sum: sweeps.round(peer.work).sum }, { name: peer.name, sum }, peer.tolerance);
  }
  const perProcess = (cpuNs: number) => cpuNs / 1e3 / zoo.pids.length;
  const contestants = [
    { name: 'native', round: () => perProcess(native.round(peer.work).cpuNs) },
    { name: 'ts', round: () => perProcess(ts.round(peer.work).cpuNs) },
    { name: peer.name, round: async () => perProcess((await child.round(peer.round)).cpuNs) },
  ];
  const isCheap = peer.work === 'counters';
  const rounds = isCheap ? (quick ? 10 : 20) : quick ? 3 : 5;
  const samples = await alternate(contestants, rounds, isCheap ? warmUpsOf(zoo.pids.length) : 2);
  for (const index of [0, 1]) {
    const { name } = contestants[index]!;
    context.report({
      what: `${name} ${peer.work} against ${peer.name}`,
      on: `${zoo.description}, ${version}, ${peer.reads}`,
      unit: 'us/process',
      ours: { name, samples: samples[index]! },
      theirs: { name: peer.name, samples: samples[2]! },
      divide: 'theirs/ours',
      target: { relation: '>', value: 1, of: 'ratio' },
    });
  }
}
