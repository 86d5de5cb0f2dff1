import { describe, expect, it } from 'vitest';
import { ToldEvents } from './told-events.js';

const names = (told: ToldEvents) => told.latest.map(({ timeNs }) => Number(timeNs));
const tell = (told: ToldEvents, from: number, to: number) => {
  for (let at = from; at < to; at++) told.add(BigInt(at), { type: 'mark', name: 'm' });
};

describe('events that a sampler was told', () => {
  it('are held until the report behind the one that counts them', () => {
    const told = new ToldEvents();
    tell(told, 0, 5);
    told.taken(3);
    expect(names(told)).toEqual([0, 1, 2, 3, 4]);
    told.taken(3);
    expect(names(told)).toEqual([3, 4]);
    tell(told, 5, 6);
    told.taken(6);
    expect(names(told)).toEqual([3, 4, 5]);
    told.taken(6);
    expect(names(told)).toEqual([]);
  });

  it('are the latest when no report is heard', () => {
    const told = new ToldEvents();
    tell(told, 0, 300_000);
    expect(told.latest.length).toBeLessThan(131_072);
    expect(told.latest.length).toBeGreaterThanOrEqual(65_536);
    expect(names(told).at(-1)).toBe(299_999);
    told.taken(1000);
    told.taken(299_998);
    told.taken(300_000);
    expect(names(told)).toEqual([299_998, 299_999]);
  });
});
