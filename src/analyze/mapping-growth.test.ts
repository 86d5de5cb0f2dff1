import { expect, it } from 'vitest';
import { MappingTable, tokenizeGrowing } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { type MappingText, mappingGrowth } from './mapping-growth.js';

const K = 1024;

/** Rows of start and end page, resident KiB and name. */
function smaps(...rows: readonly (readonly [start: number, end: number, kib: number, name: string])[]): MappingText {
  const lines = rows.map(([start, end, kib, name]) => {
    const range = [start, end].map((page) => (page * 4096).toString(16).padStart(8, '0')).join('-');
    return `${range} rw-p 00000000 00:00 0 ${name}\nRss: ${kib} kB\nSwap: 0 kB\n`;
  });
  const { bytes, length } = pad(new TextEncoder().encode(lines.join('')));
  return { table: tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(8)), text: bytes };
}

const growths = (before: MappingText, now: MappingText) => mappingGrowth(before, now).map(({ growth }) => growth / K);

it('is the change of each that stayed, and all of one that is new', () => {
  const before = smaps([16, 32, 8, '[heap]'], [64, 80, 40, '']);
  const now = smaps([16, 48, 100, '[heap]'], [64, 80, 40, ''], [96, 112, 12, '']);
  expect(growths(before, now)).toEqual([92, 0, 12]);
});

it('follows a mapping that grew downward', () => {
  expect(growths(smaps([32, 48, 20, '[stack]']), smaps([16, 48, 50, '[stack]']))).toEqual([30]);
});

it('adds up what merged, and divides what was split', () => {
  const apart = smaps([16, 32, 10, ''], [32, 48, 20, '']);
  const whole = smaps([16, 48, 34, '']);
  expect(growths(apart, whole)).toEqual([4]);
  expect(growths(smaps([16, 48, 32, '']), smaps([16, 32, 16, ''], [32, 48, 20, '']))).toEqual([0, 4]);
});

it('does not take another file at the same place for the same mapping', () => {
  expect(growths(smaps([16, 32, 10, '/a']), smaps([16, 32, 12, '/b']))).toEqual([12]);
});

it('is not known where nothing was measured', () => {
  const { bytes, length } = pad(new TextEncoder().encode('00010000-00020000 rw-p 00000000 00:00 0 \n'));
  const maps: MappingText = {
    table: tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(8)),
    text: bytes,
  };
  expect(growths(maps, maps)).toEqual([Number.NaN]);
});
