/**
 * sweep/floor: what our sweeps cost above the kernel's own share.
 *
 * Both sides read the same files of the same processes, in turn; the kernel floor parses nothing (kernel-floor.cc), ours
 * yields columns. Each side is a process of its own, so what is compared is the CPU time that the kernel charges to each in
 * its round, not the time on the wall.
 *
 * The trap: a round finds the caches as the round before left them. Behind one of the other side, the kernel's own share is
 * larger and the ratio looks better. So each side also runs warm: one round that is not counted, then one that is.
 */
import { alternate, type Contestant, warmUpsOf } from './alternate.js';
import type { Bench, BenchContext } from './bench-context.js';
import type { Target } from './finding.js';
import { startKernelFloor } from './kernel-floor.js';
import type { RoundAnswer, RoundChild } from './round-child.js';
import { type Work, ZooSweeps } from './zoo-sweeps.js';

interface Comparison {
  readonly engine: 'native' | 'ts';
  readonly work: Work;
  /** The floor's name for the same reads. */
  readonly floorWork: string;
  readonly reads: string;
  readonly rounds: number;
  /** Each counted round follows one of the same side. */
  readonly isWarm?: boolean;
  readonly target?: Target;
}

const COUNTERS = { work: 'counters', floorWork: 'counters', reads: 'statm and stat, descriptors kept' } as const;
const MAPPINGS = { work: 'mappings', floorWork: 'smaps', reads: 'smaps, opened per read' } as const;
const ROLLUP = { work: 'rollup', floorWork: 'rollup', reads: 'smaps_rollup, opened per read' } as const;

function comparisons(quick: boolean): Comparison[] {
  const atMost = (value: number): Target => ({ relation: '<=', value, of: 'ratio' });
  const [many, few] = quick ? [10, 4] : [40, 10];
  return [
    { engine: 'native', ...COUNTERS, rounds: many, target: atMost(1.25) },
    { engine: 'native', ...COUNTERS, rounds: many, isWarm: true, target: atMost(1.25) },
    { engine: 'native', ...MAPPINGS, rounds: few, target: atMost(1.1) },
    { engine: 'native', ...MAPPINGS, rounds: few, isWarm: true, target: atMost(1.1) },
    { engine: 'native', ...ROLLUP, rounds: few },
    { engine: 'ts', ...COUNTERS, rounds: many },
    { engine: 'ts', ...MAPPINGS, rounds: few },
  ];
}

export const sweepFloor: Bench = {
  name: 'sweep/floor',
  summary: 'CPU time of our sweeps against the kernel alone, nothing parsed',
  needsZoo: true,
  async run(context) {
    await using floor = await startKernelFloor(context.zoo.pids);
    for (const comparison of comparisons(context.quick)) await compare(context, floor, comparison);
  },
};

async function compare(context: BenchContext, floor: RoundChild, comparison: Comparison): Promise<void> {
  const { zoo } = context;
  const { engine, work, floorWork, reads, rounds, isWarm, target } = comparison;
  using sweeps = new ZooSweeps(engine, zoo.pids);
  const bytes = (await floor.round(floorWork)).sum;
  const contestant = (name: string, round: () => RoundAnswer | Promise<RoundAnswer>): Contestant => ({
    name,
    round: async () => {
      if (isWarm) await round();
      const { cpuNs, processes } = await round();
      if (processes !== zoo.pids.length) throw new Error(`Only ${processes} processes of the zoo were read`);
      return cpuNs / 1e3 / processes;
    },
  });
  const [our, their] = await alternate(
    [contestant(engine, () => sweeps.round(work)), contestant(floor.name, () => floor.round(floorWork))],
    rounds,
    work === 'counters' ? warmUpsOf(zoo.pids.length) : 2,
  );
  const kept = work === 'counters' ? `, both keep ${sweeps.kept}` : '';
  context.report({
    what: `${engine} ${work} sweep${isWarm ? ', warm' : ''}`,
    on: `${zoo.description}, ${reads}${kept}, ${Math.round(bytes / zoo.pids.length)} bytes each`,
    unit: 'us/process',
    ours: { name: engine, samples: our! },
    theirs: { name: floor.name, samples: their! },
    ...(target ? { target } : {}),
  });
}
