import { expect, it } from 'vitest';
import { MappingTable, NO_SPAN, tokenizeGrowing } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { joinParts } from './mapping-join.js';
import type { RecordedMappings } from './mapping-record.js';

function part(text: string): RecordedMappings {
  const { bytes, length } = pad(new TextEncoder().encode(text));
  const table = tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(8));
  const head = { pid: 1, startTicks: 1, tick: 0, status: 0, part: 0, parts: 2, holdNs: 1 };
  return { ...head, table, text: bytes };
}

it('has the rows of all parts with their own names and flags', () => {
  const parts = [
    part('1000-2000 r-xp 00000000 08:01 7 /bin/first\nRss: 4 kB\nVmFlags: rd ex\n'),
    part('3000-5000 rw-p 00000000 00:00 0 [heap]\nRss: 8 kB\n6000-7000 rw-p 00000000 00:00 0 \nRss: 0 kB\n'),
  ];
  const { table, text } = joinParts(parts);
  const at = (start: number, length: number) => Buffer.from(text).toString('latin1', start, start + length);
  const rows = Array.from({ length: table.rows }, (_, row) => ({
    start: table.start[row],
    name: at(table.nameStart[row], table.nameLength[row]),
    rss: table.sizes[3][row],
    flags: table.flagsStart[row] === NO_SPAN ? undefined : at(table.flagsStart[row], table.flagsLength[row]).trim(),
  }));
  expect(rows).toEqual([
    { start: 0x1000n, name: '/bin/first', rss: 4096, flags: 'rd ex' },
    { start: 0x3000n, name: '[heap]', rss: 8192, flags: undefined },
    { start: 0x6000n, name: '', rss: 0, flags: undefined },
  ]);
});

it('gives a single part as it is', () => {
  const only = part('1000-2000 r-xp 00000000 08:01 7 /bin/first\n');
  expect(joinParts([only]).table).toBe(only.table);
});
