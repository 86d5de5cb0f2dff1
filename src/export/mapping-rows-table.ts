/**
 * The mappings of a recording as a table: one row per mapping and read, with its class.
 *
 * The traps: addresses reach 2^64 and are no doubles; and a mapping is told by its process and its start, which is what
 * brings the rows together that resemble each other.
 */
import { classifyMappings } from '../analyze/classify.js';
import { MAPPING_CLASSES } from '../analyze/mapping-classes.js';
import { permissionText } from '../procfs/mapping-objects.js';
import { SMAPS_KEYS } from '../procfs/mapping-table.js';
import { textAndHex } from '../procfs/object-values.js';
import { sourcesOf } from '../recording/merge.js';
import type { Recording } from '../recording/recording.js';
import { type MappingRead, mappingReads } from './mapping-reads.js';
import { recordingFacts } from './recording-facts.js';
import type { ExportOptions } from './rows.js';
import { type Batch, type ColumnValues, newBatch, type Table, type TableColumn, TextPool } from './table.js';

const NONE = -1;

export class MappingRowsTable implements Table {
  readonly name = 'mappings';
  readonly columns: readonly TableColumn[];
  readonly facts: Readonly<Record<string, string>>;
  readonly #recording: Recording;
  readonly #options: ExportOptions;
  readonly #hosts: ReturnType<typeof sourcesOf>;
  readonly #place: Map<string, number>;
  /** Numbers of the size columns in a table of mappings. */
  readonly #sizes: readonly number[];

  /** Of the metrics in `options` those count that `smaps` tells of a mapping. */
  constructor(recording: Recording, options: ExportOptions = {}) {
    this.#recording = recording;
    this.#options = options;
    this.#hosts = sourcesOf(recording.metadata);
    const { metrics } = options;
    this.#sizes = SMAPS_KEYS.flatMap(({ name }, index) => (!metrics || metrics.includes(name) ? [index] : []));
    this.columns = [...LEADING, ...this.#sizes.map(sizeColumn)].map((column) =>
      column.type === 'text' ? { ...column, pool: new TextPool() } : column,
    );
    this.#place = new Map(this.columns.map(({ name }, place) => [name, place]));
    this.facts = recordingFacts(recording, 'tidemark-mappings-1');
  }

