/** How far a recording has come, and how it ended: what a sampler tells its recorder. */
import type { RecordingWriter } from '../recording/recording-writer.js';
import type { Census } from './census.js';
import type { ProcessTable } from './process-table.js';

/** Why the loop ended. */
export type EndReason = 'stopped' | 'time-over' | 'all-gone';

export interface SamplerProgress {
  readonly ticks: number;
  readonly missedTicks: number;
  readonly live: number;
  readonly seen: number;
  readonly points: number;
  readonly bytes: number;
  readonly ownCpuNs: number;
}

export function progressOf(
  { stats }: RecordingWriter,
  table: ProcessTable,
  census: Census,
  counts: Pick<SamplerProgress, 'ticks' | 'missedTicks' | 'ownCpuNs'>,
): SamplerProgress {
  return {
    ...counts,
    live: table.count,
    seen: census.seen,
    points: stats.reduce((sum, ring) => sum + ring.points, 0),
    bytes: stats.reduce((sum, ring) => sum + ring.bytes, 0),
  };
}
