/**
 * Many readers of a ring that is overwritten as fast as a writer can: some follow at once, some lag a whole lap. Whatever
 * any of them returns is what the writer stored, whole, and what it missed is told.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FileStorage } from '../../src/ring/file-storage.js';
import type { RingCursor } from '../../src/ring/ring-cursor.js';
import { RingReader } from '../../src/ring/ring-reader.js';
import { digestOfStep } from './frame-digests.js';
import { parseReports, Truth } from './reports.js';
import type { Trial } from './trial.js';
import { WriterChild } from './writer-child.js';

const SIZE_BYTES = 16384 + 8 * 65536;
const READERS = 6;

interface Follower {
  readonly ring: number;
  readonly cursor: RingCursor;
  readonly lagMs: number;
  readonly seen: Map<number, string>;
  /** The number of the first frame that it was to see. */
  readonly from: number;
  lost: number;
  lookedAt: number;
}

export interface ReaderFigures {
  seconds: number;
  stored: number;
  returned: number;
  lost: number;
  laps: number;
}

/**
 * Follows for so many seconds; every second reader looks only each `lagMs`. Throws at the first frame that differs from what
 * was stored, or is missing without a word.
 */
export async function followAll(folder: string, seconds: number, lagMs: number): Promise<ReaderFigures> {
  const place = mkdtempSync(path.join(folder, 'tidemark-readers-'));
  const file = path.join(place, 'followed.tide');
  const writer = new WriterChild({ file, engine: 'none', resume: false, sizeBytes: SIZE_BYTES, pids: [] });
  await writer.spoke;
  const readers = Array.from({ length: READERS }, () => RingReader.open(FileStorage.open(file)));
  try {
    const followers = readers.flatMap((reader, index) => followersOf(reader, index % 2 === 0 ? 0 : lagMs));
    for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
      for (const follower of followers) look(follower, performance.now());
      // The log of the writer comes by the event loop.
      await pause(0);
    }
    await writer.kill();
    for (const follower of followers) look(follower, Number.POSITIVE_INFINITY);
    return compare(writer.log, followers, readers, seconds);
  } finally {
    for (const reader of readers) reader.close();
    rmSync(place, { recursive: true, force: true });
  }
}

function followersOf(reader: RingReader, lagMs: number): Follower[] {
  return reader.rings.map((_, ring) => {
    const cursor = reader.cursor(ring);
    return { ring, cursor, lagMs, seen: new Map(), from: Math.max(1, cursor.nextFrame), lost: 0, lookedAt: 0 };
  });
}

/** Takes in what is there now; a reader that follows a fast writer must not stay in here for ever. */
function look(follower: Follower, now: number): void {
  if (now - follower.lookedAt < follower.lagMs) return;
  follower.lookedAt = now;
  const { cursor, seen } = follower;
  for (let steps = 0; steps < 5000; steps++) {
    const step = cursor.next();
    if (step === null) return;
    if (step === 'gap') follower.lost += cursor.lost;
    const digest = digestOfStep(cursor, step);
    if (digest !== undefined) seen.set(cursor.frameSequence, digest);
  }
}

function compare(log: string, followers: Follower[], readers: RingReader[], seconds: number): ReaderFigures {
  const { reported, announced } = parseReports(log);
  const truth = new Truth();
  for (const { ring, number, digest } of [...reported, ...announced]) {
    truth.of(ring).set(number, digest);
  }
  const figures = { seconds, stored: reported.length, returned: 0, lost: 0, laps: 0 };
  for (const { ring, cursor, seen, lost, from } of followers) {
    for (const [number, digest] of seen) {
      if (truth.of(ring).get(number) !== digest)
        throw new Error(`Frame ${number} of ring ${ring} is not what was stored`);
    }
    // Either returned or told as lost, up to where the reader stands.
    const due = cursor.nextFrame - from;
    if (seen.size + lost !== due) {
      throw new Error(`Of ${due} frames of ring ${ring}, ${seen.size} were returned and ${lost} told as lost`);
    }
    figures.returned += seen.size;
    figures.lost += lost;
  }
  for (const reader of readers) {
    if (reader.damage.length > 0) throw new Error(`Damage was found: ${JSON.stringify(reader.damage)}`);
  }
  readers[0]!.refresh();
  figures.laps = Math.floor((readers[0]!.blocks(0).at(-1)?.sequence ?? 0) / readers[0]!.blocks(0).length);
  return figures;
}

export const READER_TRIAL: Trial = {
  name: 'readers',
  says: 'follow a ring that is overwritten at full speed with many readers, some a lap behind: no half frame, no silent gap',
  count: 60,
  run: async ({ count }) => ({ ...(await followAll('/dev/shm', count, 7000)) }),
};
