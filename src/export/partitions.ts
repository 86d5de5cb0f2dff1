/**
 * A recording as many Parquet files in folders by host and day, as query engines find them (`host=web1/date=2026-11-24`),
 * so that a query over a fleet and a year opens what it needs only.
 *
 * The traps: the folder's name is part of the data, so what a host calls itself must not lead out of the folder; and the
 * file's name must be another one for each recording, and the same one when it is exported again.
 */
import { createHash } from 'node:crypto';
import type { Recording } from '../recording/recording.js';
import { ParquetFile, ROW_GROUP_ROWS, rowsByGroup } from './parquet.js';
import { PARTITION_KEYS, type PartitionKey } from './partition-keys.js';
import type { Batch, Table } from './table.js';

/** Bytes that belong behind those of the same path before. */
export interface PartitionPiece {
  /** Relative, with `/`: `samples/host=web1/date=2026-11-24/20261124T030000Z-1f2e3d4c.parquet`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const DAY_NS = 86_400_000_000_000n;
/** What Hive, which the folders' form comes from, writes for no value. */
const NO_VALUE = '__HIVE_DEFAULT_PARTITION__';

/** The pieces of all files, those of different files mixed. A `host` that the folders tell is no column of the files. */
export function* partitionsOf(table: Table, keys: readonly PartitionKey[], name: string): Generator<PartitionPiece> {
  const columns = keys.includes('host') ? table.columns.filter((column) => column.name !== 'host') : table.columns;
  const files = new Map<string, ParquetFile>();
  const pathOf = new FolderNames(table, keys);
  for (const batch of table.batches(ROW_GROUP_ROWS)) {
    for (const [folder, rows] of pathOf.rowsByFolder(batch)) {
      const path = `${table.name}/${folder}${name}.parquet`;
      const file = files.get(path) ?? new ParquetFile(table, columns);
      files.set(path, file);
      file.add(batch, rows);
      yield { path, bytes: file.taken() };
    }
  }
  for (const [path, file] of files) yield { path, bytes: file.finish() };
}

/** A file's name that no other recording gives: its start, and a digest of what it is. */
export function partitionName({ metadata }: Recording): string {
  const { startedAt, host, writer, sources } = metadata;
  const start = dateOf(BigInt(startedAt.realNs)).replace(/[-:]|\.\d+/g, '');
  const whole = JSON.stringify([startedAt, host.hostname, host.bootId, writer.pid, sources, metadata.cut]);
  return `${start}-${createHash('sha256').update(whole).digest('hex').slice(0, 8)}`;
}

function dateOf(unixNs: bigint): string {
  return new Date(Number(unixNs / 1_000_000n)).toISOString();
}

/** Which folder a row belongs to. */
class FolderNames {
  readonly #host: number;
  readonly #texts: readonly string[];

  constructor(
    table: Table,
    private readonly keys: readonly PartitionKey[],
  ) {
    this.#host = table.columns.findIndex(({ name }) => name === 'host');
    this.#texts = table.columns[this.#host]!.pool!.texts;
  }

  /** The rows of a batch by folder, each in the order of a row group. */
  rowsByFolder(batch: Batch): Map<string, Uint32Array> {
    const times = batch.columns[0] as BigInt64Array;
    const hosts = batch.columns[this.#host] as Int32Array;
    const found = new Map<string, number[]>();
    let [folder, host, day]: [string, number, bigint] = ['', -1, -1n];
    for (const row of rowsByGroup(batch)) {
      const [rowHost, rowDay] = [hosts[row]!, times[row]! / DAY_NS];
      if (rowHost !== host || rowDay !== day) {
        [host, day] = [rowHost, rowDay];
        folder = this.#folderOf(this.#texts[host] ?? '', day);
        if (!found.has(folder)) found.set(folder, []);
      }
      found.get(folder)!.push(row);
    }
    return new Map([...found].map(([name, rows]) => [name, Uint32Array.from(rows)]));
  }

  #folderOf(host: string, day: bigint): string {
    const value = { host: escapeFolder(host), date: dateOf(day * DAY_NS).slice(0, 10) };
    return PARTITION_KEYS.filter((key) => this.keys.includes(key))
      .map((key) => `${key}=${value[key]}/`)
      .join('');
  }
}

/** As in a URL, which is how such folders are read; no dot and no slash of a name has a meaning then. */
function escapeFolder(text: string): string {
  return text === '' ? NO_VALUE : encodeURIComponent(Buffer.from(text).toString()).replace(/[!'()*]/g, percent);
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
