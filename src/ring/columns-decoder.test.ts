/**
 * Payloads byte by byte, as docs/tide-format.md has them: what each form tells, that nothing of a cut one is taken for whole,
 * and which bytes are refused.
 */
import { describe, expect, it } from 'vitest';
import { float, HEAD, LIST, NAN, NO_STATUS, Side, SPEC, step } from './decoder.fixture.js';
import { FORMAT_MAJOR } from './layout.js';

const n = Number.NaN;

/** Of three labelled slots: the cells, and what they say. */
const FORMS: [string, number[], number[][], number][] = [
  [
    'nothing',
    [0, 0],
    [
      [n, n, n],
      [n, n, n],
    ],
    0,
  ],
  [
    'all of all',
    [0, 1, 0, step(1), step(-2), NAN, 0],
    [
      [1, -2, n],
      [n, n, n],
    ],
    3,
  ],
  [
    'all of another column',
    [0, 2, 0, step(1), step(2), step(3), 0],
    [
      [n, n, n],
      [10, 20, 30],
    ],
    3,
  ],
  [
    'by bits',
    [0, 1, 1, 0b101, step(1), step(2), 0],
    [
      [1, n, 2],
      [n, n, n],
    ],
    2,
  ],
  [
    'by gaps',
    [0, 1, 2, 1, step(1), 2, step(2), 0, 0],
    [
      [1, n, 2],
      [n, n, n],
    ],
    2,
  ],
  [
    'by half-bytes',
    [0, 1, 3, 1, 0x21, step(1), step(2), 0],
    [
      [1, n, 2],
      [n, n, n],
    ],
    2,
  ],
  [
    'some of those named by gaps',
    [2, 1, 2, 0, 1, 0, step(1), step(2), 0],
    [
      [1, n, 2],
      [n, n, n],
    ],
    2,
  ],
  [
    'some of those named by bits',
    [1, 0b110, 2, 0, step(1), step(2), 0],
    [
      [n, n, n],
      [n, 10, 20],
    ],
    2,
  ],
  [
    'some of those named by half-bytes',
    [3, 1, 0x02, 1, 0, step(7), 0],
    [
      [n, 7, n],
      [n, n, n],
    ],
    1,
  ],
  [
    'by bits of those named',
    [2, 1, 2, 0, 1, 1, 0b10, step(5), 0],
    [
      [n, n, 5],
      [n, n, n],
    ],
    1,
  ],
  [
    'by gaps of those named',
    [2, 1, 2, 0, 1, 2, 2, step(5), 0, 0],
    [
      [n, n, 5],
      [n, n, n],
    ],
    1,
  ],
  [
    'by half-bytes of those named',
    [2, 1, 2, 0, 1, 3, 1, 0x02, step(5), 0],
    [
      [n, n, 5],
      [n, n, n],
    ],
    1,
  ],
  [
    'a value by its bits',
    [0, 1, 1, 1, ...float(-0), 1, 1, 2, ...float(1e300), 0],
    [
      [-0, n, n],
      [n, 1e300, n],
    ],
    2,
  ],
  [
    'a step of two bytes',
    [0, 1, 2, 3, 0x80 | 2, 1, 0, 0],
    [
      [n, n, 64],
      [n, n, n],
    ],
    1,
  ],
  [
    'a key by all',
    [4, 1, 0, step(1), step(2), step(3), 0],
    [
      [1, 3, 6],
      [n, n, n],
    ],
    3,
  ],
  [
    'a key by gaps',
    [4, 1, 2, 1, step(1), 2, step(2), 0, 0],
    [
      [1, 1, 3],
      [n, n, n],
    ],
    2,
  ],
  [
    'a key by bits',
    [4, 2, 1, 0b010, step(4), 0],
    [
      [n, n, n],
      [n, 40, 40],
    ],
    1,
  ],
  [
    'a key by half-bytes',
    [4, 2, 3, 1, 0x11, step(4), step(1), 0],
    [
      [n, n, n],
      [40, 50, 50],
    ],
    2,
  ],
];

