/**
 * What recording would cost on this host, measured before anything is started: `doctor --cost`.
 *
 * The trap: to find out must not do what it warns of. Only processes that a read holds for less than the limit are read
 * whole, a sample of them; the others are read in pieces, the largest ones for a second at most.
 */
import { chooseSweepingEngine, TriedEngine } from '../engine/choose-sweeping.js';
import { threadCpuNs } from '../engine/clocks.js';
import type { Engine, EngineName } from '../engine/engine.js';
import { MappingSweep } from '../engine/mapping-sweep.js';
import { descriptorRoom, openEngine } from '../engine/open-engine.js';
import { TierColumns } from '../engine/tier-columns.js';
import { readHostUnits, readTreeUnits } from '../procfs/host-units.js';
import { nameParts } from '../recording/events.js';
import { rateFor } from '../sampler/budget.js';
import { DeepSchedule } from '../sampler/deep-schedule.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, Status } from '../schema.js';

export interface CostReport {
  /** By which it was measured, as a recording would choose it. */
  readonly engine: EngineName;
  readonly processes: number;
  /** Of one core. */
  readonly budget: number;
  /** CPU nanoseconds for each process, the median of some sweeps: time that passes would count what others do. */
  readonly countersNs: number;
  /** Nanoseconds for each process that was read whole; null when none was. */
  readonly rollupNs: number | null;
  readonly sampled: number;
  /** The same for every mapping of a process; read in turn, of the same sample. */
  readonly mappingsNs: number | null;
  /** Ticks per second that the budget allows for the counters, and the seconds in which everybody is then read once. */
  readonly hz: number;
  readonly rollupEverySeconds: number | null;
  /** The same for mappings, if they got all that is left. */
  readonly mappingsEverySeconds: number | null;
  /** The processes with the largest resident memory; `held` and `took` are null where the read did not end in time. */
  readonly largest: readonly {
    readonly pid: number;
    readonly comm: string;
    readonly rss: number;
    readonly method: 'whole' | 'paced' | 'none';
    readonly longestHoldNs: number | null;
    readonly tookNs: number | null;
  }[];
}

const SAMPLE = 50;
const LARGEST = 5;
const SWEEPS = 5;
const MAPPING_ROWS = 4088;
const PACED_TIME_NS = 1_000_000_000n;

