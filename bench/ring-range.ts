/**
 * ring-range: opening a recording of 1 GiB and reading ten seconds of one process from its middle.
 *
 * The traps: a reader that looks at every page of the file is quick while all of it is in memory, so the bytes that are
 * read are counted as well; and a program is slow the first time, so fresh processes do it first, and tell what their
 * memory grew by.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { mapFile } from '../src/engine/map-file.js';
import { preallocate } from '../src/engine/preallocate.js';
import { Recording } from '../src/recording/recording.js';
import { FileStorage } from '../src/ring/file-storage.js';
import type { Storage } from '../src/ring/storage.js';
import type { Bench, BenchContext } from './bench-context.js';
import type { Target } from './finding.js';
import { digits } from './finding-text.js';
import { movingSlots, movingSweeps, SLOTS, SyntheticRing } from './synthetic-sweeps.js';

const SECONDS = 10n;
const SECOND_NS = 1_000_000_000n;
const MIB = 2 ** 20;
const MOVING = 0.1;
/** Most of a block of an idle fleet: its middle is far behind the key. */
const IDLE_FRAMES = 80_000;
/** Of the ring that holds them. */
const COUNTERS_SHARE = 0.7;
const PID = 1000 + SLOTS / 2;
const most = (value: number): Target => ({ relation: '<=', value, of: 'ours', isLater: true });

export const ringRange: Bench = {
  name: 'ring-range',
  summary: 'opening a recording of 1 GiB and reading 10 s of one process from its middle',
  needsZoo: false,
  async run(context) {
    const bytes = context.quick ? 64 * MIB : 1024 * MIB;
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-'));
    try {
      const moving = movingSlots(64, MOVING);
      const there = [...moving, ...moving.slice(1, -1).reverse()];
      measure(context, folder, bytes, `${MOVING * 100} % of the processes moving`, there);
      // What never moves fills a file slowly; what counts is how far into a block the middle is.
      measure(context, folder, 64 * MIB, 'an idle fleet', movingSweeps(1, 0), IDLE_FRAMES);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function measure(
  { quick, report }: BenchContext,
  folder: string,
  bytes: number,
  what: string,
  sweeps: ReturnType<typeof movingSlots>,
  frames = Number.POSITIVE_INFINITY,
): void {
  const file = path.join(folder, 'range.tide');
  const { middleNs, seconds } = fill(file, bytes, sweeps, frames);
  const on = `${digits(bytes / MIB)} MiB, ${SLOTS} processes, ${digits(seconds)} s at 100 Hz, ${what}`;
  const fresh = Array.from({ length: quick ? 3 : 9 }, () => {
    const words = [fileURLToPath(import.meta.url), file, `${middleNs}`];
    return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as {
      ms: number;
      grownBytes: number;
    };
  });
  const times: number[] = [];
  let counted: CountingStorage | undefined;
  for (let round = 0; round < (quick ? 3 : 10); round++) {
    const { ms, storage } = readRange(file, middleNs);
    counted = storage;
    if (round > 0) times.push(ms);
  }
  const read = `${counted!.reads} reads, ${digits(counted!.bytes / MIB)} MiB of the file`;
  const line = (name: string, unit: string, samples: number[], target: Target, also: string) =>
    report({ what: `${name}, ${what}`, on, unit, ours: { name: 'recording', samples }, target, also });
  line('opening, and 10 s of one process from the middle', 'ms', times, most(40), read);
  const cold = fresh.map(({ ms }) => ms);
  line('the same, first thing in a fresh process', 'ms', cold, most(40), 'nothing compiled yet');
  const grown = fresh.map(({ grownBytes }) => grownBytes / MIB);
  line('memory that it took there', 'MiB', grown, most(32), 'resident after less resident before');
  rmSync(file);
}

/** A recording that fills the counters ring of a file once. */
function fill(
  file: string,
  bytes: number,
  sweeps: ReturnType<typeof movingSlots>,
  frames: number,
): { middleNs: bigint; seconds: number } {
  const storage = FileStorage.create(file, bytes, preallocate);
  storage.map(mapFile);
  const ring = new SyntheticRing(storage);
  const from = ring.nowNs;
  for (let at = 0; at < frames && ring.stats.bytes < bytes * COUNTERS_SHARE; at++)
    ring.sweep(sweeps[at % sweeps.length]!);
  const length = ring.nowNs - from;
  ring.close();
  return { middleNs: from + length / 2n, seconds: Number(length) / 1e9 };
}

/** Counts what is read of another storage. */
class CountingStorage {
  reads = 0;
  bytes = 0;

  static over(storage: Storage): Storage & CountingStorage {
    const counts = new CountingStorage();
    return new Proxy(storage, {
      get: (target, name) => {
        if (name === 'reads') return counts.reads;
        if (name === 'bytes') return counts.bytes;
        if (name === 'read') {
          return (...args: Parameters<Storage['read']>) => {
            const count = target.read(...args);
            counts.reads++;
            counts.bytes += count;
            return count;
          };
        }
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }) as Storage & CountingStorage;
  }
}

function readRange(file: string, middleNs: bigint): { ms: number; storage: CountingStorage } {
  const startNs = process.hrtime.bigint();
  const storage = CountingStorage.over(FileStorage.open(file));
  using recording = Recording.open(storage);
  const from = recording.clock().toUnix(middleNs);
  const { value } = recording.series({ pid: PID, startTicks: 5_000_000 + PID - 1000 }, 'rss', {
    from,
    to: from + SECONDS * SECOND_NS,
  });
  const ms = Number(process.hrtime.bigint() - startNs) / 1e6;
  if (value.length < 999 || value.some(Number.isNaN)) throw new Error(`Read ${value.length} points of 10 s at 100 Hz`);
  return { ms, storage };
}

/** As a program of its own: the file and the time in, one line of JSON out. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , file, middleNs] = process.argv;
  const before = process.memoryUsage.rss();
  const { ms } = readRange(file!, BigInt(middleNs!));
  process.stdout.write(JSON.stringify({ ms, grownBytes: process.memoryUsage.rss() - before }));
}
