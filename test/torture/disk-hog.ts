/**
 * Records beside a program that writes to the same disk as fast as it can: how long did the recorder's writes take, and was
 * a tick late because of one.
 *
 * The trap: a busy machine delays ticks by itself. So the same is done on a file system in memory beside the same hog:
 * what is late there is not late because of the disk.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { openRecording } from '../../src/recording/recording.js';
import { startSleep } from '../recorder/workload.js';
import { ROOT } from './root.js';
import type { Trial } from './trial.js';

const WRITER = path.join(ROOT, 'test/torture/timed-writer.js');
const DISK = process.env.TORTURE_SCRATCH ?? '/var/tmp';
const HZ = 100;
/** Half a tick: whoever is held up longer is in danger of being late. */
const LONG_MS = 5;

interface Timed {
  readonly writes: number;
  readonly p999Ms: number;
  readonly longestMs: number;
  readonly longest: { readonly ring: string; readonly write: number; readonly beginsBlock: boolean };
  readonly missed: number;
  readonly lateP999Ms: number;
}

/** A shell that writes files and flushes them, over and over. */
function startHog(file: string): ChildProcess {
  const line = 'while :; do dd if=/dev/zero of="$1" bs=1M count=256 conv=fdatasync 2>/dev/null; done';
  return spawn('sh', ['-c', line, 'sh', file], { stdio: 'ignore', detached: true });
}

async function record(folder: string, seconds: number, pid: number): Promise<Timed> {
  const file = path.join(folder, 'hog.tide');
  const config = { file, sizeBytes: 16 * 2 ** 20, hz: HZ, durationMs: seconds * 1000, pids: [pid] };
  const child = spawn(process.execPath, [WRITER, JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  await once(child, 'close');
  const recording = openRecording(file);
  try {
    const walk = recording.walk();
    const late: number[] = [];
    let missed = 0;
    for (let step = walk.next(); step !== null; step = walk.next()) {
      late.push(walk.scalar('lateness') / 1e6);
      missed = walk.scalar('missedTicks');
    }
    late.sort((a, b) => a - b);
    return { ...JSON.parse(out), missed, lateP999Ms: late[Math.floor(late.length * 0.999)]! };
  } finally {
    recording.close();
    rmSync(file);
  }
}

export const HOG_TRIAL: Trial = {
  name: 'disk-hog',
  says: `record for so many seconds at ${HZ} Hz beside a disk hog: no write takes over ${LONG_MS} ms, or twice as long as in memory`,
  count: 60,
  async run({ count, progress }) {
    const disk = mkdtempSync(path.join(DISK, 'tidemark-hog-'));
    const memory = mkdtempSync('/dev/shm/tidemark-hog-');
    const sleep = startSleep(86_400);
    const figures: Record<string, number> = {};
    const note = (where: string, { writes, p999Ms, longestMs, missed, lateP999Ms }: Timed) => {
      figures[`${where} writes`] = writes;
      figures[`${where} write p99.9 ms`] = Math.round(p999Ms * 1000) / 1000;
      figures[`${where} longest write ms`] = Math.round(longestMs * 1000) / 1000;
      figures[`${where} missed ticks`] = missed;
      figures[`${where} late p99.9 ms`] = Math.round(lateP999Ms * 1000) / 1000;
    };
    try {
      note('disk, no hog:', await record(disk, count, sleep.pid!));
      progress(count);
      const hog = startHog(path.join(disk, 'hog'));
      try {
        const held = await record(disk, count, sleep.pid!);
        note('disk, hog:', held);
        const control = await record(memory, count, sleep.pid!);
        note('memory, hog:', control);
        if (held.longestMs > Math.max(LONG_MS, 2 * control.longestMs)) {
          const what = JSON.stringify(held.longest);
          throw new Error(`A write took ${held.longestMs} ms, ${what}: ${JSON.stringify(figures)}`);
        }
      } finally {
        process.kill(-hog.pid!, 'SIGKILL');
      }
      return figures;
    } finally {
      sleep.kill();
      for (const folder of [disk, memory]) rmSync(folder, { recursive: true, force: true });
    }
  },
};
