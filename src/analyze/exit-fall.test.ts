/** Which ticks at the end of a process are its exit: courses of MiB, by milliseconds. */
import { describe, expect, it } from 'vitest';
import { type ExitFall, ExitFallMeter } from './exit-fall.js';

const MIB = 2 ** 20;
const nsOf = (ms: number) => BigInt(ms) * 1_000_000n;

/** What was passed on, in MiB, and the exit. */
function follow(points: readonly (readonly [ms: number, mib: number])[], hasEnded = true) {
  const settled: number[] = [];
  const meter = new ExitFallMeter((_, bytes) => settled.push(bytes / MIB));
  for (const [ms, mib] of points) meter.take(nsOf(ms), mib * MIB);
  return { exit: meter.end(hasEnded), settled };
}

/** A tick each so many milliseconds. */
const each = (everyMs: number, ...mib: number[]) => mib.map((one, tick) => [tick * everyMs, one] as const);

const fall = (fromMs: number, fromMib: number, lastMs: number, lastMib: number): ExitFall => ({
  ...{ fromNs: nsOf(fromMs), fromBytes: fromMib * MIB },
  ...{ lastNs: nsOf(lastMs), lastBytes: lastMib * MIB },
});

describe('the exit of a process', () => {
  it('is the fall at its end, and what stays low behind it for a tenth of a second', () => {
    expect(follow(each(10, 300, 308, 272, 85, 8, 8, 8))).toEqual({ exit: fall(10, 308, 60, 8), settled: [300, 308] });
    expect(follow(each(10, 308, 308, 8))).toEqual({ exit: fall(10, 308, 20, 8), settled: [308, 308] });
    expect(follow(each(10, 100, 90, 10, ...Array.from({ length: 8 }, () => 10))).exit).toEqual(fall(0, 100, 100, 10));
  });

  it('is none of a process that goes on, or of one tick', () => {
    const points = each(10, 300, 308, 272, 8);
    expect(follow(points, false)).toEqual({ exit: undefined, settled: [300, 308, 272, 8] });
    expect(follow(each(10, 5))).toEqual({ exit: undefined, settled: [5] });
    expect(follow([])).toEqual({ exit: undefined, settled: [] });
  });

  it('takes as long as freeing takes, however small a part a tick is', () => {
    // 30 GiB at 8 GiB a second: 82 MiB a tick.
    const course = Array.from({ length: 370 }, (_, tick) => 30720 - 82 * tick);
    expect(follow(each(10, 30720, ...course)).exit).toMatchObject({ fromNs: nsOf(10), fromBytes: 30720 * MIB });
    // 512 MiB may take a second and a tenth.
    expect(
      follow([
        [0, 612],
        [900, 300],
        [1100, 100],
      ]).exit,
    ).toEqual(fall(0, 612, 1100, 100));
    const slower = [
      [0, 612],
      [900, 300],
      [1101, 100],
    ] as const;
    expect(follow(slower)).toEqual({ exit: undefined, settled: [612, 300, 100] });
  });

  it('is no decline of seconds, no trifle, and nothing that was long before the end', () => {
    const slow = each(100, ...Array.from({ length: 30 }, (_, tick) => 500 - 3 * tick));
    expect(follow(slow)).toEqual({ exit: undefined, settled: slow.map(([, mib]) => mib) });
    expect(follow(each(10, 100, 98.1)).exit).toBeUndefined();
    expect(follow(each(10, 100, 97.9)).exit).toBeDefined();
    const lived = [
      [0, 100],
      [10, 10],
      [200, 10],
      [300, 10],
    ] as const;
    expect(follow(lived)).toEqual({ exit: undefined, settled: [100, 10, 10, 10] });
  });

  it('is one tick at most where ticks are a second apart, and none where they are further', () => {
    expect(follow(each(1000, 300, 308, 8))).toEqual({ exit: fall(1000, 308, 2000, 8), settled: [300, 308] });
    expect(follow(each(1000, 308, 8, 8)).exit).toBeUndefined();
    expect(follow(each(1001, 300, 308, 8)).exit).toBeUndefined();
  });

  it('is nothing that grew again', () => {
    expect(follow(each(10, 308, 8, 50))).toEqual({ exit: undefined, settled: [308, 8, 50] });
    // By less than a fiftieth of what it was.
    expect(follow(each(10, 308, 8, 14)).exit).toEqual(fall(0, 308, 20, 14));
    expect(follow(each(10, 308, 8, 308, 7)).exit).toEqual(fall(20, 308, 30, 7));
  });

  it('is not what an exec took away', () => {
    const settled: number[] = [];
    const meter = new ExitFallMeter((_, bytes) => settled.push(bytes / MIB));
    meter.take(nsOf(0), 308 * MIB);
    meter.renew();
    meter.take(nsOf(10), 8 * MIB);
    expect(meter.end(true)).toBeUndefined();
    expect(settled).toEqual([308, 8]);
  });
});