  collectTexts(): void {
    const { onProgress: _, ...options } = this.#options;
    for (const read of mappingReads(this.#recording, options)) this.#textsOf(read);
  }

  *batches(capacity: number): Generator<Batch> {
    const batch = newBatch(this.columns, capacity);
    let groups = new Map<string, number>();
    for (const read of mappingReads(this.#recording, this.#options)) {
      const texts = this.#textsOf(read);
      for (let row = 0; row < read.table.rows; row++) {
        this.#fillRow(batch, read, row, texts);
        const own = `${read.key}:${read.table.start[row]}`;
        const group = groups.get(own) ?? groups.size;
        groups.set(own, group);
        batch.groups[batch.rows++] = group;
        if (batch.rows < capacity) continue;
        yield batch;
        batch.rows = 0;
        groups = new Map();
      }
    }
    if (batch.rows > 0) yield batch;
  }

  #fillRow({ rows: at, columns }: Batch, read: MappingRead, row: number, texts: ReadTexts): void {
    const { table } = read;
    const set = (name: string, value: bigint | number) => {
      (columns[this.#place.get(name)!] as ColumnValues)[at] = value as never;
    };
    set('time', read.timeNs);
    set('host', texts.host);
    set('boot_id', texts.bootId);
    set('pid', read.pid);
    set('start_ticks', read.startTicks);
    set('comm', texts.comm);
    set('start', table.start[row]!);
    set('end', table.end[row]!);
    set('perms', texts.perms[row]!);
    set('offset', table.offset[row]!);
    set('device', texts.devices[row]!);
    set('inode', table.inode[row]!);
    set('name', texts.names[row]!);
    set('nameHex', texts.nameHexes[row]!);
    set('class', texts.classes[row]!);
    set('hold_ns', read.holdNs);
    this.#sizes.forEach((size, index) => {
      (columns[LEADING.length + index] as Float64Array)[at] = table.sizes[size]![row]!;
    });
  }

  #textsOf({ table, text, source, process }: MappingRead): ReadTexts {
    const code = (name: string, value: string | undefined) =>
      value === undefined ? NONE : this.columns[this.#place.get(name)!]!.pool!.codeOf(value);
    const { classes } = classifyMappings(table, text, process?.program?.exe);
    const rows = Array.from({ length: table.rows }, (_, row) => row);
    const names = rows.map((row) => {
      const start = table.nameStart[row]!;
      return textAndHex('name', text.subarray(start, start + table.nameLength[row]!));
    });
    const host = this.#hosts[source];
    return {
      host: code('host', host?.hostname ?? ''),
      bootId: code('boot_id', host?.bootId ?? ''),
      comm: code('comm', process?.comm),
      perms: rows.map((row) => code('perms', permissionText(table.perms[row]!))),
      devices: rows.map((row) => code('device', deviceText(table.deviceMajor[row]!, table.deviceMinor[row]!))),
      names: names.map(({ name }) => code('name', name)),
      nameHexes: names.map(({ nameHex }) => code('nameHex', nameHex)),
      classes: rows.map((row) => code('class', MAPPING_CLASSES[classes[row]!]!.name)),
    };
  }
}

/** Codes of one read in the text columns; the lists by row. */
interface ReadTexts {
  readonly host: number;
  readonly bootId: number;
  readonly comm: number;
  readonly perms: readonly number[];
  readonly devices: readonly number[];
  readonly names: readonly number[];
  readonly nameHexes: readonly number[];
  readonly classes: readonly number[];
}

type PlainColumn = Omit<TableColumn, 'pool'>;

const column = (
  name: string,
  type: TableColumn['type'],
  help: string,
  unit?: string,
  isNullable = false,
): PlainColumn => ({ ...{ name, type, isNullable }, facts: { help, ...(unit === undefined ? {} : { unit }) } });

const LEADING: readonly PlainColumn[] = [
  column('time', 'timestamp', 'When the mappings were read, UTC', 'nanoseconds'),
  column('host', 'text', 'Host that the process ran on'),
  column('boot_id', 'text', 'Boot of the host; with pid and start_ticks it names one process'),
  column('pid', 'int32', 'Process id', 'pid'),
  column('start_ticks', 'int64', 'Clock ticks between boot and the start of the process', 'clock ticks'),
  column('comm', 'text', 'Last name of the process', undefined, true),
  column('start', 'uint64', 'First address', 'address'),
  column('end', 'uint64', 'Address behind the last one', 'address'),
  column('perms', 'text', 'Permissions as the kernel prints them'),
  column('offset', 'uint64', 'Where in the file it begins', 'bytes'),
  column('device', 'text', 'Device of the file, major:minor in hexadecimal'),
  column('inode', 'uint64', 'Inode of the file'),
  column('name', 'text', 'Path or name as the kernel prints it'),
  column('nameHex', 'text', 'Bytes of the name, where they are not UTF-8', undefined, true),
  column('class', 'text', 'What the mapping is for; `tidemark segments` has the list'),
  column('hold_ns', 'int64', "Upper bound of how long the read held the process's memory map in one go", 'nanoseconds'),
];

function sizeColumn(index: number): PlainColumn {
  const { name, key, ...rest } = SMAPS_KEYS[index]!;
  const unit = 'plain' in rest ? 'count' : 'bytes';
  return { name, type: 'int64', isNullable: true, facts: { unit, source: `smaps ${key}` } };
}

function deviceText(major: number, minor: number): string {
  return [major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':');
}
