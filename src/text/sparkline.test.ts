import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sparkline } from './sparkline.js';

const value = fc.oneof(fc.double(), fc.double({ min: -100, max: 100 }), fc.constant(Number.NaN));

describe('sparkline', () => {
  it('uses every bar', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8, { ascii: true })).toBe('.:-=+*#@');
  });

  it('shows what was not measured as a gap, not as low', () => {
    expect(sparkline([0, Number.NaN, 7], 3)).toBe('▁ █');
    expect(sparkline([Number.NaN, Number.NaN], 2)).toBe('  ');
    expect(sparkline([], 3)).toBe('   ');
  });

  it('keeps a spike of one sample when it shrinks', () => {
    const values = new Float64Array(1000);
    values[777] = 1;
    expect(sparkline(values, 10)).toBe('▁▁▁▁▁▁▁█▁▁');
  });

  it('keeps the measured values of a stretch that has gaps too', () => {
    expect(sparkline([Number.NaN, 7, 0, Number.NaN], 2)).toBe('█▁');
  });

  it('repeats values when there are fewer than characters', () => {
    expect(sparkline([0, 7], 4)).toBe('▁▁██');
  });

  it('takes bounds and clamps to them', () => {
    expect(sparkline([50, 150, -5], 3, { min: 0, max: 100 })).toBe('▅█▁');
    expect(sparkline([5, 5], 2)).toBe('▁▁');
  });

  it('refuses a width that is no positive whole number', () => {
    for (const width of [0, -1, 1.5, Number.NaN]) expect(() => sparkline([1], width)).toThrow(TypeError);
  });

  it('has the width asked for, and a top bar if any two values differ', () => {
    fc.assert(
      fc.property(fc.array(value), fc.integer({ min: 1, max: 20 }), (values, width) => {
        const line = sparkline(values, width);
        expect(line).toMatch(/^[ ▁▂▃▄▅▆▇█]*$/);
        expect(line).toHaveLength(width);
        // -0 and 0 are one value, as they are for the bars.
        const measured = new Set(values.filter(Number.isFinite).map((each) => each + 0));
        // With more values than characters the maximum is kept; with fewer every value is shown.
        expect(line.includes('█')).toBe(measured.size > 1);
      }),
    );
  });
});
