/**
 * How many ticks a second a recording begins with when its rate is left to the budget: what a sweep of the counters costs is
 * measured on some of the processes. While it records the rate follows what a tick does cost.
 *
 * The traps: a first sweep opens every file and costs several times as much as those that follow; and the same few processes
 * swept again and again cost less than all of them, of which nothing stays in the caches of the processor.
 */
import { threadCpuNs } from '../engine/clocks.js';
import type { Engine, EngineName } from '../engine/engine.js';
import { descriptorRoom, openEngine } from '../engine/open-engine.js';
import { TierColumns } from '../engine/tier-columns.js';
import { openRecording } from '../recording/recording.js';
import { COUNTER_COLUMNS, type HostUnits } from '../schema.js';
import { rateFor } from './budget.js';
import { narrowTo } from './kernel-selection.js';
import type { PlainTarget } from './target.js';

const SWEEPS = 3;
const SAMPLE = 64;
/** What a process of many costs, by one of few. */
const COLD = 2;

/** Of a recording that is gone on with: the rate that it has in its header, or undefined when that cannot be read. */
export function rateOfRecording(file: string): number | undefined {
  try {
    using recording = openRecording(file);
    return recording.metadata.hz;
  } catch {
    return undefined;
  }
}

/**
 * One of `RATES`. Of a target that may be any process the whole host is measured, where the engine cannot tell. `opened`: an engine
 * of that name for that tree, which stays open.
 */
export function chooseRate(
  root: string,
  host: HostUnits,
  name: EngineName,
  target: PlainTarget,
  share: number,
  opened?: Engine,
): number {
  const engine = opened ?? openEngine(name, { root, host, maxKept: descriptorRoom() });
  try {
    const pids = target.kind === 'pids' ? target.pids : candidates(target, engine);
    const step = Math.max(1, pids.length / SAMPLE);
    const sample = Array.from({ length: Math.min(SAMPLE, pids.length) }, (_, index) => pids[Math.floor(index * step)]!);
    const slots = Uint32Array.from(
      sample.flatMap((pid, slot) => (engine.attach(slot, pid).status === 'ok' ? [slot] : [])),
    );
    const columns = new TierColumns(COUNTER_COLUMNS, SAMPLE);
    let least = Number.POSITIVE_INFINITY;
    for (let sweep = 0; sweep <= SWEEPS; sweep++) {
      const begunNs = threadCpuNs();
      engine.sweepCounters(slots, slots.length, columns);
      if (sweep > 0) least = Math.min(least, threadCpuNs() - begunNs);
    }
    const ofAll = sample.length < pids.length ? (COLD * least * pids.length) / sample.length : least;
    return rateFor(share, ofAll);
  } finally {
    if (!opened) engine.close();
  }
}

function candidates(target: PlainTarget, engine: Engine): number[] {
  const everybody = [...engine.listPids()];
  if (!narrowTo(target, engine)) return everybody;
  const listed = [...engine.listPids()];
  return listed.length > 0 ? listed : everybody;
}
