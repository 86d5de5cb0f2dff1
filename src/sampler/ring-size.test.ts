import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES_MAX, BLOCK_BYTES_MIN } from '../ring/layout.js';
import { sizeRing } from './ring-size.js';

const MIB = 2 ** 20;

describe('sizeRing', () => {
  it('gives a block that holds several keys, and a ring of many blocks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 2, max: 4096 }), (processes, mebibytes) => {
        let size: ReturnType<typeof sizeRing>;
        try {
          size = sizeRing(mebibytes * MIB, processes);
        } catch {
          return;
        }
        expect(Math.log2(size.blockBytes) % 1).toBe(0);
        expect(size.blockBytes).toBeGreaterThanOrEqual(BLOCK_BYTES_MIN);
        expect(size.blockBytes).toBeLessThanOrEqual(BLOCK_BYTES_MAX);
        expect(size.blockBytes * 24).toBeLessThanOrEqual(mebibytes * MIB);
        expect(size.blockBytes).toBeGreaterThanOrEqual(processes * 1.5 * 96 * 2);
        expect(size.maxSlots).toBeGreaterThanOrEqual(processes);
      }),
    );
  });

  it('uses larger blocks where there is room', () => {
    expect(sizeRing(1024 * MIB, 2000).blockBytes).toBe(4 * MIB);
    expect(sizeRing(64 * MIB, 2000).blockBytes).toBe(2 * MIB);
    // Whoever opens it looks at every block.
    expect(sizeRing(1024 * MIB, 10).blockBytes).toBe(MIB / 4);
    expect(sizeRing(2 * MIB, 1)).toEqual({ blockBytes: BLOCK_BYTES_MIN, maxSlots: 1024 });
  });

  it('has room for control groups where that is possible, and refuses none for their sake', () => {
    expect(sizeRing(64 * MIB, 10, { groups: 500 }).blockBytes).toBe(MIB);
    expect(sizeRing(8 * MIB, 10, { groups: 500 }).blockBytes).toBe(MIB / 4);
    expect(sizeRing(2 * MIB, 1, { groups: 100_000 }).blockBytes).toBe(MIB / 16);
    expect(sizeRing(1024 * MIB, 10, { groups: 0 })).toEqual(sizeRing(1024 * MIB, 10));
  });

  it('names the least size in its error, and that size works', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200_000 }),
        fc.integer({ min: 0, max: 64 * MIB }),
        (processes, sizeBytes) => {
          try {
            sizeRing(sizeBytes, processes);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
            expect(error).toMatchObject({ code: 'size-too-small' });
            const { message } = error as Error;
            expect(message).toContain(`${sizeBytes} bytes are too few to record ${processes} processes`);
            const least = Number(/at least (\d+)M are needed/.exec(message)?.[1]) * MIB;
            expect(least).toBeGreaterThan(sizeBytes);
            expect(() => sizeRing(least, processes)).not.toThrow();
            expect(() => sizeRing(least - MIB, processes)).toThrow(RangeError);
          }
        },
      ),
    );
  });

  it('does not name a size for more processes than any ring can have', () => {
    expect(() => sizeRing(2 ** 42, 300_000)).toThrow(RangeError);
    expect(() => sizeRing(2 ** 42, 300_000)).toThrow(/300000 processes are too many/);
    expect(() => sizeRing(2 ** 42, 230_000)).not.toThrow();
  });
});
