/**
 * Cuts the disk off from under a recording and looks at what is on it: everything that the writer had reported a second
 * before must be there and equal.
 *
 * The trap: what is in the page cache is not on the disk. Frames reach it only as far as somebody flushes, and a block
 * that fills slowly would wait for hours.
 */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FileStorage } from '../../src/ring/file-storage.js';
import { RingReader } from '../../src/ring/ring-reader.js';
import { startSleep } from '../recorder/workload.js';
import { DiskImage } from './disk-image.js';
import { digestsOf } from './frame-digests.js';
import { Random } from './random.js';
import { parseReports, type Reported } from './reports.js';
import type { Trial } from './trial.js';
import { WriterChild } from './writer-child.js';

const SECOND_NS = 1_000_000_000n;
const DISK_MIB = 128;
const SIZE_BYTES = 32 * 2 ** 20;
const CUTS_PER_RECORDING = 10;
const SCRATCH = process.env.TORTURE_SCRATCH ?? '/var/tmp';

interface CutFigures {
  cuts: number;
  compared: number;
  /** Milliseconds before the cut from which a frame is missing; 0 when none is. */
  worstMissingMs: number;
  /** Findings of the reader on what the disk held: frames in a page that was not written, before ones that were. */
  findings: number;
}

/** Frames on a disk that was cut off, by ring and number. */
interface OnDisk {
  readonly rings: readonly Map<number, string>[];
  readonly findings: number;
}

async function cutPower(count: number, seed: number, progress: (done: number) => void): Promise<CutFigures> {
  const figures: CutFigures = { cuts: 0, compared: 0, worstMissingMs: 0, findings: 0 };
  const random = new Random(seed);
  const sleep = startSleep(86_400);
  using disk = new DiskImage(SCRATCH, DISK_MIB);
  try {
    while (figures.cuts < count) {
      const name = `${figures.cuts}.tide`;
      const engine = figures.cuts % 2 === 0 ? 'native' : 'ts';
      const pids = [process.pid, sleep.pid!];
      const writer = new WriterChild({
        file: path.join(disk.path, name),
        engine,
        resume: false,
        sizeBytes: SIZE_BYTES,
        pids,
        hz: 20,
      });
      try {
        await writer.spoke;
        for (let cut = 0; cut < CUTS_PER_RECORDING && figures.cuts < count; cut++) {
          await pause(300 + random.below(2500));
          const { atNs, found } = disk.cut((mounted) => framesOf(path.join(mounted, name)));
          // Until all that was reported before the cut has come through the pipe.
          await pause(100);
          compare(parseReports(writer.log).reported, found, atNs, figures);
          figures.cuts++;
          progress(figures.cuts);
        }
      } finally {
        // Before the disk goes: nothing is unmounted while it is written.
        await writer.kill();
      }
    }
    return figures;
  } finally {
    sleep.kill();
  }
}

function framesOf(file: string): OnDisk | undefined {
  try {
    const storage = FileStorage.open(file);
    try {
      const reader = RingReader.open(storage);
      const rings = reader.rings.map((_, ring) => digestsOf(reader.cursor(ring), true));
      return { rings, findings: reader.damage.length };
    } finally {
      storage.close();
    }
  } catch {
    return undefined;
  }
}

function compare(reported: readonly Reported[], found: OnDisk | undefined, atNs: bigint, figures: CutFigures): void {
  for (const { ring, number, digest, atNs: storedNs } of reported) {
    const there = found?.rings[ring]?.get(number);
    if (there !== undefined && there !== digest)
      throw new Error(`Frame ${number} of ring ${ring} is another on the disk`);
    if (there !== undefined) figures.compared++;
    if (there !== undefined || storedNs > atNs) continue;
    const missingMs = Number(atNs - storedNs) / 1e6;
    figures.worstMissingMs = Math.max(figures.worstMissingMs, Math.round(missingMs));
  }
  figures.findings += found?.findings ?? 0;
  if (BigInt(figures.worstMissingMs) * 1_000_000n > SECOND_NS) {
    throw new Error(`A frame that was stored ${figures.worstMissingMs} ms before the cut is not on the disk`);
  }
}

export const POWER_TRIAL: Trial = {
  name: 'power-cut',
  says: 'copy the disk at one instant while it is written and look at the copy: at most the last second is missing (root)',
  count: 200,
  run: async ({ count, seed, progress }) => ({ ...(await cutPower(count, seed, progress)) }),
};
