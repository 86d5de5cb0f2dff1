/** A ring of nothing but mappings, written as a recording writes it, from text that is made up. */
import { appendMappings } from '../engine/mapping-rows.js';
import { MappingSweep } from '../engine/mapping-sweep.js';
import { MappingTable } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { RingReader } from '../ring/ring-reader.js';
import { RingWriter } from '../ring/ring-writer.js';
import { SharedStorage } from '../ring/shared-storage.js';
import type { RecordingMetadata } from './format.js';
import { MAPPING_COLUMNS } from './mapping-columns.js';
import type { RecordedMappings } from './mapping-record.js';
import { MappingWalk } from './mapping-walk.js';
import { MappingWriter } from './mapping-writer.js';

const BLOCK = 64 * 1024;
const PAGE = 4096;
const METADATA = { host: { pageSize: PAGE }, mappingColumns: MAPPING_COLUMNS };

export class MappingRing {
  readonly storage = new SharedStorage(new SharedArrayBuffer(16384 + 6 * BLOCK));
  readonly ring = RingWriter.create(this.storage, {
    rings: [{ name: 'mappings', share: 1, rows: 'none', columns: [], scalars: [] }],
    metadata: METADATA,
    blockBytes: BLOCK,
  });
  readonly writer = new MappingWriter(this.ring, 0, PAGE);
  readonly failures: string[] = [];

  /** `odd` makes the first address no whole page. */
  write(pid: number, tick: number, rows: number, odd = false): void {
    const lines = Array.from({ length: rows }, (_, row) => {
      const [from, to] = [0x10000 + row * 2, 0x10001 + row * 2].map((page) => (page * PAGE).toString(16));
      return `${odd ? '1' : from}-${to} r--p 00000000 00:00 ${row * 37} /file-${row % 50}\nRss: ${tick + row} kB\n`;
    });
    const text = pad(Buffer.from(lines.join('')));
    const table = new MappingTable(rows + 8);
    tokenizeSmaps(text.bytes, text.length, table);
    const sweep = new MappingSweep(rows + 8, 8);
    appendMappings(table, text.bytes, sweep, 0, 0);
    const identity = { pid, startTicks: 7, parentPid: 1, kernelThread: false, comm: new Uint8Array(0) };
    this.writer.write(BigInt(tick), identity, tick, 0, 5n, sweep, 0, rows, (reason) => this.failures.push(reason));
  }

  read(): { records: RecordedMappings[]; lost: number } {
    const metadata = METADATA as unknown as RecordingMetadata;
    const walk = new MappingWalk(RingReader.open(this.storage).cursor(0), metadata);
    const records: RecordedMappings[] = [];
    for (let record = walk.next(); record !== undefined; record = walk.next()) records.push(record);
    return { records, lost: walk.lost };
  }
}
