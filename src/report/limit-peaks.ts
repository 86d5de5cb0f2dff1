/** The most that processes with limits of their own had of what is limited, in one more walk over the recording. */
import type { Recording } from '../recording/recording.js';
import { COUNTER_COLUMNS } from '../schema.js';

const MOST = 2;
const ADDRESS_SPACE = COUNTER_COLUMNS.indexOf('vsize');
const DATA = COUNTER_COLUMNS.indexOf('dataSize');

export interface LimitPeak {
  /** Bytes, and the monotonic time at which it had them; NaN: not measured. */
  addressSpace: number;
  addressSpaceNs: bigint;
  data: number;
  dataNs: bigint;
}

/** By `identityKey`, of the processes in `keys`. */
export function collectLimitPeaks(recording: Recording, keys: ReadonlySet<string>): Map<string, LimitPeak> {
  const peaks = new Map<string, LimitPeak>();
  if (keys.size === 0) return peaks;
  for (const walk of recording.walks()) {
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step !== 'frame') continue;
      const { slots, count } = walk.rows;
      for (let index = 0; index < count; index++) {
        const slot = slots[index]!;
        const key = walk.key(slot);
        if (key === undefined || !keys.has(key)) continue;
        const peak = peaks.get(key) ?? { addressSpace: Number.NaN, addressSpaceNs: 0n, data: Number.NaN, dataNs: 0n };
        peaks.set(key, peak);
        const most = (column: number) => walk.counter(column, slot, walk.stepNs === 0n ? undefined : MOST);
        const [space, data] = [most(ADDRESS_SPACE), most(DATA)];
        if (!(peak.addressSpace >= space) && !Number.isNaN(space)) {
          peak.addressSpace = space;
          peak.addressSpaceNs = walk.startNs;
        }
        if (!(peak.data >= data) && !Number.isNaN(data)) {
          peak.data = data;
          peak.dataNs = walk.startNs;
        }
      }
    }
  }
  return peaks;
}
