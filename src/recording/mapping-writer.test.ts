import { expect, it } from 'vitest';
import type { RecordedMappings } from './mapping-record.js';
import { MappingRing } from './mappings.fixture.js';

const shown = ({ pid, tick, part, table }: RecordedMappings) => [
  pid,
  tick,
  part,
  table.rows,
  table.sizes[3]![table.rows - 1],
];

it('stands alone in every block, through many laps', () => {
  const rings = new MappingRing();
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
  const rings = new MappingRing();
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
  const rings = new MappingRing();
  rings.write(1, 1, 30_000);
  const { records, lost } = rings.read();
  expect([lost, rings.failures]).toEqual([0, []]);
  expect(records.map(({ part, parts }) => [part, parts])).toEqual(Array.from({ length: 8 }, (_, part) => [part, 8]));
  expect(records.reduce((sum, { table }) => sum + table.rows, 0)).toBe(30_000);
});

it('tells what could not be stored, and begins anew', () => {
  const rings = new MappingRing();
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
