/** The leak test: it finds what leaks, and does not cry wolf at churn. */
import { measureGrowth } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { theilSen } from '../../src/analyze/theil-sen.js';

describe('measureGrowth', () => {
  it('finds what is held on the heap, by how much', async () => {
    const held: object[] = [];
    const growth = await measureGrowth(() => held.push({ a: 1.5, b: 2.5, c: {} }), { iterations: 500 });
    expect(growth.verdict).toBe('grows');
    expect(growth.fastest).toBe('v8-heap');
    // An object of three fields, two boxed doubles, an empty object, and its place in the array.
    expect(growth.perIteration.value).toBeGreaterThan(64);
    expect(growth.perIteration.value).toBeLessThan(300);
    expect(growth.perIteration.low).toBeLessThanOrEqual(growth.perIteration.value);
    expect(growth.perIteration.high).toBeGreaterThanOrEqual(growth.perIteration.value);
  });

  it('finds what is held outside of the heap', async () => {
    const held: ArrayBuffer[] = [];
    const growth = await measureGrowth(() => held.push(new ArrayBuffer(4096)), { iterations: 100 });
    expect(growth).toMatchObject({ verdict: 'grows', fastest: 'external' });
    expect(growth.byKind.external!.value).toBeCloseTo(4096, -2);
  });

  it('does not call churn a leak', async () => {
    let churn: unknown;
    const found = [];
    for (let trial = 0; trial < 3; trial++) {
      found.push(
        await measureGrowth(() => {
          churn = [{ a: Math.random() }, 'x'.repeat(Math.floor(Math.random() * 100)), new ArrayBuffer(64)];
        }),
      );
    }
    expect(churn).toBeDefined();
    // It is 95 % sure, and the runner's own memory grows meanwhile: one of three may be a false alarm.
    const others = found.filter(({ verdict }) => verdict !== 'grows');
    expect(others.length).toBeGreaterThanOrEqual(2);
    for (const { fastest } of others) expect(fastest).toBeUndefined();
  });

  it('says that too few calls can tell nothing, and how many would', async () => {
    const growth = await measureGrowth(() => new Array(Math.floor(Math.random() * 5000)).fill(0), {
      iterations: 1,
      rounds: 8,
      leastBytes: 0.001,
    });
    expect(growth.verdict).toBe('inconclusive');
    expect(growth.iterationsNeeded).toBeGreaterThan(1);
  });

  it.each([
    [() => measureGrowth('x' as never), /Expected a function or a URL/],
    [() => measureGrowth(() => 1, { rounds: 7 }), /"rounds" option to be an integer from 8/],
    [() => measureGrowth(() => 1, { leastBytes: 0 }), /"leastBytes" option to be a number above 0, got 0/],
  ])('refuses what is wrong', async (call, sentence) => {
    await expect(call()).rejects.toThrow(sentence);
  });
});

describe('the slope', () => {
  it('is not moved by an outlier', () => {
    const x = [0, 1, 2, 3, 4, 5, 6, 7];
    expect(theilSen(x, [0, 2, 4, 6, 800, 10, 12, 14]).value).toBe(2);
  });

  it('has an interval with 0 in it for noise, and none with three points', () => {
    const x = Array.from({ length: 20 }, (_, index) => index);
    const { low, high } = theilSen(
      x,
      x.map((at) => Math.sin(at * 12.9898) * 1000),
    );
    expect(low).toBeLessThan(0);
    expect(high).toBeGreaterThan(0);
    expect(theilSen([0, 1, 2], [0, 1, 2])).toEqual({ value: 1, low: Number.NaN, high: Number.NaN });
  });
});
