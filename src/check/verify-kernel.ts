/**
 * The engine in the kernel against the texts of procfs, on every live process.
 *
 * The trap: the two look at different instants. A process is compared only when its `statm` said the same before and after
 * the sweep, and one that seems to differ is swept again before it counts.
 */
import { openEngine } from '../engine/open-engine.js';
import { TierColumns } from '../engine/tier-columns.js';
import { PADDING } from '../procfs/padding.js';
import { readKernelFile } from '../procfs/read.js';
import { StatmValues, tokenizeStatm } from '../procfs/statm.js';
import { COUNTER_COLUMNS, type HostUnits, Status } from '../schema.js';

export interface KernelMismatch {
  readonly pid: number;
  readonly field: string;
  readonly bpf: number;
  readonly procfs: number;
}

export interface KernelComparison {
  /** Processes that held still and were compared. */
  readonly compared: number;
  /** Processes that changed meanwhile, or have no memory or no text. */
  readonly moved: number;
  readonly mismatches: readonly KernelMismatch[];
}

const ATTEMPTS = 5;
/** By column: which field of `statm` it is. */
const FIELDS = { rss: 1, vsize: 0, dataSize: 5 } as const;

/** Compares the memory of the processes. Throws when the engine cannot be opened. */
export function compareWithKernel(root: string, host: HostUnits, pids: readonly number[]): KernelComparison {
  const engine = openEngine('bpf', { root, host, maxKept: 0 });
  try {
    const columns = new TierColumns(COUNTER_COLUMNS, 8);
    const slots = Uint32Array.of(0);
    const mismatches: KernelMismatch[] = [];
    let compared = 0;
    let moved = 0;
    for (const pid of pids) {
      let found: KernelMismatch[] | undefined;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const before = readPages(root, pid);
        if (!before || engine.attach(0, pid).status !== 'ok') break;
        engine.sweepCounters(slots, 1, columns);
        const after = readPages(root, pid);
        engine.detach(0);
        if (!after || before.join() !== after.join() || columns.status[0] !== Status.ok) continue;
        found = differences(pid, before, columns, host);
        if (found.length === 0) break;
      }
      if (found === undefined) moved++;
      else compared++;
      mismatches.push(...(found ?? []));
    }
    return { compared, moved, mismatches };
  } finally {
    engine.close();
  }
}

function differences(pid: number, pages: readonly number[], columns: TierColumns, host: HostUnits): KernelMismatch[] {
  return Object.entries(FIELDS).flatMap(([field, place]) => {
    const procfs = pages[place]! * host.pageSize;
    const bpf = columns.columns[COUNTER_COLUMNS.indexOf(field)]![0]!;
    return bpf === procfs ? [] : [{ pid, field, bpf, procfs }];
  });
}

function readPages(root: string, pid: number): number[] | undefined {
  const text = readKernelFile(root, pid, 'statm');
  if (text.status !== 'ok') return undefined;
  const bytes = new Uint8Array(text.value.length + PADDING);
  bytes.set(text.value);
  const values = new StatmValues();
  return tokenizeStatm(bytes, text.value.length, values) ? Array.from(values.fields, Number) : undefined;
}
