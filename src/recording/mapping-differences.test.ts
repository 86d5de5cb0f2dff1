import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendMappings } from '../engine/mapping-rows.js';
import { MappingSweep } from '../engine/mapping-sweep.js';
import { MappingTable } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { MappingDecoder, MappingEncoder, ROWS_MAX } from './mapping-differences.js';
import type { RecordedMappings } from './mapping-record.js';

const PAGE = 4096;

interface Row {
  page: number;
  pages: number;
  name: string;
  rss: number | undefined;
  flags: string | undefined;
  perms: string;
  inode: number;
}

function textOf(rows: readonly Row[]): string {
  return rows
    .map(({ page, pages, name, rss, flags, perms, inode }) => {
      const [from, to] = [page, page + pages].map((at) => (BigInt(at) * BigInt(PAGE)).toString(16));
      const sizes = `Size: ${pages * 4} kB\n${rss === undefined ? '' : `Rss: ${rss} kB\nPss: ${rss} kB\n`}`;
      return `${from}-${to} ${perms} 00001000 fe:01 ${inode} ${name}\n${sizes}${flags === undefined ? '' : `VmFlags: ${flags}\n`}`;
    })
    .join('');
}

function sweepOf(text: string): { sweep: MappingSweep; rows: number } {
  const { bytes, length } = pad(Buffer.from(text));
  const table = new MappingTable(Math.max(8, text.split('\n').length));
  tokenizeSmaps(bytes, length, table);
  const sweep = new MappingSweep(table.rows + 8, 8);
  if (sweep.text.length < text.length) sweep.text = new Uint8Array(text.length);
  appendMappings(table, bytes, sweep, 0, 0);
  return { sweep, rows: table.rows };
}

/** Every cell and string of a table as plain values. */
function plain({ table, text }: { table: MappingTable; text: Uint8Array }, rows: number): unknown[] {
  const span = (start: number, length: number) => Buffer.from(text.subarray(start, start + length)).toString('latin1');
  return Array.from({ length: rows }, (_, row) => [
    ...[table.start, table.end, table.offset, table.inode].map((column) => column[row]),
    ...table.sizes.map((column) => column[row]),
    table.deviceMajor[row],
    table.deviceMinor[row],
    table.perms[row],
    span(table.nameStart[row]!, table.nameLength[row]!),
    table.flagsStart[row] === 0xffffffff ? null : span(table.flagsStart[row]!, table.flagsLength[row]!),
  ]);
}

class Pair {
  readonly encoder = new MappingEncoder(PAGE);
  readonly decoder = new MappingDecoder(PAGE);
  readonly scratch = new Uint8Array(1 << 20);
  bytes = 0;

  encode(pid: number, rows: readonly Row[], tick = 1): Uint8Array {
    const { sweep, rows: count } = sweepOf(textOf(rows));
    const length = this.encoder.encode(this.scratch, identityOf(pid), tick, 0, 77n, sweep, 0, count);
    expect(length).toBeGreaterThan(0);
    this.bytes = length;
    return this.scratch.slice(0, length);
  }

  /** Encodes, decodes, and compares every cell. */
  pass(pid: number, rows: readonly Row[]): void {
    const read = this.decoder.decode(this.encode(pid, rows)) as RecordedMappings;
    expect(read).toMatchObject({ pid, startTicks: 2 ** 40 + pid, tick: 1, status: 0, part: 0, parts: 1, holdNs: 77 });
    const { sweep, rows: count } = sweepOf(textOf(rows));
    expect(read.table.rows).toBe(count);
    expect(plain(read, count)).toEqual(plain(sweep, count));
  }
}

function identityOf(pid: number) {
  return { pid, startTicks: 2 ** 40 + pid, parentPid: 1, kernelThread: false, comm: new Uint8Array(0) };
}

const row: fc.Arbitrary<Row> = fc.record({
  page: fc.oneof(fc.nat(60), fc.constant(0xffffffffff600)),
  pages: fc.nat(5),
  name: fc.constantFrom('', '/lib/a.so', '/lib/b.so (deleted)', '[heap]', '/é\u0001 x'),
  rss: fc.option(fc.nat(40), { nil: undefined }),
  flags: fc.option(fc.constantFrom('', 'rd wr', 'rd ex mr'), { nil: undefined }),
  perms: fc.constantFrom('r--p', 'rw-p', 'r-xs'),
  inode: fc.oneof(fc.nat(9), fc.constant(Number.MAX_SAFE_INTEGER)),
});
/** Mostly as the kernel has them; now and then in no order at all. */
const table = fc
  .tuple(fc.array(row, { maxLength: 24 }), fc.nat(9))
  .map(([rows, disorder]) => (disorder === 0 ? rows : [...rows].sort((a, b) => a.page - b.page)));

const many = (count: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({
    page: 0x7f0000000 + index * 4,
    pages: 1 + (index % 3),
    name: `/usr/lib/library-${index % 20}.so`,
    rss: 4,
    flags: 'rd mr mw me ac',
    perms: 'r--p',
    inode: 1000 + (index % 20),
  }));

