import { describe, expect, it } from 'vitest';
import { HeaderWord, MappingTable, SMAPS_KEYS, tableLayout, tokenizeGrowing } from './mapping-table.js';
import { tokenizeMaps } from './maps.js';
import { pad } from './padding.js';
import { tokenizeSmaps } from './smaps.js';

describe('MappingTable', () => {
  it.each([1, 7, 8, 9, 64, 1000])('for %d rows has room for them, in an odd number of cache lines', (rows) => {
    const { capacity } = new MappingTable(rows);
    expect(capacity).toBeGreaterThanOrEqual(rows);
    expect(capacity % 16).toBe(8);
  });

  it('has columns that follow each other without a gap, each aligned', () => {
    const table = new MappingTable(24);
    const { columns, byteLength } = tableLayout(table.capacity);
    const size = { u64: 8, f64: 8, u32: 4, u8: 1 };
    let next = 64;
    for (const { type, byteOffset } of columns) {
      expect(byteOffset).toBe(next);
      expect(byteOffset % size[type]).toBe(0);
      next += size[type] * table.capacity;
    }
    expect([next, table.buffer.byteLength]).toEqual([byteLength, byteLength]);
  });

  it('gives the same cells through every view', () => {
    const table = new MappingTable(8);
    table.end[3] = 0x123456789n;
    expect([...table.addressHalves.subarray((table.capacity + 3) * 2, (table.capacity + 3) * 2 + 2)]).toEqual([
      0x23456789, 1,
    ]);
    table.sizes[5]![2] = 1.5;
    expect(table.allSizes[5 * table.capacity + 2]).toBe(1.5);
    expect(table.sizes).toHaveLength(SMAPS_KEYS.length);
    table.header[HeaderWord.rows] = 7;
    expect(table.rows).toBe(7);
  });
});

describe('tokenizeGrowing', () => {
  const lines = (count: number, rest = '') =>
    Buffer.from(
      Array.from(
        { length: count },
        (_, row) => `${row}000-${row + 1}000 r--p 00000000 00:00 ${row} /m${row}\n${rest}`,
      ).join(''),
    );

  it('keeps a table that is large enough, even if it is just so', () => {
    const table = new MappingTable(8);
    const { bytes, length } = pad(lines(table.capacity));
    expect(tokenizeGrowing(tokenizeMaps, bytes, length, table)).toBe(table);
    expect(table.rows).toBe(table.capacity);
  });

  it('grows by one row too many', () => {
    const table = new MappingTable(8);
    const { bytes, length } = pad(lines(table.capacity + 1));
    const grown = tokenizeGrowing(tokenizeMaps, bytes, length, table);
    expect(grown).not.toBe(table);
    expect([grown.rows, grown.header[HeaderWord.full]]).toEqual([table.capacity + 1, 0]);
    expect(table.header[HeaderWord.full]).toBe(1);
  });

  it('grows by unknown fields as well', () => {
    const rest = Array.from({ length: 40 }, (_, index) => `Key${index}: ${index}\n`).join('');
    const { bytes, length } = pad(lines(3, rest));
    const grown = tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(8));
    expect([grown.rows, grown.header[HeaderWord.others], grown.otherCount[2], grown.firstOther[2]]).toEqual([
      3, 120, 40, 80,
    ]);
  });

  it.each([
    ['maps', tokenizeMaps, ''],
    ['smaps', tokenizeSmaps, 'Rss:                   4 kB\nVmFlags: rd \n'],
  ] as const)('holds 100,000 mappings of %s', (_name, tokenize, rest) => {
    const { bytes, length } = pad(lines(100_000, rest));
    const table = tokenizeGrowing(tokenize, bytes, length, new MappingTable(8));
    expect([table.rows, table.header[HeaderWord.malformedLines]]).toEqual([100_000, 0]);
    expect(table.inode[99_999]).toBe(99_999n);
    const name = table.nameStart[99_999]!;
    expect(Buffer.from(bytes.subarray(name, name + table.nameLength[99_999]!)).toString()).toBe('/m99999');
  });
});
