/**
 * One reading of the host whose files agree with each other.
 *
 * The trap: `meminfo` and `zoneinfo` are read one after the other, and a program that ends in between moves its pages from
 * one to the other: hundreds of MiB would count twice. So they are read in turn until two readings agree, or the two that do
 * best are taken.
 */
import { readHostValues } from '../engine/host-values.js';
import { HOST_COLUMNS } from '../schema.js';

/** Of MemTotal. */
const AGREE_SHARE = 0.0002;
const MOST_READS = 24;
const TOTAL = HOST_COLUMNS.indexOf('hostMemTotal');
const MOVED = (['hostMemFree', 'hostAnonPages', 'hostCached', 'hostPcpFree'] as const).map((name) =>
  HOST_COLUMNS.indexOf(name),
);

/** Values by `HOST_COLUMNS`, NaN where the kernel does not tell. Throws the errno when `meminfo` cannot be read. */
export function readSteadyHost(root: string): Float64Array {
  let best: Float64Array | undefined;
  let leastChange = Number.POSITIVE_INFINITY;
  let before: Float64Array | undefined;
  for (let read = 0; read < MOST_READS; read++) {
    // A reader of its own each time: one that goes on reads `zoneinfo` once a second only.
    const values = readHostValues(root);
    const change = before === undefined ? Number.POSITIVE_INFINITY : changeBetween(before, values);
    if (best === undefined || change < leastChange) [best, leastChange] = [values, change];
    if (leastChange <= AGREE_SHARE * values[TOTAL]!) break;
    before = values;
  }
  return best!;
}

/** Bytes that moved between two readings. */
function changeBetween(a: Float64Array, b: Float64Array): number {
  return MOVED.reduce((sum, column) => {
    const change = Math.abs(a[column]! - b[column]!);
    return sum + (Number.isNaN(change) ? 0 : change);
  }, 0);
}
