/**
 * export: how fast a recording is written in each format, how much memory that takes, and how large Parquet is.
 *
 * The traps: a format that leaves out what was not measured looks fast, so what counts is values that were measured; memory
 * that a program once had is never given back in full, so each format runs in a process of its own and tells its peak; and
 * a disk would be measured instead, so the bytes go nowhere.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { mapFile } from '../src/engine/map-file.js';
import { preallocate } from '../src/engine/preallocate.js';
import { EXPORT_FORMATS, type ExportFormat } from '../src/export/export-request.js';
import { exportRecording } from '../src/export/formats.js';
import { openRecording } from '../src/recording/recording.js';
import { FileStorage } from '../src/ring/file-storage.js';
import { metricsOf } from '../src/schema.js';
import type { Bench, BenchContext } from './bench-context.js';
import { startChurners } from './churners.js';
import { digits } from './finding-text.js';
import { withScratchRecording } from './scratch-recording.js';
import { movingSlots, SLOTS, SyntheticRing } from './synthetic-sweeps.js';

const MIB = 2 ** 20;
const MOVING = 0.1;
/** Those of the kernel's own engine are in no recording here. */
const VALUES_OF_SWEEP = SLOTS * metricsOf('counters', 'native').length;
/** Least values per second, in millions. */
const LEAST: Partial<Record<ExportFormat, number>> = { csv: 5, jsonl: 2, parquet: 5, arrow: 30, 'arrow-stream': 30 };
/** A profile is of one instant, and of mappings, which are not recorded here. */
const FORMATS = EXPORT_FORMATS.filter((format) => format !== 'pprof');
const MOST_MIB = 250;
const MOST_BYTES_PER_VALUE = 1.5;

interface Round {
  readonly seconds: number;
  readonly bytes: number;
  readonly peakMib: number;
}

export const exporting: Bench = {
  name: 'export',
  summary: 'values per second, memory and size of each format, of 20 million values',
  needsZoo: false,
  async run(context) {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-'));
    try {
      const file = path.join(folder, 'export.tide');
      const values = fill(file, context.quick ? 1e6 : 20e6);
      for (const format of FORMATS) measure(context, file, format, values);
      // Whatever the length: the same once more with a third of it.
      fill(`${file}.short`, values / 3);
      memoryOfLengths(context, file, values);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** The size of Parquet of a real recording of processes that move. */
export const exportSize: Bench = {
  name: 'export-size',
  summary: 'bytes per value of Parquet, of a zoo in which many processes move',
  needsZoo: true,
  async run({ quick, zoo, report }) {
    await using churners = await startChurners(Math.round(zoo.pids.length * MOVING));
    const pids = [...zoo.pids.slice(0, zoo.pids.length - churners.pids.length), ...churners.pids];
    const options = { hz: 10, rollup: 'auto', durationMs: quick ? 2000 : 30_000, target: { pids } } as const;
    await withScratchRecording(options, async (recording) => {
      let bytes = 0;
      for await (const piece of exportRecording(recording, { format: 'parquet' })) bytes += piece.length;
      const { points, ticks } = recording.summary();
      report({
        what: 'bytes per value of Parquet, everything included',
        on: `${pids.length} processes, ${MOVING * 100} % moving at every tick, ${ticks.recorded} ticks, ${points} values`,
        unit: 'bytes',
        ours: { name: 'parquet', samples: [bytes / points] },
        target: { relation: '<=', value: MOST_BYTES_PER_VALUE, of: 'ours' },
      });
    });
  },
};

function measure({ quick, report }: BenchContext, file: string, format: ExportFormat, values: number): void {
  const rounds = Array.from({ length: quick || LEAST[format] === undefined ? 1 : 3 }, () => roundOf(file, format));
  const least = LEAST[format];
  report({
    what: `${format}: million values per second`,
    on: `${digits(values / 1e6)} million values of ${SLOTS} processes, ${MOVING * 100} % of them moving`,
    unit: 'M/s',
    ours: { name: format, samples: rounds.map(({ seconds }) => values / 1e6 / seconds) },
    ...(least === undefined ? {} : { target: { relation: '>=', value: least, of: 'ours' } }),
    also: `${digits(rounds[0]!.bytes / values)} bytes per value`,
  });
  report({
    what: `${format}: most resident memory of the process`,
    on: `${digits(values / 1e6)} million values`,
    unit: 'MiB',
    ours: { name: format, samples: rounds.map(({ peakMib }) => peakMib) },
    target: { relation: '<=', value: MOST_MIB, of: 'ours' },
  });
}

/** The memory of a short recording beside that of the long one. */
function memoryOfLengths({ report }: BenchContext, file: string, values: number): void {
  for (const format of ['csv', 'parquet', 'arrow'] as const) {
    const [long, short] = [file, `${file}.short`].map((one) => roundOf(one, format).peakMib) as [number, number];
    report({
      what: `${format}: memory of three times the length`,
      on: `${digits(values / 1e6)} million values, and a third of them`,
      unit: 'MiB',
      ours: { name: 'whole', samples: [long] },
      theirs: { name: 'third', samples: [short] },
    });
  }
}

/** A recording of that many values. Returns how many there are. */
function fill(file: string, values: number): number {
  const storage = FileStorage.create(file, 64 * MIB, preallocate);
  storage.map(mapFile);
  const ring = new SyntheticRing(storage);
  const moving = movingSlots(64, MOVING);
  const there = [...moving, ...moving.slice(1, -1).reverse()];
  const sweeps = Math.ceil(values / VALUES_OF_SWEEP);
  for (let at = 0; at < sweeps; at++) ring.sweep(there[at % there.length]!);
  ring.close();
  return sweeps * VALUES_OF_SWEEP;
}

function roundOf(file: string, format: ExportFormat): Round {
  const child = [fileURLToPath(import.meta.url), file, format];
  return JSON.parse(execFileSync(process.execPath, child, { encoding: 'utf8' })) as Round;
}

/** In a process of its own: exports once to warm up on a part, then all of it. */
async function exportOnce(file: string, format: ExportFormat): Promise<Round> {
  using recording = openRecording(file);
  const first = BigInt(recording.metadata.startedAt.realNs);
  for await (const piece of exportRecording(recording, { format, to: first + 500_000_000n })) void piece;
  const start = performance.now();
  let bytes = 0;
  for await (const piece of exportRecording(recording, { format })) bytes += piece.length;
  const seconds = (performance.now() - start) / 1000;
  return { seconds, bytes, peakMib: process.resourceUsage().maxRSS / 1024 };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, format] = process.argv.slice(2) as [string, ExportFormat];
  console.log(JSON.stringify(await exportOnce(file, format)));
}
