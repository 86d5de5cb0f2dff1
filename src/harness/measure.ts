/**
 * `measure(fn)`: what memory a function takes, called again and again in this process, or `measure(url)` in a fresh one.
 *
 * The trap: in a process that did other things before, RSS says little: what an earlier task has freed is used again, and
 * four runs of one function can differ by tens of MiB. What can be said honestly is what was allocated and what is still
 * held after a collection; the rest has the caveat `shared-process`, unless the function has a fresh process for itself.
 */
import { fileURLToPath } from 'node:url';
import { counted, type MetricReading } from '../analyze/metric-reading.js';
import type { SpanMemory } from '../analyze/span-memory.js';
import { booleanOption, checkNames, typedOption } from '../text/option-checks.js';
import { moduleFile, runFresh } from './fresh-process.js';
import { startRecording } from './measuring-recorder.js';
import { faultsSince, ownFaults } from './own-faults.js';
import { repeat } from './repeat.js';
import { deltas, perCall } from './task-memory.js';
import { collectGarbage, heapUse, type V8Activity, V8Watch } from './v8-heap.js';

export interface MeasureOptions {
  /** Calls that are measured; default 100. */
  readonly iterations?: number;
  /** Calls before them, so that code is compiled and caches are filled; default 10. */
  readonly warmup?: number;
  /** Ticks per second of the recording beside it; default 100. */
  readonly hz?: number;
  /** What is measured has a fresh process for itself: always so with a URL, and never with a function. */
  readonly isolate?: boolean;
  /** The function of the module at a URL; default `default`. */
  readonly export?: string;
}

export interface Measurement extends Omit<SpanMemory, 'v8'> {
  readonly iterations: number;
  /** Bytes of the V8 heap that a call allocated. */
  readonly allocatedPerOp: number;
  /** Bytes that a call left behind after a collection: V8 heap and external memory. */
  readonly retainedPerOp: number;
  readonly v8: V8Activity;
  /** Resident bytes that all calls left behind after a collection. In a fresh process only. */
  readonly rssDelta?: number;
  /** The same of PSS, without pages of files, whose share changes with whoever else maps them. */
  readonly pssDelta?: number;
}

const OPTION_NAMES: readonly (keyof MeasureOptions)[] = ['iterations', 'warmup', 'hz', 'isolate', 'export'];
const ITERATIONS = 100;
const WARMUP = 10;
const HZ = 100;
const MOST = 1e9;
const FRESH_MEASURE = fileURLToPath(new URL('./fresh-measure.js', import.meta.url));

/**
 * Calls `task` and measures: a function in this process, or one that the module of a `file:` URL exports in a fresh process.
 * Rejects with what the function throws, with an IsolationError when it cannot be run in a fresh process, and with a TypeError
 * for a wrong option.
 */
export async function measure(task: (() => unknown) | URL, options: MeasureOptions = {}): Promise<Measurement> {
  checkNames(options, OPTION_NAMES);
  booleanOption('isolate', options.isolate);
  typedOption('export', options.export, 'the name of an export', (value) => typeof value === 'string');
  const iterations = countOption('iterations', options.iterations ?? ITERATIONS, 1);
  const warmup = countOption('warmup', options.warmup ?? WARMUP, 0);
  if (task instanceof URL) return await measureFresh(task, iterations, warmup, options);
  if (typeof task !== 'function') {
    throw new TypeError(`Expected a function to measure, or the URL of a module that exports one, got ${typeof task}`);
  }
  if (options.isolate === true || options.export !== undefined) {
    throw new TypeError('A function cannot be taken to a fresh process: give the URL of a module that exports it');
  }
  return await measureHere(task, iterations, warmup, options);
}

async function measureHere(
  fn: () => unknown,
  iterations: number,
  warmup: number,
  options: MeasureOptions,
): Promise<Measurement> {
  await repeat(fn, warmup);
  await using recorder = await startRecording({
    target: 'self',
    hz: options.hz ?? HZ,
    hostTier: 'off',
    cgroupTier: 'off',
  });
  collectGarbage();
  const before = heapUse();
  const watch = new V8Watch();
  const faultsBefore = ownFaults();
  const fromNs = process.hrtime.bigint();
  await repeat(fn, iterations);
  const toNs = process.hrtime.bigint();
  const faults = faultsSince(faultsBefore);
  const v8 = watch.stop();
  collectGarbage();
  const after = heapUse();
  const memory = await recorder.memoryBetween(fromNs, toNs, faults);
  return {
    ...memory,
    iterations,
    allocatedPerOp: v8.allocatedBytes / iterations,
    retainedPerOp: (after.heap - before.heap + after.external - before.external) / iterations,
    v8,
    caveats: [...memory.caveats, 'shared-process'],
  };
}

async function measureFresh(
  module: URL,
  iterations: number,
  warmup: number,
  { hz = HZ, isolate, export: name = 'default' }: MeasureOptions,
): Promise<Measurement> {
  if (isolate === false) {
    throw new TypeError(
      'Expected the "isolate" option to be true with a URL: import the function to measure it in this process',
    );
  }
  const file = moduleFile('task', module);
  const program = { script: FRESH_MEASURE, module: file, args: [file, name, String(iterations), String(warmup)], hz };
  const { stamp, memory } = await runFresh({ harness: 'measure', name, run: 0 }, program);
  const { before, after, peak, v8 } = stamp;
  const exact = (value: number | undefined, sampled: MetricReading, method: 'counter' | 'kernel-peak' = 'counter') =>
    value === undefined ? sampled : counted(value, method);
  return {
    ...memory,
    rss: {
      ...memory.rss,
      before: exact(before.rss, memory.rss.before),
      after: exact(after.rss, memory.rss.after),
      peak: exact(peak, memory.rss.peak, 'kernel-peak'),
    },
    ...{ iterations, v8 },
    ...perCall(stamp),
    ...deltas(before, after),
  };
}

export function countOption(name: string, value: unknown, least: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= MOST) return value as number;
  throw new TypeError(`Expected the "${name}" option to be an integer from ${least} to ${MOST}, got ${String(value)}`);
}
