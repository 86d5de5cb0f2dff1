/**
 * A recording of made-up processes in a file: memory that moves by a few pages in one process in ten at every tick, faults
 * and CPU time that grow with it, deep reads in turn.
 *
 * The trap: what repeats itself is pressed to nothing. So no sweep is used twice, and the numbers come from a generator
 * that does not repeat.
 */
import { TierColumns } from '../src/engine/tier-columns.js';
import type { RecordingMetadata } from '../src/recording/format.js';
import { RecordingWriter } from '../src/recording/recording-writer.js';
import { FileStorage } from '../src/ring/file-storage.js';
import { COUNTER_COLUMNS, metricsOf, ROLLUP_COLUMNS } from '../src/schema.js';
import { METADATA as MADE_UP, randomFrom } from './synthetic-sweeps.js';

const PROCESSES = 2000;
const PAGE = 4096;
const TICK_NS = 10_000_000;
const MOVING = 0.1;
/** Of each process one deep read in so many ticks. */
const DEEP_EVERY = 100;
const RING_BYTES = 512 * 2 ** 20;
const BLOCK_BYTES = 2 ** 22;
const METADATA: RecordingMetadata = { ...MADE_UP, rollup: '1' };
const START_NS = BigInt(METADATA.startedAt.monotonicNs);

const place = (name: string) => COUNTER_COLUMNS.indexOf(name);
const deepPlace = (name: string) => ROLLUP_COLUMNS.indexOf(name);

/** Writes about that many points. Returns how many ticks they took. */
export function writeMovingRecording(file: string, points: number): number {
  const columns = new TierColumns(COUNTER_COLUMNS, PROCESSES);
  const reads = new TierColumns(ROLLUP_COLUMNS, PROCESSES);
  const storage = FileStorage.create(file, RING_BYTES);
  const writer = RecordingWriter.create(storage, { metadata: METADATA, blockBytes: BLOCK_BYTES, maxSlots: PROCESSES });
  const random = randomFrom(11);
  for (let slot = 0; slot < PROCESSES; slot++) {
    const comm = new TextEncoder().encode(`worker-${slot % 40}`);
    const identity = { pid: 1000 + slot, startTicks: 5_000_000 + slot, parentPid: 1, kernelThread: false, comm };
    writer.arrive(START_NS, slot, identity);
    for (const metric of metricsOf('counters', METADATA.engine.name)) columns.columns[place(metric.name)]![slot] = 1;
    columns.columns[place('rss')]![slot] = (500 + Math.floor(random() * 50_000)) * PAGE;
    columns.columns[place('rssAnon')]![slot] = columns.columns[place('rss')]![slot]! * 0.75;
  }
  const perTick = PROCESSES * metricsOf('counters', METADATA.engine.name).length;
  const ticks = Math.ceil(points / (perTick + (PROCESSES / DEEP_EVERY) * metricsOf('rollup').length));
  for (let tick = 0; tick < ticks; tick++) {
    move(columns, random);
    const startNs = START_NS + BigInt(tick * TICK_NS) + BigInt(Math.floor(random() * 40_000));
    const scalars = { tick, lateness: 30_000, ownCpu: tick * 4e6, ownRss: 60 * 2 ** 20, missedTicks: 0, statEvery: 1 };
    if (!writer.counters(startNs, startNs + 6_000_000n, scalars, columns)) throw new Error('A frame was dropped');
    const slots = read(columns, reads, tick);
    writer.rollup(startNs, startNs + 2_000_000n, tick, slots, slots.length, reads);
  }
  const endNs = START_NS + BigInt(ticks * TICK_NS);
  writer.close(endNs, 'stopped', true);
  return ticks;
}

function move({ columns }: TierColumns, random: () => number): void {
  for (let slot = 0; slot < PROCESSES; slot++) {
    if (random() >= MOVING) continue;
    const pages = Math.floor(random() * 64) - 24;
    const rss = columns[place('rss')]!;
    const next = Math.max(100, rss[slot]! / PAGE + pages) * PAGE;
    columns[place('rssAnon')]![slot]! += next - rss[slot]!;
    rss[slot] = next;
    columns[place('minorFaults')]![slot]! += Math.abs(pages);
    if (random() < 0.3) columns[place('userTime')]![slot]! += TICK_NS;
  }
}

/** The deep reads of one tick. */
function read({ columns }: TierColumns, { columns: reads }: TierColumns, tick: number): Uint32Array {
  const slots = Uint32Array.from(
    { length: PROCESSES / DEEP_EVERY },
    (_, index) => index * DEEP_EVERY + (tick % DEEP_EVERY),
  );
  for (const slot of slots) {
    const kib = columns[place('rss')]![slot]! / 1024;
    for (const name of ROLLUP_COLUMNS) reads[deepPlace(name)]![slot] = 0;
    for (const [name, share] of [
      ['pss', 0.8],
      ['uss', 0.7],
      ['pssAnon', 0.6],
      ['pssFile', 0.2],
    ] as const) {
      reads[deepPlace(name)]![slot] = Math.floor(kib * share) * 1024;
    }
  }
  return slots;
}
