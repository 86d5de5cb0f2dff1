/** Recording the whole host, or a target, into a file that is read once and then removed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openRecording, type Recording } from '../src/recording/recording.js';
import type { RecordOptions } from '../src/sampler/record-options.js';
import { type RecordingEnd, startRecording } from '../src/sampler/recorder.js';

export interface ScratchOptions extends Pick<RecordOptions, 'hz' | 'rollup' | 'sampler' | 'engine' | 'target'> {
  readonly durationMs: number;
  /** What the main thread does meanwhile; called when the first frame is stored. */
  readonly meanwhile?: () => void;
}

/** Records for that long, hands the finished recording to `read`, and removes it. */
export async function withScratchRecording<T>(
  options: ScratchOptions,
  read: (recording: Recording, end: RecordingEnd) => T | Promise<T>,
): Promise<T> {
  const { meanwhile, ...rest } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // A recording is hundreds of MiB: it must not stay behind when the benchmark is interrupted.
  process.once('exit', remove);
  try {
    const file = path.join(folder, 'bench.tide');
    await using recorder = await startRecording({ target: 'host', file, ...rest });
    meanwhile?.();
    const end = await recorder.finished;
    using recording = openRecording(file);
    return await read(recording, end);
  } finally {
    process.off('exit', remove);
    remove();
  }
}
