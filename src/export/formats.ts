/**
 * Every format by its name: bytes in pieces, whatever it is, and a way to write them to a stream.
 *
 * The trap: each format may bring a library along that is larger than the rest of this program, so it is loaded when it is
 * asked for and not before.
 */
import type { Writable } from 'node:stream';
import type { Recording } from '../recording/recording.js';
import type { PartitionKey } from './partition-keys.js';
import type { PartitionPiece } from './partitions.js';
import type { ExportOptions } from './rows.js';
import type { Table } from './table.js';
import { TIER_TABLES, type TierName } from './tier-names.js';
import { writePieces } from './write-pieces.js';

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

/**
 * The bytes of a recording in a format, in pieces. Throws a TypeError for an option that is wrong, and an `ExportError` where
 * the recording has nothing that the format could tell.
 */
export async function* exportRecording(recording: Recording, request: ExportRequest): AsyncGenerator<Uint8Array> {
  const { format } = request;
  switch (format) {
    case 'csv':
      if (isTier(request.table))
        return yield* encoded((await import('./table-text.js')).tableCsv(await tableOf(recording, request)));
      return yield* (await import('./csv.js')).csvOf(recording, request);
    case 'jsonl':
      if (isTier(request.table))
        return yield* encoded((await import('./table-text.js')).tableJsonl(await tableOf(recording, request)));
      return yield* encoded((await import('./jsonl.js')).exportJsonl(recording, request));
    case 'parquet':
      return yield* (await import('./parquet.js')).parquetOf(await tableOf(recording, request));
    case 'arrow':
      return yield* (await import('./arrow.js')).arrowOf(await tableOf(recording, request), 'file');
    case 'arrow-stream':
      return yield* (await import('./arrow.js')).arrowOf(await tableOf(recording, request), 'stream');
    case 'perfetto':
      return yield* (await import('./perfetto.js')).perfettoOf(recording, request);
    case 'pprof':
      return yield* (await import('./pprof.js')).pprofOf(recording, request);
    case 'openmetrics':
      return yield* encoded((await import('./openmetrics.js')).openMetricsOf(recording, request));
    default:
      throw new TypeError(
        `Expected the "format" option to be one of ${EXPORT_FORMATS.join(', ')}, got ${JSON.stringify(format)}`,
      );
  }
}

/**
 * Writes a recording in a format to a stream, no faster than the stream takes it, and ends the stream. Rejects with what the
 * stream or `exportRecording` fails with.
 */
export async function writeExport(
  recording: Recording,
  request: ExportRequest,
  stream: Writable | WritableStream<Uint8Array>,
): Promise<void> {
  await writePieces(exportRecording(recording, request), stream);
}

export interface PartitionRequest extends Omit<ExportRequest, 'format' | 'diff'> {
  /** What the folders are named for. */
  readonly partition: readonly PartitionKey[];
}

/** The pieces of Parquet files in folders by host and day; those of one path follow each other. */
export async function* exportPartitions(
  recording: Recording,
  { partition, ...options }: PartitionRequest,
): AsyncGenerator<PartitionPiece> {
  const { partitionName, partitionsOf } = await import('./partitions.js');
  yield* partitionsOf(await tableOf(recording, options), partition, partitionName(recording));
}

async function tableOf(
  recording: Recording,
  { table = 'samples', ...options }: Partial<ExportRequest>,
): Promise<Table> {
  if (table === 'samples') return new (await import('./sample-table.js')).SampleTable(recording, options);
  if (table === 'mappings') return new (await import('./mapping-rows-table.js')).MappingRowsTable(recording, options);
  if (isTier(table)) return new (await import('./tier-table.js')).TierTable(recording, table, options);
  throw new TypeError(
    `Expected the "table" option to be one of ${TABLE_NAMES.join(', ')}, got ${JSON.stringify(table)}`,
  );
}

function isTier(table: TableName | undefined): table is TierName {
  return TIER_TABLES.some((name) => name === table);
}

function* encoded(pieces: Iterable<string>): Generator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}
