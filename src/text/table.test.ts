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

  it('goes on in a further line where a flexible column would be less than its least width', () => {
    const wide: TableColumn[] = [
      { header: 'METRIC', flexible: true, least: 10, cut: 'middle' },
      { header: 'BEFORE', align: 'right' },
      { header: 'AFTER', align: 'right' },
    ];
    const rows = [
      ['program.node.pss', '12 MiB', '13 MiB'],
      ['pss.peak', '1 MiB', '2 MiB'],
    ];
    const lines = (maxWidth: number) => formatTable(wide, rows, { maxWidth });
    expect(lines(24)).toEqual([
      'METRIC     BEFORE  AFTER',
      'prog\u2026e.pss 12 MiB 13 MiB',
      'pss.peak    1 MiB  2 MiB',
    ]);
    expect(lines(23)).toEqual([
      'METRIC           BEFORE',
      '     AFTER',
      'program.node.pss 12 MiB',
      '    13 MiB',
      'pss.peak          1 MiB',
      '     2 MiB',
    ]);
    expect(lines(12).slice(3, 6)).toEqual(['progr\u2026de.pss', '    12 MiB', '    13 MiB']);
    expect(lines(9)[3]).toBe('prog\u2026.pss');
    for (const width of [9, 12, 15, 20, 25]) {
      expect(Math.max(...lines(width).map(displayWidth))).toBeLessThanOrEqual(Math.max(width, 10));
    }
  });

  it('lets a last column of words go on in a further line only where it is too long', () => {
    const wide: TableColumn[] = [
      { header: 'METRIC', flexible: true, least: 8 },
      { header: 'N' },
      { header: 'VERDICT' },
    ];
    const rows = [
      ['pss', '1', 'more'],
      ['a long name', '2', 'none shown (below 3 %)'],
    ];
    expect(formatTable(wide, rows, { maxWidth: 18 })).toEqual([
      'METRIC   N VERDICT',
      'pss      1 more',
      'a long \u2026 2',
      '    none shown (below 3 %)',
    ]);
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
