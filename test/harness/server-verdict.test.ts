/** The verdict on another process, from planted courses: saws of a heap that is collected now and then, with and without a leak. */
import { describe, expect, it } from 'vitest';
import { serverVerdict } from '../../src/harness/server-verdict.js';

const MIB = 2 ** 20;
const PLAN = { iterations: 1000, rounds: 20, warmup: 0, leastBytes: 256, mostMs: 0 };
const TRIALS = 100;
const EVERY = 16;

/** The same numbers for the same seed, evenly between 0 and 1. */
function dice(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

interface Course {
  readonly calls: number;
  /** Between two collections, more or less a tenth. */
  readonly cycle: number;
  /** Garbage and leak, bytes per call. */
  readonly garbage: number;
  readonly leak: number;
  readonly seed?: number;
}

/** Half of the memory at the begin is a heap, half files; after a collection up to 4 MiB more than what is held are left. */
function verdictOn({ calls, cycle, garbage, leak, seed = 0 }: Course) {
  const next = dice(seed * 7919);
  const watch = { calls: [] as number[], resident: [] as number[] };
  const base = 200 * MIB;
  let [from, until, left] = [0, cycle * (0.9 + next() * 0.2), 0];
  for (let call = 0; call <= calls; call += EVERY) {
    if (call >= until) {
      [from, until] = [call, call + cycle * (0.9 + next() * 0.2)];
      left = next() ** 2 * 4 * MIB;
    }
    watch.calls.push(call);
    watch.resident.push(base + call * leak + (call - from) * garbage + left);
  }
  const ends = Array.from({ length: 21 }, (_, round) => Math.floor((round * calls) / 20 / EVERY) * EVERY);
  const mappingsAt = (at: readonly number[]) => ({
    mappings: [],
    part: (part: string) => new Float64Array(at.length).fill(part === 'file' ? base / 2 : 0),
  });
  return serverVerdict({ ...watch, mappingsAt }, ends, PLAN, false);
}

function verdicts(course: Course): Record<string, number> {
  const found: Record<string, number> = {};
  for (let seed = 0; seed < TRIALS; seed++) {
    const { verdict } = verdictOn({ ...course, seed });
    found[verdict] = (found[verdict] ?? 0) + 1;
  }
  return found;
}

describe('the verdict on another process', () => {
  const saw = { calls: 66_000, cycle: 5500, garbage: 45_000 };

  it('is none of a saw without a leak, in 95 of 100', () => {
    const { none = 0, grows = 0 } = verdicts({ ...saw, leak: 0 });
    expect(grows).toBe(0);
    expect(none).toBeGreaterThanOrEqual(95);
  });

  it('is growth of 1 KiB a call below that saw, in 95 of 100', () => {
    expect(verdicts({ ...saw, leak: 1024 }).grows).toBeGreaterThanOrEqual(95);
  });

  it('is open as long as a rise may be garbage, however steady', () => {
    const rising = { ...saw, calls: 5000, cycle: 6000, leak: 0 };
    expect(verdicts(rising)).toEqual({ inconclusive: TRIALS });
    const { iterationsNeeded, detectableBytes } = verdictOn(rising);
    expect(iterationsNeeded).toBeGreaterThan(250);
    expect(detectableBytes).toBeGreaterThan(1024);
  });

  it('is open while it has seen too few collections', () => {
    expect(verdicts({ ...saw, calls: 20_000, leak: 0 })).toEqual({ inconclusive: TRIALS });
    expect(verdicts({ ...saw, calls: 20_000, leak: 1024 })).toEqual({ inconclusive: TRIALS });
  });

  it('is growth of a rise that is larger than any garbage would let it become', () => {
    expect(verdictOn({ calls: 10_000, cycle: 1e9, garbage: 0, leak: 65_536 }).verdict).toBe('grows');
  });

  it('is none of memory that stays as it is', () => {
    expect(verdictOn({ calls: 20_000, cycle: 1e9, garbage: 0, leak: 0 })).toMatchObject({ verdict: 'none' });
  });
});
