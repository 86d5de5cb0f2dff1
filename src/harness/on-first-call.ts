/**
 * What records, for whoever imports the library: loaded when it is called first. Whoever only reads recordings or kernel files does
 * without the sampler, its worker threads and child processes, a third of what there is to load.
 */
import type { RecordOptions } from '../sampler/record-options.js';
import { RecordingError } from '../sampler/recording-error.js';
import type { Growth } from './growth.js';
import type { Measurement, MeasureOptions } from './measure.js';
import type { GrowthOptions } from './measure-growth.js';
import type { MeasuringRecorder } from './measuring-recorder.js';

/**
 * Starts recording and resolves after the first frame is committed. Rejects with a TypeError or RangeError for a wrong option,
 * and with an error that has a `code` (`target-not-found`, `exists`, `no-space`, `engine-unavailable` ...) when it cannot be done.
 */
export async function startRecording(options: RecordOptions = {}): Promise<MeasuringRecorder> {
  const wasAborted = options?.signal?.aborted === true;
  const recorder = await import('./measuring-recorder.js');
  // Who aborts meanwhile stops a start, which is no mistake as a signal that was aborted before is.
  if (!wasAborted && options?.signal?.aborted) throw RecordingError.beforeFirstFrame();
  return await recorder.startRecording(options);
}

/**
 * Calls `task` and measures: a function in this process, or one that the module of a `file:` URL exports in a fresh process.
 * Rejects with what the function throws, with an IsolationError when it cannot be run in a fresh process, and with a TypeError
 * for a wrong option.
 */
export async function measure(task: (() => unknown) | URL, options: MeasureOptions = {}): Promise<Measurement> {
  const module = await import('./measure.js');
  return await module.measure(task, options);
}

/**
 * A function is called round by round in this process; with `pid` it is called here and that process is measured. Of an `http:` or
 * `https:` URL each call is a request, and the server's process is measured. A `file:` URL is a module, whose default export is
 * called in a fresh process. Rejects with what a call throws, and with a TypeError for a wrong option.
 */
export async function measureGrowth(what: (() => unknown) | URL, options: GrowthOptions = {}): Promise<Growth> {
  const module = await import('./measure-growth.js');
  return await module.measureGrowth(what, options);
}
