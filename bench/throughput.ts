/**
 * How fast a function goes over a text, by benchmark.js: it finds out how often to call the function, and takes samples.
 *
 * The trap: benchmark.js measures one function to the end before the next. Here each round is a short run of its own, so
 * that contestants can take turns.
 */
import Benchmark from 'benchmark';
import type { Contestant } from './alternate.js';

const SAMPLES_PER_ROUND = 5;
const SAMPLE_SECONDS = 0.02;

/** A contestant whose rounds measure GB/s (1e9 bytes) over a text of `bytes`. */
export function throughputOf(name: string, bytes: number, work: () => unknown): Contestant {
  const round = () => {
    const benchmark = new Benchmark(name, work, {
      minSamples: SAMPLES_PER_ROUND,
      minTime: SAMPLE_SECONDS,
      maxTime: SAMPLES_PER_ROUND * SAMPLE_SECONDS,
    });
    benchmark.run({ async: false });
    // A failed run is kept in the benchmark instead of being thrown.
    if (benchmark.error) throw benchmark.error;
    const seconds = [...benchmark.stats.sample].sort((a, b) => a - b);
    return bytes / seconds[seconds.length >> 1]! / 1e9;
  };
  return { name, round };
}
