/**
 * How many ticks a second a budget allows here: what a sweep of the counters costs is measured before the recording begins.
 *
 * The trap: a first sweep opens every file and costs several times as much as those that follow.
 */
import type { EngineName } from '../engine/engine.js';
import { descriptorRoom, openEngine } from '../engine/open-engine.js';
import { TierColumns } from '../engine/tier-columns.js';
import { COUNTER_COLUMNS, type HostUnits } from '../schema.js';
import { rateFor } from './budget.js';
import type { PlainTarget } from './target.js';

const SWEEPS = 3;

/** Ticks per second, 0.2 to 100. Of a target that may be any process the whole host is measured. */
export function chooseRate(
  root: string,
  host: HostUnits,
  name: EngineName,
  target: PlainTarget,
  share: number,
): number {
  const engine = openEngine(name, { root, host, maxKept: descriptorRoom() });
  try {
    const pids = target.kind === 'pids' ? target.pids : [...engine.listPids()];
    const slots = Uint32Array.from(
      pids.flatMap((pid, slot) => (engine.attach(slot, pid).status === 'ok' ? [slot] : [])),
    );
    const columns = new TierColumns(COUNTER_COLUMNS, Math.max(1, pids.length));
    let least = Number.POSITIVE_INFINITY;
    for (let sweep = 0; sweep <= SWEEPS; sweep++) {
      engine.sweepCounters(slots, slots.length, columns);
      if (sweep > 0) least = Math.min(least, Number(engine.times[1]! - engine.times[0]!));
    }
    return rateFor(share, least);
  } finally {
    engine.close();
  }
}
