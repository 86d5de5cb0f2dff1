import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth } from './display-width.js';
import { formatTable, type TableColumn } from './table.js';

const columns: TableColumn[] = [
  { header: 'PID', align: 'right' },
  { header: 'COMMAND', flexible: true },
  { header: 'RSS', align: 'right' },
];

describe('formatTable', () => {
  it('aligns left and right', () => {
    const rows = [
      ['1', 'init', '12.3 MiB'],
      ['4711', 'a long command', '1 B'],
    ];
    expect(formatTable(columns, rows)).toEqual([
      ' PID COMMAND             RSS',
      '   1 init           12.3 MiB',
      '4711 a long command      1 B',
    ]);
  });

  it('cuts only the flexible column, to the width asked for', () => {
    const rows = [['4711', 'a long command', '1 B']];
    expect(formatTable(columns, rows, { maxWidth: 16 })).toEqual([' PID COMMAND RSS', '4711 a long… 1 B']);
    expect(formatTable(columns, rows, { maxWidth: 3, ascii: true })).toEqual([' PID ~ RSS', '4711 ~ 1 B']);
  });

  it('cuts nothing when no column is flexible', () => {
    expect(formatTable([{ header: 'A' }], [['abcdef']], { maxWidth: 3 })).toEqual(['A', 'abcdef']);
  });

  it('leaves out the header and widens the gap', () => {
    expect(formatTable([{ header: 'A' }, { header: 'B' }], [['1', '2']], { header: false, gap: 3 })).toEqual(['1   2']);
  });

  it('escapes cells and headers', () => {
    const lines = formatTable([{ header: 'A\n' }], [['\u001B[31m'], [Uint8Array.from([0xff])]]);
    expect(lines).toEqual(['A\\x0A', '\\x1B[31m', '\\xFF']);
  });

  it('aligns wide characters and combining marks by what they take', () => {
    const lines = formatTable(
      [{ header: 'A' }, { header: 'B' }],
      [
        ['日本', '1'],
        ['e\u0301', '2'],
      ],
    );
    expect(lines).toEqual(['A    B', '日本 1', 'e\u0301    2']);
  });

  it('refuses rows of another length and two flexible columns', () => {
    expect(() => formatTable([{ header: 'A' }], [['1', '2']])).toThrow(TypeError);
    expect(() => formatTable([columns[1], columns[1]], [])).toThrow(TypeError);
  });

  it('keeps to the width and to printable characters whatever the cells hold', () => {
    const row = fc.tuple(fc.nat(9999).map(String), fc.uint8Array({ maxLength: 40 }), fc.nat(99).map(String));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), fc.integer({ min: 10, max: 40 }), (rows, maxWidth) => {
        for (const line of formatTable(columns, rows, { maxWidth })) {
          expect(displayWidth(line)).toBeLessThanOrEqual(maxWidth);
          expect(line).not.toMatch(/\p{Cc}/u);
        }
      }),
    );
  });
});
