import { describe, expect, it } from 'vitest';
import { CELLS_MAX, COLUMNS_MAX, RINGS_MAX, SCALARS_MAX, SLOTS_MAX } from './layout.js';
import { checkRingTable, dealBlocks, type RingSpec } from './ring-table.js';
import { SPECS } from './rings.fixture.js';

const RING = { name: 'r', share: 1, rows: 'all', columns: [{ name: 'c', quantum: 4096 }], scalars: ['s'] };
const RECORDS = { name: 'e', share: 1, rows: 'none', columns: [], scalars: [] };
const many = <T>(count: number, one: (at: number) => T) => Array.from({ length: count }, (_, at) => one(at));

describe('a table of rings', () => {
  it('is rebuilt from what is known of it alone', () => {
    const extra = { ...RING, more: 1, columns: [{ name: 'c', quantum: 4096, more: 2 }] };
    expect(checkRingTable({ rings: [extra, { ...RECORDS, rows: 'none' }], more: 3 })).toEqual({
      maxSlots: 65536,
      rings: [RING, RECORDS],
    });
    expect(checkRingTable({ maxSlots: 7, rings: SPECS })).toEqual({ maxSlots: 7, rings: SPECS });
  });

  it.each([
    [null, 'Expected ring table to be an object'],
    [[], 'Expected ring table to be an object'],
    ['table', 'Expected ring table to be an object'],
    [{}, `Expected rings to be an array of 1 to ${RINGS_MAX} entries`],
    [{ rings: [] }, `Expected rings to be an array of 1 to ${RINGS_MAX} entries`],
    [{ rings: { length: 1 } }, `Expected rings to be an array of 1 to ${RINGS_MAX} entries`],
    [{ rings: many(RINGS_MAX + 1, (at) => ({ ...RING, name: `r${at}` })) }, `of 1 to ${RINGS_MAX} entries`],
    [{ rings: [RING], maxSlots: 0 }, `Expected maxSlots to be an integer from 1 to ${SLOTS_MAX}`],
    [{ rings: [RING], maxSlots: SLOTS_MAX + 1 }, 'Expected maxSlots'],
    [{ rings: [RING], maxSlots: 1.5 }, 'Expected maxSlots'],
    [{ rings: [RING], maxSlots: '7' }, 'Expected maxSlots'],
    [{ rings: [RING, 5] }, 'Expected rings[1] to be an object'],
    [{ rings: [RING, RING] }, 'Two rings share a name'],
    [{ rings: [{ ...RING, name: '' }] }, 'Expected rings[0].name to be a non-empty string'],
    [{ rings: [{ ...RING, name: 5 }] }, 'Expected rings[0].name to be a non-empty string'],
    [{ rings: [{ ...RING, share: 0 }] }, 'Expected rings[0].share to be a positive number'],
    [{ rings: [{ ...RING, share: Number.NaN }] }, 'Expected rings[0].share'],
    [{ rings: [{ ...RING, share: 2 ** 53 }] }, 'Expected rings[0].share'],
    [{ rings: [{ ...RING, share: '1' }] }, 'Expected rings[0].share'],
    [{ rings: [{ ...RING, rows: 'some' }] }, 'Expected rings[0].rows to be "all", "list" or "none"'],
    [{ rings: [{ ...RING, columns: [] }] }, `Expected rings[0].columns to be an array of 1 to ${COLUMNS_MAX} entries`],
    [{ rings: [{ ...RECORDS, columns: RING.columns }] }, 'Expected rings[0].columns to be an array of 0 to 0 entries'],
    [{ rings: [{ ...RECORDS, scalars: ['s'] }] }, 'Expected rings[0].scalars to be an array of 0 to 0 entries'],
    [{ rings: [{ ...RING, columns: ['c'] }] }, 'Expected rings[0].columns[0] to be an object'],
    [{ rings: [{ ...RING, columns: [{ quantum: 1 }] }] }, 'Expected rings[0].columns[0].name to be'],
    [{ rings: [{ ...RING, columns: [{ name: 'c', quantum: -1 }] }] }, 'Expected rings[0].columns[0].quantum to be'],
    [{ rings: [{ ...RING, scalars: ['s', ''] }] }, 'Expected rings[0].scalars[1] to be a non-empty string'],
    [{ rings: [{ ...RING, scalars: many(SCALARS_MAX + 1, String) }] }, `of 0 to ${SCALARS_MAX} entries`],
    [
      { rings: [{ ...RING, columns: many(65, (at) => ({ name: `c${at}`, quantum: 1 })) }], maxSlots: SLOTS_MAX },
      `Expected rings[0] to have at most ${CELLS_MAX} cells (columns x maxSlots)`,
    ],
  ])('number %# is refused', (table, message) => {
    expect(() => checkRingTable(table)).toThrow(TypeError);
    expect(() => checkRingTable(table)).toThrow(message);
  });

  it('takes as much as it says', () => {
    const columns = many(64, (at) => ({ name: `c${at}`, quantum: Number.MAX_SAFE_INTEGER }));
    const rings = many(RINGS_MAX, (at) => ({ ...RING, name: `r${at}`, columns, scalars: many(SCALARS_MAX, String) }));
    expect(checkRingTable({ rings, maxSlots: SLOTS_MAX }).rings).toHaveLength(RINGS_MAX);
    const wide = { ...RING, columns: many(COLUMNS_MAX, (at) => ({ name: `c${at}`, quantum: 1 })) };
    expect(checkRingTable({ rings: [wide], maxSlots: 1 }).rings[0]!.columns).toHaveLength(COLUMNS_MAX);
  });
});

describe('blocks', () => {
  const rings = (...shares: number[]) => shares.map((share, at): RingSpec => ({ ...SPECS[2]!, name: `${at}`, share }));

  it.each([
    [[1], 2, [2]],
    [[1], 9, [9]],
    [[1, 1], 4, [2, 2]],
    [[2, 1, 1], 14, [6, 4, 4]],
    // What does not divide goes to the ring with the largest share, the first of them.
    [[1, 3, 1], 10, [2, 6, 2]],
    [[1, 1, 1], 10, [4, 3, 3]],
    [[1, 1_000_000], 10, [2, 8]],
  ])('of shares %j are dealt out: %d as %j', (shares, count, quotas) => {
    expect(dealBlocks(rings(...shares), count)).toEqual(quotas);
  });

  it('are two for each ring at least', () => {
    expect(() => dealBlocks(rings(1, 1), 3)).toThrow(
      new RangeError('Expected room for at least 4 blocks (2 for each ring), found 3'),
    );
  });
});
