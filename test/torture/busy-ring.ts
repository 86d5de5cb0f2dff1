/**
 * Rings of all three kinds that were written at random through many laps, with the plain truth of every frame that ever
 * was in them, and where each frame lies in the bytes.
 */
import { BLOCK, bytesOf, COUNTERS, DEEP, memory, Recorder, type Truth } from '../../src/ring/rings.fixture.js';
import { type BlockPlan, planBlocks } from './block-plan.js';
import { Random } from './random.js';

export interface BusyRing {
  readonly sound: Uint8Array;
  /** At an earlier instant. */
  readonly older: Uint8Array;
  /** By ring, each frame by its number, and as text. */
  readonly truth: readonly ReadonlyMap<number, { readonly frame: Truth; readonly text: string }>[];
  readonly blocks: readonly BlockPlan[];
}

const VALUES = [0, -0, Number.NaN, 4096, 2 ** 53, Number.POSITIVE_INFINITY, 0.1];

/** `ticks` sweeps in `blockCount` blocks; `isClosed` ends it and cuts it behind the last block in use. */
export function busyRing(seed: number, ticks: number, blockCount: number, isClosed: boolean): BusyRing {
  const random = new Random(seed);
  const storage = memory(blockCount);
  const recorder = new Recorder(storage);
  const value = () => (random.below(5) === 0 ? random.pick(VALUES) : 4096 * random.below(100_000));
  let older: Uint8Array = bytesOf(storage);
  const olderAt = ticks - 1 - random.below(Math.ceil(ticks / 3));
  for (let tick = 0; tick < ticks; tick++) {
    for (const ring of [COUNTERS, DEEP]) {
      const slot = random.below(40);
      if (random.below(3) > 0) recorder.label(ring, slot, `${ring}/${tick}/${random.below(1e6)}`);
      else recorder.clear(ring, slot);
    }
    const at = 1_000_000n * BigInt(tick);
    const values = Array.from({ length: 1 + random.below(60) }, value);
    const of = (slot: number, column: number) => values[(slot * 3 + column) % values.length]!;
    recorder.sweep(COUNTERS, at, [tick, value()], of, 'all', (slot) => (slot + tick) % 9);
    const rows = Array.from({ length: random.below(12) }, () => random.below(40));
    if (random.below(3) === 0) recorder.sweep(DEEP, at, [value()], of, rows, (slot) => (slot + tick) % 7);
    if (random.below(2) === 0) recorder.record(at, random.below(65536), new Uint8Array(random.below(700)).fill(tick));
    if (tick === olderAt) older = bytesOf(storage);
  }
  if (isClosed) recorder.writer.close({ trim: true });
  const truth = recorder.truth.map(
    (frames) => new Map([...frames].map(([at, frame]) => [at, { frame, text: frameText(frame) }])),
  );
  const whole = bytesOf(storage);
  const blocks = planBlocks(whole);
  const sound = isClosed ? whole.subarray(0, blocks.at(-1)!.offset + BLOCK) : whole;
  return { sound, older, truth, blocks };
}

/** A frame as text: every number by its shortest exact form. */
export function frameText(frame: unknown): string {
  return JSON.stringify(frame, (_, value) => {
    if (typeof value === 'bigint') return `${value}n`;
    if (value instanceof Map) return [...value].sort(([a], [b]) => a - b);
    if (typeof value === 'number' && !Number.isFinite(value)) return `${value}`;
    return Object.is(value, -0) ? '-0' : value;
  });
}
