/**
 * `measureGrowth(fn)`: whether a function, a module or a server leaks, without a test that flakes.
 *
 * The traps: a heap grows while caches fill and code is compiled, so rounds are thrown away before any count; and what is not
 * collected yet is no leak, so each round ends with a collection; another process, where nobody can force one, is made to work
 * until it has collected by itself a few times.
 */
import { readMallocUse } from '../engine/malloc-use.js';
import { checkNames } from '../text/option-checks.js';
import type { Growth } from './growth.js';
import { GrowthSeries } from './growth-series.js';
import { countOption } from './measure.js';
import { repeat } from './repeat.js';
import { collectGarbage, heapUse } from './v8-heap.js';

export interface GrowthOptions {
  /** Calls or requests in a round; default 1000. */
  readonly iterations?: number;
  /** Rounds that count, 8 at least; default 20. */
  readonly rounds?: number;
  /** Rounds before them; default 5. */
  readonly warmup?: number;
  /** Growth that matters, bytes per call; default 16, of another process 256. */
  readonly leastBytes?: number;
  /** The process that is measured in place of this one; of an `http:` URL of this host it is found. */
  readonly pid?: number;
  /** Requests to an `http:` URL at a time; default 8. */
  readonly concurrency?: number;
  /**
   * Another process is made to work on for so long, milliseconds, while it cannot be told whether it grows; default 120,000. 0: the
   * rounds and no more.
   */
  readonly mostMs?: number;
}

/** Options with their defaults. */
export interface GrowthPlan {
  readonly iterations: number;
  readonly rounds: number;
  readonly warmup: number;
  readonly leastBytes: number;
  /** Of another process. */
  readonly mostMs: number;
}

const OPTION_NAMES: readonly (keyof GrowthOptions)[] = [
  ...(['iterations', 'rounds', 'warmup', 'leastBytes', 'pid', 'concurrency', 'mostMs'] as const),
];
const MOST_MS = 120_000;
const LEAST_ROUNDS = 8;
const MOST_CONCURRENCY = 1000;

/**
 * A function is called round by round in this process; with `pid` it is called here and that process is measured. Of an `http:` or
 * `https:` URL each call is a request, and the server's process is measured. A `file:` URL is a module, whose default export is
 * called in a fresh process. Rejects with what a call throws; throws a TypeError for a wrong option.
 */
export async function measureGrowth(what: (() => unknown) | URL, options: GrowthOptions = {}): Promise<Growth> {
  if (typeof what !== 'function' && !(what instanceof URL)) {
    throw new TypeError(`Expected a function or a URL to measure, got ${typeof what}`);
  }
  checkNames(options, OPTION_NAMES);
  const isModule = what instanceof URL && what.protocol === 'file:';
  const isRemote = !isModule && (what instanceof URL || options.pid !== undefined);
  const plan = planOf(options, isRemote);
  const concurrency = countOption('concurrency', options.concurrency ?? 8, 1);
  if (concurrency > MOST_CONCURRENCY) {
    throw new TypeError(`Expected the "concurrency" option to be at most ${MOST_CONCURRENCY}, got ${concurrency}`);
  }
  if (options.pid !== undefined) countOption('pid', options.pid, 1);
  // Loaded when it is used: a program that only records has no use for statistics.
  if (isModule) return (await import('./module-growth.js')).moduleGrowth(what, options);
  if (isRemote) return (await import('./server-growth.js')).serverGrowth(what, plan, options.pid, concurrency);
  return ownGrowth(what as () => unknown, plan);
}

function planOf(options: GrowthOptions, isRemote: boolean): GrowthPlan {
  const { leastBytes = isRemote ? 256 : 16 } = options;
  if (!(typeof leastBytes === 'number' && leastBytes > 0)) {
    throw new TypeError(`Expected the "leastBytes" option to be a number above 0, got ${String(leastBytes)}`);
  }
  return {
    iterations: countOption('iterations', options.iterations ?? 1000, 1),
    rounds: countOption('rounds', options.rounds ?? 20, LEAST_ROUNDS),
    warmup: countOption('warmup', options.warmup ?? 5, 0),
    leastBytes,
    mostMs: countOption('mostMs', options.mostMs ?? MOST_MS, 0),
  };
}

async function ownGrowth(fn: () => unknown, plan: GrowthPlan): Promise<Growth> {
  const { iterations, rounds, warmup, leastBytes } = plan;
  const { growthOf } = await import('./growth.js');
  // Allocated before the first round: growing it would be growth of ours.
  const [heap, external, resident, inUse, free] = Array.from({ length: 5 }, () => new Float64Array(rounds)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const mappings = new GrowthSeries(rounds);
  let malloc = readMallocUse();
  mappings.take(-1);
  for (let round = -warmup; round < rounds; round++) {
    await repeat(fn, iterations);
    collectGarbage();
    const used = heapUse();
    malloc = readMallocUse();
    if (round >= 0) {
      [heap[round], external[round], resident[round]] = [used.heap, used.external, process.memoryUsage.rss()];
      if ('inUse' in malloc) [inUse[round], free[round]] = [malloc.inUse, malloc.free];
    }
    mappings.take(round);
  }
  return growthOf({
    calls: Array.from(resident.keys(), (round) => round * iterations),
    ...{ callsPerRound: iterations, leastBytes, resident, mappings, own: { heap, external } },
    malloc: 'reason' in malloc ? malloc : { inUse, free },
  });
}
