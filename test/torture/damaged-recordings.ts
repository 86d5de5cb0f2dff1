/**
 * Asks damaged recordings everything that can be asked of one. Whatever is left is answered, and a file that cannot be opened
 * at all is refused in a sentence; what the frames say is held against the truth in damage.ts.
 */
import { NotARecordingError } from '../../src/recording/format.js';
import { Recording } from '../../src/recording/recording.js';
import { RingFormatError } from '../../src/ring/ring-format-error.js';
import { SharedStorage } from '../../src/ring/shared-storage.js';
import { type BusyRecording, busyRecording, bytesOf } from './busy-recording.js';
import { DAMAGE_KINDS, spoil } from './damages.js';
import { Random } from './random.js';
import type { Trial } from './trial.js';

const FILES_PER_RECORDING = 60;

export interface Asked {
  files: number;
  refused: number;
  frames: number;
  points: number;
  slowestMs: number;
}

export function askDamaged(count: number, seed: number, progress: (done: number) => void = () => {}): Asked {
  const random = new Random(seed);
  const figures: Asked = { files: 0, refused: 0, frames: 0, points: 0, slowestMs: 0 };
  let sound: BusyRecording | undefined;
  for (; figures.files < count; figures.files++) {
    if (figures.files % FILES_PER_RECORDING === 0 || !sound) {
      sound = busyRecording(random.below(2 ** 31), {
        ticks: 50 + random.below(600),
        sizeBytes: 600_000,
        close: random.below(2) === 0,
      });
    }
    const kind = DAMAGE_KINDS[figures.files % DAMAGE_KINDS.length]!;
    const from = random.below(10) === 0 ? 0 : 16384;
    const { bytes, how } = spoil(kind, bytesOf(sound.storage), sound.older, random, from);
    const started = performance.now();
    try {
      ask(bytes, figures);
    } catch (error) {
      if (error instanceof RingFormatError || error instanceof NotARecordingError) figures.refused++;
      else throw Object.assign(error as Error, { message: `${how}, seed ${seed}: ${(error as Error).message}` });
    }
    figures.slowestMs = Math.max(figures.slowestMs, Math.round(performance.now() - started));
    progress(figures.files);
  }
  return figures;
}

export function ask(bytes: Uint8Array, figures: Asked): void {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  const recording = Recording.open(new SharedStorage(buffer));
  const processes = recording.processes();
  for (const process of processes.slice(0, 3)) {
    for (const metric of ['rss', 'userTime', 'pss'] as const) {
      const { timeNs } = recording.series(process, metric);
      recording.series(process, metric, { every: 1_000_000_000n, agg: 'max' });
      figures.points += timeNs.length;
    }
    recording.mappingsOf(process);
  }
  for (const frame of recording.frames()) {
    if (frame.kind === 'gap') continue;
    figures.frames++;
    for (let row = 0; row < Math.min(3, frame.count); row++) frame.process(row);
  }
  recording.marks();
  recording.at(recording.endNs);
  recording.summary();
  recording.lostEvents();
}

export const ASK_TRIAL: Trial = {
  name: 'questions',
  says: 'ask damaged recordings everything: all that is left is answered, nothing is thrown',
  count: 3000,
  run: async ({ count, seed, progress }) => ({ ...askDamaged(count, seed, progress) }),
};
