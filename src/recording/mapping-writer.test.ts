import { expect, it } from 'vitest';
import { appendMappings } from '../engine/mapping-rows.js';
import { MappingSweep } from '../engine/mapping-sweep.js';
import { MappingTable } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { RingReader } from '../ring/ring-reader.js';
import { RingWriter } from '../ring/ring-writer.js';
import { SharedStorage } from '../ring/shared-storage.js';
import type { RecordingMetadata } from './format.js';
import type { RecordedMappings } from './mapping-record.js';
import { MappingWalk } from './mapping-walk.js';
import { MappingWriter } from './mapping-writer.js';

const BLOCK = 64 * 1024;
const PAGE = 4096;
const metadata = { host: { pageSize: PAGE } } as RecordingMetadata;

class Rings {
  readonly storage = new SharedStorage(new SharedArrayBuffer(16384 + 6 * BLOCK));
  readonly ring = RingWriter.create(this.storage, {
    rings: [{ name: 'mappings', share: 1, rows: 'none', columns: [], scalars: [] }],
    metadata: {},
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
    const walk = new MappingWalk(RingReader.open(this.storage).cursor(0), metadata);
    const records: RecordedMappings[] = [];
    for (let record = walk.next(); record !== undefined; record = walk.next()) records.push(record);
    return { records, lost: walk.lost };
  }
}

const shown = ({ pid, tick, part, table }: RecordedMappings) => [
  pid,
  tick,
  part,
  table.rows,
  table.sizes[3]![table.rows - 1],
];

it('stands alone in every block, through many laps', () => {
  const rings = new Rings();
  const written: unknown[] = [];
  for (let tick = 0; tick < 3000; tick++) {
    const pid = 1 + (tick % 3);
    const rows = 200 + (tick % 7);
    rings.write(pid, tick, rows);
    written.push([pid, tick, 0, rows, (tick + rows - 1) * 1024]);
  }
  const { records, lost } = rings.read();
  expect(lost).toBe(0);
  expect(rings.ring.stats[0]!.recycled).toBeGreaterThan(3);
  expect(records.length).toBeGreaterThan(50);
  expect(records.map(shown)).toEqual(written.slice(-records.length));
});

it('stores as they are what differences cannot tell, and goes on', () => {
  const rings = new Rings();
  rings.write(1, 1, 10);
  rings.write(2, 2, 10, true);
  rings.write(1, 3, 11);
  rings.write(1, 4, 12);
  const { records, lost } = rings.read();
  expect(lost).toBe(0);
  expect(records.map(shown)).toEqual([
    [1, 1, 0, 10, 10 * 1024],
    [2, 2, 0, 10, 11 * 1024],
    [1, 3, 0, 11, 13 * 1024],
    [1, 4, 0, 12, 15 * 1024],
  ]);
  expect(records[1]!.table.start[0]).toBe(1n);
});

it('stores in parts what no block holds', () => {
  const rings = new Rings();
  rings.write(1, 1, 30_000);
  const { records, lost } = rings.read();
  expect([lost, rings.failures]).toEqual([0, []]);
  expect(records.map(({ part, parts }) => [part, parts])).toEqual(Array.from({ length: 8 }, (_, part) => [part, 8]));
  expect(records.reduce((sum, { table }) => sum + table.rows, 0)).toBe(30_000);
});

it('tells what could not be stored, and begins anew', () => {
  const rings = new Rings();
  rings.write(1, 1, 10);
  const write = rings.storage.write.bind(rings.storage);
  rings.storage.write = () => {
    throw new Error('no disk');
  };
  rings.write(1, 2, 11);
  rings.storage.write = write;
  rings.write(1, 3, 12);
  expect(rings.failures).toEqual(['write-failed']);
  const { records } = rings.read();
  expect(records.map(shown)).toEqual([
    [1, 1, 0, 10, 10 * 1024],
    [1, 3, 0, 12, 14 * 1024],
  ]);
});
