/** The engines under test, and what every test of them needs. */

import type { BpfEngineOptions } from '../../src/engine/bpf-engine.js';
import { bpfAvailability } from '../../src/engine/choose-sweeping.js';
import type { Engine, EngineName } from '../../src/engine/engine.js';
import { MappingSweep } from '../../src/engine/mapping-sweep.js';
import { openEngine } from '../../src/engine/open-engine.js';
import { TierColumns } from '../../src/engine/tier-columns.js';
import { readHostUnits } from '../../src/procfs/host-units.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, STATUSES } from '../../src/schema.js';

/** Those that read files, and so any tree of them. */
export const TREE_ENGINES: readonly EngineName[] = ['native', 'ts'];

/**
 * Those that read this host. The one in the kernel is left out where it is not permitted; under CI it must be there, or its
 * tests fail.
 */
export const ENGINES: readonly EngineName[] =
  process.env.CI || bpfAvailability({ root: '/proc', host: readHostUnits() }).works
    ? ['bpf', ...TREE_ENGINES]
    : TREE_ENGINES;

const open = new Set<Engine>();

/** A target that waits for a processor in the middle of an exec withholds its memory map: not what these tests are about. */
const PATIENT_MS = 20_000;

export function engineOn(name: EngineName, options: Partial<BpfEngineOptions> = {}): Engine {
  const host = readHostUnits();
  const engine = openEngine(name, { root: '/proc', host, maxKept: 1000, deadlineMs: PATIENT_MS, ...options });
  open.add(engine);
  return engine;
}

export function closeEngines(): void {
  for (const engine of open) engine.close();
  open.clear();
}

/** Attaches pids to the slots 0, 1, ..; each must be there. */
export function attachAll(engine: Engine, pids: readonly number[]): Uint32Array {
  pids.forEach((pid, slot) => {
    const { status } = engine.attach(slot, pid);
    if (status !== 'ok') throw new Error(`${pid} cannot be attached: ${status}`);
  });
  return Uint32Array.from(pids.keys());
}

export function counterColumns(rows = 64): TierColumns {
  return new TierColumns(COUNTER_COLUMNS, rows);
}

export function rollupColumns(rows = 64): TierColumns {
  return new TierColumns(ROLLUP_COLUMNS, rows);
}

export interface Row {
  readonly status: string;
  readonly [column: string]: number | string;
}

/** One row with its status, by column name. */
export function rowOf(columns: TierColumns, slot: number): Row {
  const values = columns.names.map((name, index) => [name, columns.columns[index]![slot]!]);
  return { ...Object.fromEntries(values), status: STATUSES[columns.status[slot]!]! };
}

/** The rows of a counters sweep. */
export function sweep(engine: Engine, slots: Uint32Array, columns = counterColumns()): Row[] {
  engine.sweepCounters(slots, slots.length, columns);
  return Array.from(slots, (slot) => rowOf(columns, slot));
}

/** The rows of a rollup sweep. */
export function sweepRollup(engine: Engine, slots: Uint32Array, columns = rollupColumns()): Row[] {
  const done = engine.sweepRollup(slots, slots.length, columns, 0n);
  if (done !== slots.length) throw new Error(`${done} of ${slots.length} rollups were read`);
  return Array.from(slots, (slot) => rowOf(columns, slot));
}

/** A mappings sweep of all slots: the sweep, and status and rows by slot. */
export function sweepMappings(engine: Engine, slots: Uint32Array, rows = 4088, maxHoldNs = 0) {
  const mappings = new MappingSweep(rows, 64);
  const done = engine.sweepMappings(slots, slots.length, mappings, 0n, maxHoldNs);
  return {
    done,
    mappings,
    statuses: Array.from(slots.subarray(0, done), (slot) => STATUSES[mappings.status[slot]!]),
    rows: Array.from({ length: done }, (_, index) => mappings.spans[slots.length + index]!),
  };
}

/** What a row says when nothing of it was measured. */
export function emptyRow(names: readonly string[], status: string): Row {
  return { ...Object.fromEntries(names.map((name) => [name, Number.NaN])), status };
}
