/** A part of a recording as a recording of its own, and a whole one that is read around its damage. */
import { checkNames, functionOption, timeOption, typedOption } from '../text/option-checks.js';
import type { CopyInput } from './copy-input.js';
import { copyRecording, type LostFrames } from './copy-recording.js';
import type { RecordingMetadata } from './format.js';
import { MAPPING_COLUMNS } from './mapping-columns.js';
import type { Recording } from './recording.js';
import { Redactor } from './redact.js';
import { monotonicRange, type TimeRange } from './time-range.js';

export interface CutOptions extends TimeRange {
  readonly redactor?: Redactor | undefined;
  readonly onProgress?: ((unixNs: bigint) => void) | undefined;
}

const OPTION_NAMES: readonly (keyof CutOptions)[] = ['from', 'to', 'redactor', 'onProgress'];

/** Writes what lies in the range into a new file. Throws a TypeError for a wrong option, and what writing a file throws. */
export function cutRecording(recording: Recording, path: string, options: CutOptions = {}): LostFrames {
  checkOptions(options);
  const clock = recording.clock();
  const range = monotonicRange(options, clock);
  const { metadata } = recording;
  const startNs = range.fromNs ?? BigInt(metadata.startedAt.monotonicNs);
  // The clock of the part begins with it: what stood before is not in it.
  const startedAt =
    range.fromNs === undefined
      ? metadata.startedAt
      : {
          monotonicNs: `${startNs}`,
          realNs: `${clock.toUnix(startNs)}`,
          boottimeNs: `${BigInt(metadata.startedAt.boottimeNs) + startNs - BigInt(metadata.startedAt.monotonicNs)}`,
        };
  const isPart = options.from !== undefined || options.to !== undefined;
  const bounds = { from: `${options.from ?? ''}`, to: `${options.to ?? ''}` };
  return copyRecording(path, [inputOf(recording, range)], {
    metadata: { ...copiedMetadata(metadata), startedAt, ...(isPart ? { cut: bounds } : {}) },
    isMerge: false,
    redactor: options.redactor,
    onProgress: options.onProgress && ((timeNs) => options.onProgress!(clock.toUnix(timeNs))),
  });
}

function checkOptions(options: CutOptions): void {
  checkNames(options, OPTION_NAMES);
  const { from, to, redactor, onProgress } = options;
  timeOption('from', from);
  timeOption('to', to);
  typedOption('redactor', redactor, 'a Redactor', (value) => value instanceof Redactor);
  functionOption('onProgress', onProgress);
  if (from !== undefined && to !== undefined && from > to) {
    throw new TypeError(`Expected the "from" option to be at or before "to", got ${from} and ${to}`);
  }
}

/** Writes all that can be read of a damaged recording into a new file. */
export function salvageRecording(
  recording: Recording,
  path: string,
  onProgress?: (unixNs: bigint) => void,
): LostFrames {
  functionOption('onProgress', onProgress);
  const clock = recording.clock();
  return copyRecording(path, [inputOf(recording, {})], {
    metadata: { ...copiedMetadata(recording.metadata), repaired: true },
    isMerge: false,
    onProgress: onProgress && ((timeNs) => onProgress(clock.toUnix(timeNs))),
  });
}

/** Mappings are told anew by this version. */
export function copiedMetadata(metadata: RecordingMetadata): RecordingMetadata {
  return metadata.mappingColumns === undefined ? metadata : { ...metadata, mappingColumns: MAPPING_COLUMNS };
}

function inputOf(
  recording: Recording,
  { fromNs, toNs }: { readonly fromNs?: bigint; readonly toNs?: bigint },
): CopyInput {
  return {
    recording,
    reader: recording.ring,
    ...(fromNs === undefined ? {} : { fromNs }),
    ...(toNs === undefined ? {} : { toNs }),
    firstInput: 0,
    timeOf: (timeNs) => timeNs,
    sourceOf: (source) => (source === undefined ? {} : { source }),
  };
}
