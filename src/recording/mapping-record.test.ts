import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendMappings } from '../engine/mapping-rows.js';
import { MappingSweep } from '../engine/mapping-sweep.js';
import { MappingTable, SMAPS_KEYS, SmapsColumn } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { decodeMappings, encodeMappings, ROWS_PER_RECORD } from './mapping-record.js';

const identity = { pid: 42, startTicks: 2 ** 40, parentPid: 1, kernelThread: false, comm: new Uint8Array(0) };
const HEAD = 38;

/** A sweep of `rows` mappings behind `before` of somebody else. */
function sweepOf(rows: number, before = 0): MappingSweep {
  const texts = Array.from({ length: rows }, (_, row) => {
    const start = (0x7f0000000000 + row * 0x2000).toString(16);
    const end = (0x7f0000001000 + row * 0x2000).toString(16);
    const flags = row % 3 === 0 ? '' : row % 3 === 1 ? 'VmFlags:\n' : 'VmFlags: rd wr mr\n';
    const name = row % 2 === 0 ? ` /lib/${'x'.repeat(row % 50)} (deleted)` : '';
    return `${start}-${end} rw-p 0000${row % 10}000 fe:0${row % 10} ${row}${name}\nRss: ${row} kB\nPss: ${row * 2} kB\n${flags}`;
  });
  const text = pad(Buffer.from(texts.join('')));
  const table = new MappingTable(Math.ceil((rows + 8) / 8) * 8);
  tokenizeSmaps(text.bytes, text.length, table);
  expect(table.rows).toBe(rows);
  const sweep = new MappingSweep(Math.ceil((rows + before + 8) / 8) * 8, 8);
  let used = 0;
  const strangers = pad(Buffer.from('1000-2000 r--p 00000000 00:00 0 /stranger\nRss: 9 kB\n'));
  const stranger = new MappingTable(8);
  tokenizeSmaps(strangers.bytes, strangers.length, stranger);
  for (let row = 0; row < before; row++) used = appendMappings(stranger, strangers.bytes, sweep, row, used);
  appendMappings(table, text.bytes, sweep, before, used);
  return sweep;
}

const nameOf = (record: { table: MappingTable; text: Uint8Array }, row: number) =>
  Buffer.from(
    record.text.subarray(record.table.nameStart[row]!, record.table.nameStart[row]! + record.table.nameLength[row]!),
  ).toString();

describe('a record of mappings', () => {
  it.each([
    [1, 0],
    [7, 0],
    [8, 3],
    [100, 1],
  ])('of %d rows behind %d is read as it was written', (rows, before) => {
    const sweep = sweepOf(rows, before);
    const records = encodeMappings(identity, 9, 0, 1234n, sweep, before, rows);
    expect(records).toHaveLength(1);
    const read = decodeMappings(records[0]!)!;
    expect(read).toMatchObject({ pid: 42, startTicks: 2 ** 40, tick: 9, status: 0, part: 0, parts: 1, holdNs: 1234 });
    expect(read.table.rows).toBe(rows);
    for (let row = 0; row < rows; row++) {
      expect(read.table.start[row]).toBe(sweep.table.start[before + row]);
      expect(read.table.end[row]).toBe(BigInt(0x7f0000001000 + row * 0x2000));
      expect(read.table.inode[row]).toBe(BigInt(row));
      expect(read.table.deviceMajor[row]).toBe(0xfe);
      expect(read.table.sizes[SmapsColumn.rss]![row]).toBe(row * 1024);
      expect(read.table.sizes[SmapsColumn.pss]![row]).toBe(row * 2048);
      // What the kernel did not say is not there.
      expect(read.table.sizes[SmapsColumn.swap]![row]).toBeNaN();
      expect(nameOf(read, row)).toBe(row % 2 === 0 ? `/lib/${'x'.repeat(row % 50)} (deleted)` : '');
      expect(read.table.flagsStart[row] === 0xffffffff).toBe(row % 3 === 0);
      expect(read.table.flagsLength[row]).toBe(sweep.table.flagsLength[before + row]);
    }
  });

  it('is one of several when there are very many, and one without rows when there are none', () => {
    const rows = ROWS_PER_RECORD * 2 + 5;
    const records = encodeMappings(identity, 1, 0, 0n, sweepOf(rows), 0, rows).map((record) => decodeMappings(record)!);
    expect(records.map(({ part, parts, table }) => [part, parts, table.rows])).toEqual([
      [0, 3, ROWS_PER_RECORD],
      [1, 3, ROWS_PER_RECORD],
      [2, 3, 5],
    ]);
    expect(records.flatMap(({ table }) => [...table.inode.subarray(0, table.rows)])).toEqual(
      Array.from({ length: rows }, (_, row) => BigInt(row)),
    );
    const none = encodeMappings(identity, 1, 3, 0n, sweepOf(1), 0, 0);
    expect(none.map((record) => decodeMappings(record))).toMatchObject([{ status: 3, part: 0, parts: 1 }]);
    expect(decodeMappings(none[0]!)!.table.rows).toBe(0);
  });
});

describe('damage', () => {
  const [whole] = encodeMappings(identity, 1, 0, 0n, sweepOf(12), 0, 12);

  it('is found wherever the record is cut', () => {
    for (let length = 0; length < whole!.length; length++)
      expect(decodeMappings(whole!.subarray(0, length))).toBeUndefined();
  });

  it('never makes a reader throw, nor believe in more rows than there are', () => {
    fc.assert(
      fc.property(fc.nat(whole!.length - 1), fc.nat(255), (at, value) => {
        const record = whole!.slice();
        record[at] = value;
        expect(decodeMappings(record)?.table.rows ?? 0).toBeLessThanOrEqual(ROWS_PER_RECORD);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (garbage) => {
        decodeMappings(garbage);
      }),
    );
  });

  it('never makes it allocate what the record cannot hold', () => {
    const bomb = (rows: number, bodyBytes: number, body: Uint8Array) => {
      const record = new Uint8Array(HEAD + body.length);
      const view = new DataView(record.buffer);
      view.setUint32(30, rows, true);
      view.setUint32(34, bodyBytes, true);
      record.set(body, HEAD);
      return record;
    };
    const before = process.memoryUsage().arrayBuffers;
    for (const [rows, bytes] of [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 100],
      [1, 0xffffffff],
      [0, 1],
    ] as const) {
      expect(decodeMappings(bomb(rows, bytes, deflateRawSync(new Uint8Array(100))))).toBeUndefined();
    }
    // 100 MB of zeros deflate to 100 KB: no more is inflated than the head promises.
    const zeros = deflateRawSync(new Uint8Array(100e6));
    expect(decodeMappings(bomb(1, 1000, zeros))).toBeUndefined();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150e6);
    // Lengths of names that add up to more than there is, or to 2^32 and a bit.
    const fixed = 1 * (4 * 8 + SMAPS_KEYS.length * 8 + 4 * 4 + 1);
    const body = new Uint8Array(fixed);
    new DataView(body.buffer).setUint32(4 * 8 + SMAPS_KEYS.length * 8 + 8, 0xffffffff, true);
    expect(decodeMappings(bomb(1, fixed, deflateRawSync(body)))).toBeUndefined();
  });
});
