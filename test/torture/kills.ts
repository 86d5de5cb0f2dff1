/**
 * Kills the writer at random instants and reads back what it had reported as stored: all of it must be there and equal,
 * and nothing else but at most one frame that it was about to report. A killed recording is gone on with, and killed again.
 *
 * The trap: a frame may be in the ring and its report not yet in the pipe. So the writer also tells what it is about to
 * store, and that frame may be there or not, but it must be that one.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FileStorage } from '../../src/ring/file-storage.js';
import { RingFormatError } from '../../src/ring/ring-format-error.js';
import { RingReader } from '../../src/ring/ring-reader.js';
import { digestsOf } from './frame-digests.js';
import { Random } from './random.js';
import { type Announced, parseReports, Truth } from './reports.js';
import { WriterChild, type WriterConfig } from './writer-child.js';

/** Small enough to be overwritten: the least that the sampler takes, and eight blocks. */
const SAMPLED_BYTES = 2 * 2 ** 20;
const WRITTEN_BYTES = 16384 + 8 * 65536;
/** How often a recording is gone on with before a new one begins. */
const LIVES = 5;
const DELAY_MS = 120;
/** One kill in so many hits the start of a writer: loading, creating the file, going on in it. */
const START_SHARE = 8;
const START_MS = 300;

export type KilledEngine = WriterConfig['engine'];

export interface KillOptions {
  readonly engine: KilledEngine;
  /** Where the recordings are made. */
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  /** Processes to record. */
  readonly pids: readonly number[];
  readonly progress?: (done: number) => void;
}

export interface KillFigures {
  kills: number;
  /** Frames that writers reported as stored. */
  reported: number;
  /** Frames that were compared; a frame of a recording that is killed again is compared again. */
  compared: number;
  /** Reported frames that a later lap had overwritten when the writer died. */
  overwritten: number;
  /** Frames found in the ring that the writer died before reporting. */
  unreported: number;
  /** Kills before there was a recording. */
  withoutRecording: number;
}

/** Throws at the first frame that is lost, invented or different. */
export async function killWriters(options: KillOptions): Promise<KillFigures> {
  const { engine, kills, seed, progress } = options;
  const random = new Random(seed);
  const folder = mkdtempSync(path.join(options.folder, 'tidemark-kills-'));
  const figures: KillFigures = {
    kills: 0,
    reported: 0,
    compared: 0,
    overwritten: 0,
    unreported: 0,
    withoutRecording: 0,
  };
  try {
    while (figures.kills < kills) {
      const file = path.join(folder, `${figures.kills}.tide`);
      const truth = new Truth();
      for (let life = 0; life < LIVES && figures.kills < kills; life++) {
        const isAtStart = random.below(START_SHARE) === 0;
        const delayMs = random.below((isAtStart ? START_MS : DELAY_MS) * 1000) / 1000;
        const resume = existsSync(file) && isRing(file);
        if (!resume) rmSync(file, { force: true });
        const sizeBytes = engine === 'none' ? WRITTEN_BYTES : SAMPLED_BYTES;
        const child = new WriterChild({ file, engine, resume, sizeBytes, pids: options.pids });
        if (!isAtStart) await child.spoke;
        await pause(delayMs);
        await child.kill();
        figures.kills++;
        check(file, truth, child.log, figures, `${engine}, seed ${seed}, kill ${figures.kills} of ${folder}`);
        progress?.(figures.kills);
      }
      rmSync(file, { force: true });
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function check(file: string, truth: Truth, log: string, figures: KillFigures, where: string): void {
  const { reported, announced } = parseReports(log);
  for (const { ring, number, digest } of reported) truth.of(ring).set(number, digest);
  figures.reported += reported.length;
  const reader = existsSync(file) ? openRing(file) : undefined;
  if (!reader) {
    figures.withoutRecording++;
    if (truth.size > 0) throw new Error(`${where}: ${truth.size} reported frames, and no recording`);
    return;
  }
  try {
    reader.rings.forEach((_, ring) => {
      checkRing(reader, ring, truth.of(ring), announced, figures, where);
    });
    if (reader.damage.length > 0) throw new Error(`${where}: damage ${JSON.stringify(reader.damage)}`);
  } finally {
    reader.close();
  }
}

function checkRing(
  reader: RingReader,
  ring: number,
  truth: Map<number, string>,
  announced: readonly Announced[],
  figures: KillFigures,
  where: string,
): void {
  const first = reader.blocks(ring)[0]?.firstFrameSequence ?? 1;
  const found = digestsOf(reader.cursor(ring));
  for (const [number, digest] of found) {
    if (truth.get(number) === digest) continue;
    const isAnnounced = announced.some(
      (frame) => frame.ring === ring && frame.number === number && frame.digest === digest,
    );
    if (!isAnnounced) {
      const what = truth.has(number) ? 'differs from what was stored' : 'was invented';
      throw new Error(`${where}: frame ${number} of ring ${ring} ${what}`);
    }
    figures.unreported++;
    truth.set(number, digest);
  }
  for (const number of truth.keys()) {
    if (number < first) {
      truth.delete(number);
      figures.overwritten++;
    } else if (!found.has(number)) {
      throw new Error(
        `${where}: frame ${number} of ring ${ring} was reported and is lost; the ring begins at ${first}`,
      );
    }
  }
  figures.compared += found.size;
}

/** Undefined for a file whose writer died before the header was whole. */
function openRing(file: string): RingReader | undefined {
  const storage = FileStorage.open(file);
  try {
    return RingReader.open(storage);
  } catch (error) {
    storage.close();
    if (error instanceof RingFormatError) return undefined;
    throw error;
  }
}

function isRing(file: string): boolean {
  const reader = openRing(file);
  reader?.close();
  return reader !== undefined;
}
