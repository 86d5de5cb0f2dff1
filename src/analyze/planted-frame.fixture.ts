/** Walks that stand on one frame with one process, whose values are planted. */
import type { FrameWalk } from '../recording/frame-walk.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, Status } from '../schema.js';

export interface Planted {
  readonly counters: Readonly<Record<string, number>>;
  /** Of the read in this tick. */
  readonly rollup?: Readonly<Record<string, number>>;
  /** What came of that read; default: it is whole. */
  readonly status?: number;
  readonly key?: string;
}

/** `tick`: hundredths of a second. */
export function frame(tick: number, { counters, rollup, status = Status.ok, key = 'one' }: Planted): FrameWalk {
  const of = (columns: readonly string[], values: Readonly<Record<string, number>>, place: number) =>
    values[columns[place]!] ?? Number.NaN;
  return {
    startNs: BigInt(tick) * 10_000_000n,
    key: () => key,
    identity: () => ({ pid: 1, startTicks: 1 }),
    counter: (place: number) => of(COUNTER_COLUMNS, counters, place),
    rollup: (place: number) => of(ROLLUP_COLUMNS, rollup ?? {}, place),
    rollupStatus: () => status,
    isRead: () => rollup !== undefined,
  } as unknown as FrameWalk;
}
