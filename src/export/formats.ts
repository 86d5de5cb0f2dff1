/**
 * Every format by its name: bytes in pieces, whatever it is, and a way to write them to a stream.
 *
 * The trap: each format may bring a library along that is larger than the rest of this program, so it is loaded when it is
 * asked for and not before.
 */
import type { Writable } from 'node:stream';
import type { Recording } from '../recording/recording.js';
import { checkPartitions, checkRequest, isTier } from './export-checks.js';
import type { ExportRequest, PartitionRequest } from './export-request.js';
import type { PartitionPiece } from './partitions.js';
import type { Table } from './table.js';
import { writePieces } from './write-pieces.js';

/**
 * The bytes of a recording in a format, in pieces. Throws a TypeError for an option that is wrong, and an `ExportError` where
 * the recording has nothing that the format could tell.
 */
export async function* exportRecording(recording: Recording, request: ExportRequest): AsyncGenerator<Uint8Array> {
  checkRequest(request);
  const { format } = request;
  switch (format) {
    case 'csv':
      if (isTier(request.table))
        return yield* encoded((await import('./table-text.js')).tableCsv(await tableOf(recording, request)));
      return yield* (await import('./csv.js')).csvOf(recording, request);
    case 'jsonl':
      if (isTier(request.table))
        return yield* encoded((await import('./table-text.js')).tableJsonl(await tableOf(recording, request)));
      return yield* encoded((await import('./jsonl.js')).jsonlOf(recording, request));
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

/** The pieces of Parquet files in folders by host and day; those of one path follow each other. Throws as `exportRecording` does. */
export async function* exportPartitions(
  recording: Recording,
  request: PartitionRequest,
): AsyncGenerator<PartitionPiece> {
  checkPartitions(request);
  const { partition, ...options } = request;
  const { partitionName, partitionsOf } = await import('./partitions.js');
  yield* partitionsOf(await tableOf(recording, options), partition, partitionName(recording));
}

async function tableOf(
  recording: Recording,
  { table = 'samples', ...options }: Partial<ExportRequest>,
): Promise<Table> {
  if (table === 'samples') return new (await import('./sample-table.js')).SampleTable(recording, options);
  if (table === 'mappings') return new (await import('./mapping-rows-table.js')).MappingRowsTable(recording, options);
  return new (await import('./tier-table.js')).TierTable(recording, table, options);
}

function* encoded(pieces: Iterable<string>): Generator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}
