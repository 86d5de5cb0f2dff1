/** What an export can be asked for: the formats, and what they are made of. */
import type { PartitionKey } from './partition-keys.js';
import type { ExportOptions } from './rows.js';
import { TIER_TABLES } from './tier-names.js';

export const EXPORT_FORMATS = [
  'csv',
  'jsonl',
  'parquet',
  'arrow',
  'arrow-stream',
  'perfetto',
  'pprof',
  'openmetrics',
] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Formats that are made of typed columns; the others of them tell of the host or of control groups as text. */
export const TABLE_FORMATS: readonly ExportFormat[] = ['parquet', 'arrow', 'arrow-stream'];
export const TABLE_NAMES = ['samples', 'mappings', ...TIER_TABLES] as const;
export type TableName = (typeof TABLE_NAMES)[number];

export interface ExportRequest extends ExportOptions {
  readonly format: ExportFormat;
  /**
   * What the rows are; default `samples`, one per process and tick. Of Parquet and Arrow also `mappings`; of these, CSV and
   * JSON lines also `host` and `cgroup`, one per sweep, or per control group and sweep.
   */
  readonly table?: TableName;
  /** Of pprof: what was there at `to` less what was there at `from`. */
  readonly diff?: boolean;
}

export interface PartitionRequest extends Omit<ExportRequest, 'format' | 'diff'> {
  /** What the folders are named for. */
  readonly partition: readonly PartitionKey[];
}