/** Measures on the processes of a tree. Throws when the tree cannot be read. */
export function measureCost(root: string, budget: number, maxHoldNs: number): CostReport {
  const host = (root === '/proc' ? readHostUnits() : readTreeUnits(root)) ?? readHostUnits();
  using tried = new TriedEngine();
  // That which would record: one in the kernel costs a fraction of others.
  const { name } = chooseSweepingEngine('auto', { root, host }, tried);
  const engine = tried.engine ?? openEngine(name, { root, host, maxKept: descriptorRoom() });
  try {
    const pids = [...engine.listPids()];
    const counters = new TierColumns(COUNTER_COLUMNS, pids.length);
    const rollup = new TierColumns(ROLLUP_COLUMNS, pids.length);
    const names: string[] = [];
    const slots = Uint32Array.from(
      pids.flatMap((pid, slot) => {
        const attached = engine.attach(slot, pid);
        if (attached.status !== 'ok') return [];
        names[slot] = nameParts(attached.identity.comm).comm;
        return [slot];
      }),
    );
    engine.sweepCounters(slots, slots.length, counters);
    const sweeps = Array.from({ length: SWEEPS }, () => {
      const begunNs = threadCpuNs();
      engine.sweepCounters(slots, slots.length, counters);
      return threadCpuNs() - begunNs;
    }).sort((a, b) => a - b);
    const sweepNs = sweeps[SWEEPS >> 1]!;

    const rss = counters.columns[0]!;
    const limits = { maxHoldNs, allowHoldNs: 0, canPace: engine.name !== 'ts' };
    const schedule = new DeepSchedule('auto', host.pageSize, 0, limits);
    for (const slot of slots) schedule.arrived(slot);
    const withMemory = slots.filter((slot) => rss[slot]! > 0);
    const small = withMemory.filter((slot) => schedule.methodOf(slot, rss[slot]!) === 'whole');
    const step = Math.max(1, small.length / SAMPLE);
    const sample = Uint32Array.from(
      { length: Math.min(SAMPLE, small.length) },
      (_, index) => small[Math.floor(index * step)]!,
    );
    const stopNs = process.hrtime.bigint() + PACED_TIME_NS;
    const sampled = engine.sweepRollup(sample, sample.length, rollup, stopNs);
    const read = sample.subarray(0, sampled).filter((slot) => rollup.status[slot] === Status.ok);
    const held = rollup.columns[ROLLUP_COLUMNS.indexOf('rollupHold')]!;
    const rollupNs = read.length === 0 ? null : read.reduce((sum, slot) => sum + held[slot]!, 0) / read.length;

    const mappingsNs = measureMappings(engine, read);

    const largest = [...withMemory].sort((a, b) => rss[b]! - rss[a]!).slice(0, LARGEST);
    const duration = rollup.columns[ROLLUP_COLUMNS.indexOf('rollupDuration')]!;
    const told = largest.map((slot) => {
      const method = schedule.methodOf(slot, rss[slot]!);
      const one = Uint32Array.of(slot);
      const untilNs = process.hrtime.bigint() + PACED_TIME_NS;
      const done =
        method === 'none'
          ? 0
          : method === 'whole'
            ? engine.sweepRollup(one, 1, rollup, untilNs)
            : engine.sweepPaced(one, 1, rollup, untilNs, maxHoldNs);
      const isRead = done === 1 && rollup.status[slot] === Status.ok;
      const [longestHoldNs, tookNs] = isRead ? [held[slot]!, duration[slot]!] : [null, null];
      return { pid: pids[slot]!, comm: names[slot]!, rss: rss[slot]!, method, longestHoldNs, tookNs };
    });
    const hz = rateFor(budget, sweepNs);
    const left = Math.max(budget * 0.2, budget - (hz * sweepNs) / 1e9);
    const all = withMemory.reduce((sum, slot) => sum + schedule.costNs(slot, rss[slot]!), 0);
    const scale =
      rollupNs === null ? 1 : rollupNs / (sumOf(read, (slot) => schedule.costNs(slot, rss[slot]!)) / read.length);
    const everySeconds = withMemory.length === 0 ? null : (all * Math.max(1, scale)) / 1e9 / left;
    return {
      engine: engine.name,
      processes: slots.length,
      budget,
      countersNs: sweepNs / Math.max(1, slots.length),
      rollupNs,
      sampled: read.length,
      hz,
      mappingsNs,
      rollupEverySeconds: everySeconds,
      mappingsEverySeconds:
        everySeconds === null || rollupNs === null || mappingsNs === null
          ? null
          : (everySeconds * mappingsNs) / rollupNs,
      largest: told,
    };
  } finally {
    if (engine !== tried.engine) engine.close();
  }
}

/** What smaps of one of these processes takes on average, nanoseconds; null when none could be read. */
function measureMappings(engine: Engine, slots: Uint32Array): number | null {
  const sweep = new MappingSweep(MAPPING_ROWS, slots.length === 0 ? 1 : Math.max(...slots) + 1);
  let [heldNs, count] = [0, 0];
  for (let left = slots.slice(); left.length > 0; ) {
    const done = engine.sweepMappings(left, left.length, sweep, process.hrtime.bigint() + PACED_TIME_NS);
    if (done === 0) break;
    for (let index = 0; index < done; index++) {
      if (sweep.status[left[index]!] !== Status.ok) continue;
      heldNs += Number(sweep.holds[index]!);
      count++;
    }
    left = left.subarray(done);
  }
  return count === 0 ? null : heldNs / count;
}

function sumOf(slots: Uint32Array, ofSlot: (slot: number) => number): number {
  return slots.reduce((sum, slot) => sum + ofSlot(slot), 0);
}
