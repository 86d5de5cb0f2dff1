import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES_MAX, BLOCK_BYTES_MIN } from '../ring/layout.js';
import { leastRingBytes, sizeFor, sizeRing } from './ring-size.js';

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
        expect(size.blockBytes).toBeGreaterThanOrEqual(processes * 1.5 * 96);
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

  it('has room for processes that may come where that is possible, and refuses none for their sake', () => {
    const mayCome = 8192;
    expect(sizeRing(256 * MIB, 100, { mayCome })).toEqual({ blockBytes: MIB, maxSlots: 10_923 });
    expect(sizeRing(8 * MIB, 100, { mayCome }).blockBytes).toBe(MIB / 4);
    expect(sizeRing(2 * MIB, 1, { mayCome })).toEqual(sizeRing(2 * MIB, 1));
    expect(sizeRing(1024 * MIB, 2000, { mayCome })).toEqual(sizeRing(1024 * MIB, 2000));
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
    expect(() => sizeRing(2 ** 42, 600_000)).toThrow(RangeError);
    expect(() => sizeRing(2 ** 42, 600_000)).toThrow(/600000 processes are too many/);
    expect(() => sizeRing(2 ** 42, 460_000)).not.toThrow();
    expect(leastRingBytes(600_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it('has room for thirty thousand processes in the usual file', () => {
    expect(sizeRing(256 * MIB, 30_000)).toEqual({ blockBytes: 8 * MIB, maxSlots: 87_382 });
  });
});

describe('sizeFor', () => {
  const some = (count: number) => ({ kind: 'pids', pids: Array.from({ length: count }, (_, pid) => pid + 1) }) as const;

  it('is the usual size where that is enough', () => {
    expect(sizeFor(256 * MIB, '/proc', { kind: 'host' }, undefined)).toBe(256 * MIB);
    expect(sizeFor(256 * MIB, '/proc', some(30_000), undefined)).toBe(256 * MIB);
    // How many of the host belong to these is not known before.
    expect(sizeFor(2 * MIB, '/proc', { kind: 'user', uid: 0 }, undefined)).toBe(2 * MIB);
  });

  it('is what so many processes need, and some that come before the begin', () => {
    for (const [usual, count, keep] of [
      [64 * MIB, 30_000, undefined],
      [256 * MIB, 100_000, undefined],
      [256 * MIB, 30_000, 'full:1m,1s:1h,1m:1d'],
    ] as const) {
      const size = sizeFor(usual, '/proc', some(count), keep);
      expect(size).toBeGreaterThan(usual);
      const needs = keep === undefined ? {} : { keyBytes: 256, leastBlocks: 32 };
      expect(() => sizeRing(usual, count, needs)).toThrow(/too few/);
      expect(() => sizeRing(size, Math.floor(count * 1.1), needs)).not.toThrow();
    }
  });

  it('counts the processes of a tree', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-test-'));
    try {
      for (let pid = 1; pid <= 450; pid++) mkdirSync(path.join(folder, String(pid)));
      for (const name of ['0', 'self', '12a', '007']) mkdirSync(path.join(folder, name));
      expect(sizeFor(1, folder, { kind: 'host' }, undefined)).toBe(leastRingBytes(496));
      expect(leastRingBytes(496)).toBeGreaterThan(leastRingBytes(450));
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(sizeFor(5, folder, { kind: 'host' }, undefined)).toBe(leastRingBytes(0));
  });
});