describe('mappings as differences', () => {
  it('are read as they were, whatever came and went', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), table), { maxLength: 12 }), (steps) => {
        const pair = new Pair();
        for (const [pid, rows] of steps) pair.pass(pid + 1, rows);
      }),
      { numRuns: 300 },
    );
  });

  it('take little: names once per block, a change some bytes, a shift not every row', () => {
    const pair = new Pair();
    const rows = many(500);
    pair.pass(1, rows);
    expect(pair.bytes).toBeLessThan(500 * 9);
    pair.pass(2, rows);
    expect(pair.bytes).toBeLessThan(500 * 7);
    pair.pass(1, rows);
    expect(pair.bytes).toBeLessThan(60);
    pair.pass(1, rows.with(250, { ...rows[250]!, rss: 8 }));
    expect(pair.bytes).toBeLessThan(70);
    pair.pass(1, rows.toSpliced(100, 3));
    expect(pair.bytes).toBeLessThan(90);
    pair.pass(
      1,
      rows.map((one) => ({ ...one, page: one.page + 64 })),
    );
    expect(pair.bytes).toBeLessThan(500 * 9);
  });

  it('begin anew after a reset on both sides', () => {
    const pair = new Pair();
    pair.pass(1, many(10));
    pair.encoder.reset();
    pair.decoder.reset();
    pair.pass(1, many(11));
  });

  it('are lost, not guessed, when what they build on is', () => {
    const pair = new Pair();
    const records = [many(10), many(11), many(12)].map((rows) => pair.encode(1, rows));
    const other = pair.encode(
      2,
      [...many(3), { ...many(1)[0]!, page: 9, name: '/new' }].sort((a, b) => a.page - b.page),
    );
    expect(pair.decoder.decode(records[0]!)).toMatchObject({ pid: 1 });
    expect(pair.decoder.decode(records[2]!)).toBe('lost');
    // Of another process, whole: nothing that it needs is missing.
    expect(pair.decoder.decode(other)).toMatchObject({ pid: 2 });
    const stranger = new MappingDecoder(PAGE);
    // Its names stood in a record that this reader has not seen.
    expect(stranger.decode(other)).toBe('lost');
  });

  it('of others are passed over when one process is asked for', () => {
    const pair = new Pair();
    const [a, b, c] = [pair.encode(1, many(5)), pair.encode(2, many(6)), pair.encode(2, many(7))];
    const only = `2:${2 ** 40 + 2}`;
    expect([a, b, c].map((record) => (pair.decoder.decode(record!, only) as RecordedMappings)?.table?.rows)).toEqual([
      undefined,
      6,
      7,
    ]);
  });

  it('are refused when they cannot be told exactly, or do not fit', () => {
    const pair = new Pair();
    const encode = (text: string, room = 1 << 20) => {
      const { sweep, rows } = sweepOf(text);
      return pair.encoder.encode(pair.scratch.subarray(0, room), identityOf(1), 1, 0, 0n, sweep, 0, rows);
    };
    expect(encode('1000-2000 r--p 00000000 00:00 0\n')).toBeGreaterThan(0);
    pair.encoder.reset();
    for (const text of [
      '1001-2000 r--p 00000000 00:00 0\n',
      '1000-2001 r--p 00000000 00:00 0\n',
      '1000-2000 r--p 00000001 00:00 0\n',
      '1000-2000 r--p 00000000 00:00 9007199254740993\n',
    ]) {
      expect(encode(text)).toBe(-1);
      pair.encoder.reset();
    }
    const text = textOf(many(50));
    const whole = encode(text);
    for (let room = 0; room < whole + 12; room++) {
      pair.encoder.reset();
      expect([-1, whole]).toContain(encode(text, room));
    }
    const { sweep } = sweepOf('');
    expect(pair.encoder.encode(pair.scratch, identityOf(1), 1, 0, 0n, sweep, 0, ROWS_MAX + 1)).toBe(-1);
  });
});

describe('a damaged record of differences', () => {
  it('never makes a reader throw', () => {
    const pair = new Pair();
    const [first, second] = [pair.encode(1, many(20)), pair.encode(1, many(18))];
    fc.assert(
      fc.property(fc.nat(second!.length - 1), fc.nat(255), fc.nat(second!.length), (at, value, cut) => {
        const decoder = new MappingDecoder(PAGE);
        decoder.decode(first!);
        const spoilt = second!.slice();
        spoilt[at] = value;
        decoder.decode(spoilt);
        const short = new MappingDecoder(PAGE);
        short.decode(first!);
        if (cut < second!.length) expect(['damaged', 'lost']).toContain(short.decode(second!.subarray(0, cut)));
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
        new MappingDecoder(PAGE).decode(garbage);
      }),
    );
  });

  it('never makes it allocate for rows that no recording holds', () => {
    // number 1, base 0, pid 1, start 0, tick 0, status 0, hold 0, 0 strings before, 0 new, 2^35 rows.
    const bomb = Uint8Array.from([1, 0, 1, 0, 0, 0, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0]);
    expect(new MappingDecoder(PAGE).decode(bomb)).toBe('damaged');
  });
});
