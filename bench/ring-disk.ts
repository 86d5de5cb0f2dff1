/**
 * ring-disk: how long storing a tick waits, without and beside a program that keeps the disk busy: into memory, into a file
 * through memory as a recorder does it, and into a file by write(2) as it does without the addon.
 *
 * The trap: a busy machine makes everybody wait, for a processor. So what counts is time in which the thread neither ran
 * nor could have run: it waited for the disk, or for what waits for the disk. All three store the same ticks in turn.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { threadCpuNs } from '../src/engine/clocks.js';
import { mapFile } from '../src/engine/map-file.js';
import { preallocate } from '../src/engine/preallocate.js';
import { FileStorage } from '../src/ring/file-storage.js';
import type { Bench, BenchContext } from './bench-context.js';
import { digits } from './finding-text.js';
import { movingSlots, SLOTS, SyntheticRing } from './synthetic-sweeps.js';

const TICK_MS = 10;
const FILE_BYTES = 128 * 2 ** 20;
/** A tick is late when storing it waits for half of it. */
const LATE_MS = 5;
const WAYS = ['memory', 'mapped file', 'write(2)'] as const;

/** Fills two gigabytes again and again, each time down to the disk. */
const HOG = `
  const fs = require('node:fs');
  const chunk = Buffer.alloc(2 ** 20, 1);
  process.stdin.on('end', () => process.exit(0)).resume();
  const round = () => {
    const fd = fs.openSync(process.argv[1], 'w');
    for (let at = 0; at < 2048; at++) fs.writeSync(fd, chunk);
    fs.fdatasyncSync(fd);
    fs.closeSync(fd);
    setImmediate(round);
  };
  round();
`;

export const ringDisk: Bench = {
  name: 'ring-disk',
  summary: 'storing ticks beside a busy disk: in memory, through a mapping, by write(2)',
  needsZoo: false,
  async run(context) {
    // Not under /tmp where that is memory: the disk is what this is about.
    const folder = mkdtempSync(path.join(process.env.TIDEMARK_BENCH_DISK ?? tmpdir(), 'tidemark-bench-'));
    try {
      const seconds = context.quick ? 3 : 40;
      hurry(context);
      await measure(context, folder, 'on a quiet disk', seconds / 2);
      const hog = spawn(process.execPath, ['-e', HOG, path.join(folder, 'hog')], {
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      setPriority(hog.pid!, 0);
      const ended = once(hog, 'exit');
      try {
        await pause(1000);
        await measure(context, folder, 'beside a program that writes all it can', seconds);
      } finally {
        hog.kill('SIGKILL');
        await ended;
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** As the sampler's thread does, so that waiting for a processor is not taken for waiting for the disk. */
function hurry({ note }: BenchContext): void {
  try {
    setPriority(0, -10);
  } catch {
    note('the priority could not be raised: waits for a processor are in these numbers');
  }
}

/** Milliseconds in which this thread ran or waited for a processor so far. */
function readyClock(): () => number {
  const fd = openSync('/proc/thread-self/schedstat', 'r');
  const text = Buffer.alloc(128);
  return () => {
    const [, waitedNs] = text.toString('latin1', 0, readSync(fd, text, 0, text.length, 0)).split(' ');
    return (threadCpuNs() + Number(waitedNs)) / 1e6;
  };
}

async function measure({ report }: BenchContext, folder: string, where: string, seconds: number): Promise<void> {
  const file = (name: string) => FileStorage.create(path.join(folder, name), FILE_BYTES, preallocate);
  const mapped = file('mapped');
  mapped.map(mapFile);
  const rings = [new SyntheticRing(), new SyntheticRing(mapped), new SyntheticRing(file('written'))];
  const sweeps = movingSlots(64, 0.1);
  const there = [...sweeps, ...sweeps.slice(1, -1).reverse()];
  const times: number[][] = WAYS.map(() => []);
  const ticks = (seconds * 1000) / TICK_MS;
  const readyMs = readyClock();
  const startMs = performance.now();
  for (let tick = 0; tick < ticks; tick++) {
    await pause(Math.max(1, startMs + tick * TICK_MS - performance.now()));
    for (let turn = 0; turn < rings.length; turn++) {
      const way = (tick + turn) % rings.length;
      const before = readyMs() - performance.now();
      rings[way]!.sweep(there[tick % there.length]!);
      times[way]!.push(Math.max(0, before - (readyMs() - performance.now())));
    }
  }
  for (const ring of rings) ring.close();
  for (const name of ['mapped', 'written']) rmSync(path.join(folder, name));
  for (const [way, name] of WAYS.entries()) {
    const sorted = times[way]!.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
    const late = sorted.filter((ms) => ms > LATE_MS).length;
    report({
      what: `wait for storing a tick into ${name === 'write(2)' ? 'a file by write(2)' : name === 'memory' ? name : `a ${name}`}, ${where}, p99.9`,
      on: `${SLOTS} processes of which 10 % move, ${digits(1000 / TICK_MS)} Hz for ${seconds} s`,
      times: `${sorted.length} ticks`,
      unit: 'ms',
      ours: { name, samples: [at(0.999)] },
      also: `p50 ${digits(at(0.5))} p99 ${digits(at(0.99))} worst ${digits(at(1))} ms, ${late} of over ${LATE_MS} ms`,
    });
  }
}
