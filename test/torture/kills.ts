/**
 * Kills the writer at random instants and reads back what it had reported as stored: all of it must be there and equal,
 * and nothing else but at most one frame that it was about to report. A killed recording is gone on with, and killed again.
 *
 * The trap: a frame may be in the ring and its report not yet in the pipe. So the writer also tells what it is about to
 * store, and that frame may be there or not, but it must be that one.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FileStorage } from '../../src/ring/file-storage.js';
import type { RingCursor } from '../../src/ring/ring-cursor.js';
import { RingFormatError } from '../../src/ring/ring-format-error.js';
import { RingReader } from '../../src/ring/ring-reader.js';
import { Random } from './random.js';
import { ROOT } from './root.js';

const WRITER = path.join(ROOT, 'test/torture/kill-writer.js');
/** Small enough to be overwritten: the least that the sampler takes, and eight blocks. */
const SAMPLED_BYTES = 2 * 2 ** 20;
const WRITTEN_BYTES = 16384 + 8 * 65536;
/** How often a recording is gone on with before a new one begins. */
const LIVES = 5;
const DELAY_MS = 120;
/** From here on a kill hits the start of a writer: loading, creating the file, going on in it. */
const START_SHARE = 8;
const START_MS = 300;

export type KilledEngine = 'ts' | 'native' | 'none';

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

/** What must be in the rings of a file: by ring, the digest of each frame by its number. */
class Truth {
  readonly #rings = new Map<number, Map<number, string>>();

  of(ring: number): Map<number, string> {
    const frames = this.#rings.get(ring) ?? new Map<number, string>();
    this.#rings.set(ring, frames);
    return frames;
  }

  get size(): number {
    return [...this.#rings.values()].reduce((sum, frames) => sum + frames.size, 0);
  }
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
        const config = {
          file,
          engine,
          resume,
          sizeBytes: engine === 'none' ? WRITTEN_BYTES : SAMPLED_BYTES,
          pids: options.pids,
        };
        const log = await runUntilKilled(config, delayMs, isAtStart);
        figures.kills++;
        check(file, truth, log, figures, `${engine}, seed ${seed}, kill ${figures.kills} of ${folder}`);
        progress?.(figures.kills);
      }
      rmSync(file, { force: true });
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the writer said until it was killed. */
async function runUntilKilled(config: object, delayMs: number, isAtStart: boolean): Promise<string> {
  const child = spawn(process.execPath, [WRITER, JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let [log, errors] = ['', ''];
  const spoke = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      log += chunk;
      resolve();
    });
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  if (!isAtStart) await Promise.race([spoke, closed]);
  await pause(delayMs);
  child.kill('SIGKILL');
  const [code, signal] = await closed;
  if (signal !== 'SIGKILL') throw new Error(`The writer ended by itself, with code ${code}: ${errors}`);
  return log;
}

function check(file: string, truth: Truth, log: string, figures: KillFigures, where: string): void {
  const intent = takeLog(truth, log, figures);
  const reader = existsSync(file) ? openRing(file) : undefined;
  if (!reader) {
    figures.withoutRecording++;
    if (truth.size > 0) throw new Error(`${where}: ${truth.size} reported frames, and no recording`);
    return;
  }
  try {
    reader.rings.forEach((_, ring) => {
      checkRing(reader, ring, truth.of(ring), intent, figures, where);
    });
    if (reader.damage.length > 0) throw new Error(`${where}: damage ${JSON.stringify(reader.damage)}`);
  } finally {
    reader.close();
  }
}

interface Intent {
  readonly ring: number;
  readonly number: number;
  readonly digest: string;
}

/** Takes the reported frames into the truth; the frame that the writer died over, if it did. */
function takeLog(truth: Truth, log: string, figures: KillFigures): Intent | undefined {
  const lines = log.split('\n');
  // The last one is empty, or was cut.
  lines.pop();
  let intent: Intent | undefined;
  for (const line of lines) {
    const [kind, ring, number, digest] = line.split(' ');
    if (kind === 'I') {
      intent = { ring: Number(ring), number: Number(number), digest: digest! };
    } else if (intent !== undefined && intent.ring === Number(ring) && intent.number === Number(number)) {
      truth.of(intent.ring).set(intent.number, intent.digest);
      figures.reported++;
      intent = undefined;
    } else {
      throw new Error(`The writer reports what it did not announce: ${line}`);
    }
  }
  return intent;
}

function checkRing(
  reader: RingReader,
  ring: number,
  truth: Map<number, string>,
  intent: Intent | undefined,
  figures: KillFigures,
  where: string,
): void {
  const first = reader.blocks(ring)[0]?.firstFrameSequence ?? 1;
  const found = digestsOf(reader.cursor(ring));
  for (const [number, digest] of found) {
    if (truth.get(number) === digest) continue;
    const isIntent = intent?.ring === ring && intent.number === number && intent.digest === digest;
    if (!isIntent) {
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

function digestsOf(cursor: RingCursor): Map<number, string> {
  const found = new Map<number, string>();
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    if (step === 'gap') throw new Error(`${cursor.lost} frames are missing before frame ${cursor.nextFrame}`);
    if (step === 'record') {
      const payload = Buffer.from(cursor.payload).toString('hex');
      found.set(cursor.frameSequence, digest([cursor.timeNs, cursor.type, payload]));
    }
    if (step === 'columns') found.set(cursor.frameSequence, sweepDigest(cursor));
  }
  return found;
}

function sweepDigest(cursor: RingCursor): string {
  const slots = [...cursor.updated.slots.subarray(0, cursor.updated.count)];
  const cells = slots.map((slot) => {
    const label = Buffer.from(cursor.labels[slot]!).toString('hex');
    return [slot, label, cursor.status[slot], ...cursor.columns.map((column) => numberText(column[slot]!))].join(',');
  });
  return digest([cursor.startNs, cursor.endNs, ...[...cursor.scalars].map(numberText), ...cells]);
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function digest(parts: readonly unknown[]): string {
  return createHash('sha1').update(parts.join(' ')).digest('hex').slice(0, 20);
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
