/**
 * record-density: how many bytes a recording of 2,000 real processes takes, of which none move, and of which one in ten
 * moves at every tick; against the same values as raw numbers, as a gzipped CSV and as zstd of raw columns.
 *
 * The trap: others need all values at once to press them, and give none back before they have unpacked all; a ring has
 * each tick on the disk as it happens. So theirs is what they take at best, and the times are not compared.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { exportCsv } from '../src/export/csv.js';
import type { Recording } from '../src/recording/recording.js';
import { monotonicRange, type TimeRange } from '../src/recording/time-range.js';
import { COUNTER_COLUMNS } from '../src/schema.js';
import type { Bench, BenchContext } from './bench-context.js';
import { startChurners } from './churners.js';
import type { Finding, Target } from './finding.js';
import { digits } from './finding-text.js';
import { withScratchRecording } from './scratch-recording.js';

const HZ = 100;
const CHURNING = 0.1;
/** What others press: all of it would take longer than the recording. */
const PRESSED_SECONDS = 10n;
const RAW_BYTES = Float64Array.BYTES_PER_ELEMENT;
const at = (value: number): Target => ({ relation: '<=', value, of: 'ours', isLater: true });

export const recordDensity: Bench = {
  name: 'record-density',
  summary: 'bytes per point of a recording, idle and with one process in ten moving, against raw, gzip and zstd',
  needsZoo: true,
  async run(context) {
    const { quick, zoo } = context;
    const zstd = findProgram('zstd');
    if (zstd === undefined) throw new Error('There is no zstd on the PATH to compare with (Debian: zstd)');
    const seconds = quick ? 3 : 60;
    await measure(context, 'idle', zoo.pids, seconds, 0.01, zstd);
    await using churners = await startChurners(Math.round(zoo.pids.length * CHURNING));
    const still = zoo.pids.slice(0, zoo.pids.length - churners.pids.length);
    const name = `${CHURNING * 100} % moving at every tick`;
    await measure(context, name, [...still, ...churners.pids], seconds, 0.15, zstd);
  },
};

async function measure(
  { report }: BenchContext,
  name: string,
  pids: readonly number[],
  seconds: number,
  most: number,
  zstd: string,
): Promise<void> {
  const durationMs = seconds * 1000;
  const options = { hz: HZ, rollup: 'off', sampler: 'worker', durationMs, target: { pids } } as const;
  const { bytes, points, ticks, density, csv, columns, cpu, stat } = await withScratchRecording(
    options,
    async (recording, end) => {
      const summary = recording.summary();
      if (summary.damage.length > 0) throw new Error(`The recording is damaged: ${summary.damage[0]!.reason}`);
      return {
        bytes: end.progress.bytes,
        points: summary.points,
        ticks: summary.ticks,
        cpu: summary.self.usPerProcessPerTick,
        stat: summary.statShare,
        density: recording.density(),
        ...(await pressed(recording, zstd)),
      };
    },
  );
  const on = `${pids.length} processes, ${HZ} Hz for ${seconds} s`;
  const times = `${ticks.recorded} ticks, ${points} points`;
  const line = (what: string, unit: string, value: number, target?: Target, also?: string): Finding =>
    report({
      what: `${what}, ${name}`,
      on,
      times,
      unit,
      ours: { name: 'ring', samples: [value] },
      ...(target ? { target } : {}),
      ...(also === undefined ? {} : { also }),
    });
  const own = bytes / points;
  const also = `${digits(cpu)} us/process/tick in all, stat read in ${digits(stat * 100)} % of the rows, ${ticks.missed} missed`;
  line('bytes per point, keys and events included', 'bytes', own, at(most), also);
  for (const [theirs, value] of [
    ['raw float64', RAW_BYTES],
    [`gzip -6 of the CSV (first ${PRESSED_SECONDS} s)`, csv],
    [`zstd -3 of raw columns (first ${PRESSED_SECONDS} s)`, columns],
  ] as const) {
    report({
      what: `bytes per point against ${theirs}, ${name}`,
      on,
      times,
      unit: 'bytes',
      ours: { name: 'ring', samples: [own] },
      theirs: { name: theirs, samples: [value] },
      divide: 'theirs/ours',
    });
  }
  if (density.idleFrameBytes !== null) line('a tick in which nothing changed', 'bytes', density.idleFrameBytes, at(60));
  if (density.bytesPerChange !== null)
    line('a changed value with its addressing', 'bytes', density.bytesPerChange, at(2));
  if (density.keyBytesPerProcess !== null)
    line('the key of a block, per process', 'bytes', density.keyBytesPerProcess, at(60));
}

/** Bytes per point that others make of the first seconds. */
async function pressed(recording: Recording, zstd: string): Promise<{ csv: number; columns: number }> {
  const from = BigInt(recording.metadata.startedAt.realNs);
  const range = { from, to: from + PRESSED_SECONDS * 1_000_000_000n };
  let points = 0;
  const raw = function* () {
    for (const values of rawColumns(recording, range)) {
      for (const value of values) if (!Number.isNaN(value)) points++;
      yield Buffer.from(values.buffer);
    }
  };
  const csv = await piped(Readable.from(exportCsv(recording, { ...range, metrics: COUNTER_COLUMNS })), 'gzip', ['-c6']);
  const columns = await piped(Readable.from(raw()), zstd, ['-3', '-q', '-c']);
  return { csv: csv / points, columns: columns / points };
}

/** The values of each column as they are in memory, tick by tick, one column after the other. */
function* rawColumns(recording: Recording, range: TimeRange): Generator<Float64Array> {
  for (let column = 0; column < COUNTER_COLUMNS.length; column++) {
    const walk = recording.walk(monotonicRange(range, recording.clock()));
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step !== 'frame') continue;
      const { slots, count } = walk.rows;
      const values = new Float64Array(count);
      for (let row = 0; row < count; row++) values[row] = walk.counter(column, slots[row]!);
      yield values;
    }
  }
}

/** How many bytes a program makes of what it is given. */
async function piped(source: Readable, program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  source.pipe(child.stdin);
  const [code] = await closed;
  if (code !== 0) throw new Error(`${program} ended with code ${code}`);
  return bytes;
}

function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  const found = folders.map((folder) => path.join(folder, name)).find(existsSync);
  return found !== undefined && spawnSync(found, ['--version']).status === 0 ? found : undefined;
}
