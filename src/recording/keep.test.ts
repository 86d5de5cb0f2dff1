import { describe, expect, it } from 'vitest';
import { formatKeep, parseKeep } from './keep.js';

describe('a ladder', () => {
  it('is read and written', () => {
    expect(parseKeep('full:6h,1s:3d,1m:30d')).toEqual({
      fullNs: 21_600_000_000_000n,
      steps: [
        { stepNs: 1_000_000_000n, keepNs: 259_200_000_000_000n },
        { stepNs: 60_000_000_000n, keepNs: 2_592_000_000_000_000n },
      ],
    });
    expect(formatKeep(parseKeep('full:360m,1000ms:72h,60s:30d'))).toBe('full:6h,1s:3d,1m:30d');
    expect(formatKeep(parseKeep('full:1h'))).toBe('full:1h');
  });

  it.each([
    ['without ticks', '1s:3d'],
    ['empty', ''],
    ['without a time', 'full'],
    ['with a bare number', 'full:6'],
    ['with a step that is no multiple', 'full:1h,2s:2h,3s:3h'],
    ['from coarse to fine', 'full:1h,1m:2h,1s:3h'],
    ['with a step kept for less', 'full:6h,1s:3h'],
    ['with a step twice', 'full:1h,1s:2h,1s:3h'],
    ['of nothing', 'full:0s'],
    ['with a step of nothing', 'full:1h,0s:3h'],
  ])('is refused %s', (_, text) => {
    expect(() => parseKeep(text)).toThrow(/allowed: full:TIME/);
  });
});
