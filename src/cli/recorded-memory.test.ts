import { expect, it } from 'vitest';
import { TierAuthor } from '../../test/recorder/synthetic-tiers.js';
import { memoryAt } from './recorded-memory.js';

const GIB = 2 ** 30;

it('is what was read last before the instant, and nothing where that is a minute old or tells no total', () => {
  const author = new TierAuthor();
  const times: bigint[] = [];
  for (let tick = 0; tick < 700; tick++) {
    times.push(author.nowNs);
    if (tick === 1) {
      author.setHost({ hostMemTotal: 8 * GIB, hostMemFree: GIB, hostMemAvailable: 3 * GIB, hostCached: 2 * GIB });
      author.setHost({ hostSwapTotal: 2 * GIB, hostSwapFree: GIB });
    }
    if (tick < 3) author.sweepHost();
    author.sweep();
  }
  author.close();
  const recording = author.open();
  const at = (tick: number) => memoryAt(recording, recording.clock(), times[tick]!);
  expect(at(0)).toBeUndefined();
  const known = { total: 8 * GIB, free: GIB, used: 5 * GIB, buffersAndCache: 2 * GIB, available: 3 * GIB };
  expect(at(1)).toEqual({ ...known, swapTotal: 2 * GIB, swapFree: GIB, swapUsed: GIB });
  expect(at(600)).toEqual(at(1));
  expect(at(603)).toBeUndefined();
});
