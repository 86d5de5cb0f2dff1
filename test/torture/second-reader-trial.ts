/** Damaged recordings through both readers, the library's and the one in python: the same lines, the same findings. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readTwice } from '../tide-reader/second-reader.js';
import { type BusyRecording, busyRecording, bytesOf } from './busy-recording.js';
import { DAMAGE_KINDS, spoil } from './damages.js';
import { Random } from './random.js';
import type { Trial } from './trial.js';

const HEADER = 16384;
const FILES_PER_RECORDING = 12;

async function readDamagedTwice(count: number, seed: number, progress: (done: number) => void) {
  const random = new Random(seed);
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-twice-'));
  const file = path.join(folder, 'damaged.tide');
  const figures = { files: 0, lines: 0, findings: 0 };
  let recording: BusyRecording | undefined;
  try {
    for (; figures.files < count; figures.files++) {
      if (figures.files % FILES_PER_RECORDING === 0 || !recording) {
        recording = busyRecording(random.below(2 ** 31), { ticks: 50 + random.below(400), sizeBytes: 600_000 });
      }
      const kind = DAMAGE_KINDS[figures.files % DAMAGE_KINDS.length]!;
      const { bytes, how } = spoil(
        kind,
        bytesOf(recording.storage),
        recording.older,
        random,
        HEADER,
        HEADER + 5 * 65536,
      );
      writeFileSync(file, bytes);
      const { lines, difference } = readTwice(file);
      if (difference !== undefined) {
        writeFileSync(path.join(tmpdir(), 'tidemark-differing.tide'), bytes);
        throw new Error(`File ${figures.files}, ${how}: ${difference}`);
      }
      figures.lines += lines.length;
      figures.findings += lines.filter(([line]) => line === 'finding').length;
      progress(figures.files);
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const SECOND_READER_TRIAL: Trial = {
  name: 'second-reader',
  says: 'read damaged recordings by the library and by the second reader: the same lines and findings',
  count: 500,
  run: ({ count, seed, progress }) => readDamagedTwice(count, seed, progress),
};