describe.each([
  ['all rows', SPEC, NO_STATUS],
  ['listed rows', LIST, [1, 7, 1, 8, 1, 9, 0]],
] as const)('cells of %s', (_name, spec, rows) => {
  it.each(FORMS)('tell %s', (_form, cells, values, told) => {
    const payload = [...HEAD, ...rows, ...cells];
    const side = new Side(spec).label(0, 1, 2);
    expect(side.columns(payload)).toBe('taken');
    expect(side.values(3)).toEqual(values);
    expect([side.decoder.told, side.decoder.toldBytes]).toEqual([told, cells.length]);
    expect([side.decoder.startDelta, side.decoder.duration, side.state.scalars[0]]).toEqual([4, 3, 1]);
    expect(side.updated).toEqual([0, 1, 2]);
    expect([...side.state.status.subarray(0, 3)]).toEqual(spec === LIST ? [7, 8, 9] : [255, 255, 255]);
  });

  it.each(FORMS)('that tell %s are passed over where they are not wanted', (_form, cells, values, told) => {
    const payload = [...HEAD, ...rows, ...cells];
    for (const wanted of [
      [false, false],
      [true, false],
      [false, true],
    ]) {
      const side = new Side(spec, FORMAT_MAJOR, wanted).label(0, 1, 2);
      expect(side.columns(payload)).toBe('taken');
      expect(side.values(3)).toEqual(values.map((column, c) => (wanted[c] ? column : [n, n, n])));
      expect(side.decoder.told).toBe(told);
    }
  });

  it.each(FORMS)('that tell %s are refused when they are cut, or go on', (_form, cells) => {
    const payload = [...HEAD, ...rows, ...cells];
    for (const wanted of [undefined, [false, false]]) {
      for (let length = 0; length < payload.length; length++) {
        const side = new Side(spec, FORMAT_MAJOR, wanted).label(0, 1, 2);
        expect([length, side.columns(payload.slice(0, length))]).toEqual([length, 'bad']);
      }
      for (const more of [0, 1, 255]) {
        expect(new Side(spec, FORMAT_MAJOR, wanted).label(0, 1, 2).columns([...payload, more])).toBe('bad');
      }
    }
  });

  it.each([
    ['a column that is not there', [0, 3, 0, 2, 2, 2, 0]],
    ['a second one that is not there', [0, 2, 0, 2, 2, 2, 1, 0, 2, 2, 2, 0]],
    ['a column of a key that is not there', [4, 3, 0, 2, 2, 2, 0]],
    ['a form that nobody knows', [0, 1, 4, 2, 2, 2, 0]],
    ['a form of a key that nobody knows', [4, 1, 5, 2, 2, 2, 0]],
    ['names in a form that nobody knows', [5, 1, 0, 2, 2, 2, 0]],
    ['a cell by gaps that is not there', [0, 1, 2, 4, 2, 0, 0]],
    ['a second cell by gaps that is not there', [0, 1, 2, 3, 2, 1, 2, 0, 0]],
    ['a cell of a key by gaps that is not there', [4, 1, 2, 4, 2, 0, 0]],
    ['a cell by half-bytes that is not there', [0, 1, 3, 1, 0x04, 2, 0]],
    ['a cell of a key by half-bytes that is not there', [4, 1, 3, 1, 0x13, 2, 2, 0]],
    ['a cell by half-bytes that is far away', [0, 1, 3, 1, 0x10, 2, 0]],
    ['a name by gaps that is not there', [2, 4, 0, 1, 0, 2, 0]],
    ['a name by half-bytes that is not there', [3, 1, 0x04, 1, 0, 2, 0]],
    ['more half-bytes than there are', [0, 1, 3, 200, 0x01, 2, 0]],
    ['more half-bytes of names than there are', [3, 200, 0x01, 1, 0, 2, 0]],
  ])('that tell %s are refused', (_what, cells) => {
    for (const wanted of [undefined, [false, false]]) {
      const side = new Side(spec, FORMAT_MAJOR, wanted).label(0, 1, 2);
      expect(side.columns([...HEAD, ...rows, ...cells])).toBe('bad');
    }
  });
});

describe('statuses', () => {
  it('of all rows are told by the gaps between those that changed', () => {
    const side = new Side(SPEC).label(0, 1, 2, 3);
    expect(side.columns([...HEAD, 1, 5, 2, 6, 0, 0, 0])).toBe('taken');
    expect([...side.state.status.subarray(0, 4)]).toEqual([5, 255, 6, 255]);
    expect(side.columns([...HEAD, 4, 7, 0, 0, 0])).toBe('taken');
    expect(side.columns([...HEAD, 5, 7, 0, 0, 0])).toBe('bad');
    expect(side.columns([...HEAD, 4, 7, 1, 7, 0, 0, 0])).toBe('bad');
    expect([...side.state.status.subarray(0, 4)]).toEqual([5, 255, 6, 7]);
  });

  it('of listed rows name them, and other cells stay', () => {
    const side = new Side(LIST).label(0, 1, 2, 3);
    expect(side.columns([...HEAD, 2, 5, 2, 6, 0, 0, 1, 0, step(8), step(9), 0])).toBe('taken');
    expect([side.updated, side.values(4)[0]]).toEqual([
      [1, 3],
      [n, 8, n, 9],
    ]);
    expect(side.columns([...HEAD, 1, 4, 0, 0, 1, 0, step(7), 0], false)).toBe('taken');
    expect([side.updated, side.values(4)[0]]).toEqual([[0], [7, 8, n, 9]]);
    expect([...side.state.status.subarray(0, 4)]).toEqual([4, 5, 255, 6]);
    expect(side.columns([...HEAD, 5, 5, 0, 0, 0])).toBe('bad');
  });
});

it('scalars and cells build on what was before, but those that stand alone', () => {
  const side = new Side(SPEC).label(0, 1);
  expect(side.columns([...HEAD, 0, 0, 1, 0, step(5), step(6), 0])).toBe('taken');
  expect(side.columns([...HEAD, 0, 0, 1, 0, step(1), NAN, 0], false)).toBe('taken');
  expect([side.state.scalars[0], ...side.values(2)[0]!]).toEqual([2, 6, n]);
  expect(side.columns([...HEAD, 0, 0, 0], true)).toBe('taken');
  expect([side.state.scalars[0], ...side.values(2)[0]!]).toEqual([1, 6, n]);
});
