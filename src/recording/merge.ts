/**
 * Several recordings in one: of several hosts, or several runs of one host.
 *
 * The traps: a pid and a start time name a process on one boot of one host only; and the monotonic clocks of two hosts have
 * nothing in common, so the times of a merged recording are those of the real clocks.
 */
import { functionOption } from '../text/option-checks.js';
import { shown } from '../text/shown.js';
import type { ClockLine } from './clock-line.js';
import type { CopyInput } from './copy-input.js';
import { copyRecording, type LostFrames } from './copy-recording.js';
import { copiedMetadata } from './cut.js';
import type { RecordingMetadata, RecordingSource } from './format.js';
import { MAPPING_COLUMNS } from './mapping-columns.js';
import { refuseSame } from './merge-overlap.js';
import type { Recording } from './recording.js';

/**
 * Writes all of the recordings into a new file. Throws a TypeError for none, a `SameRecordingError` where two of them hold the same,
 * and what writing a file throws.
 */
export function mergeRecordings(
  recordings: readonly Recording[],
  path: string,
  onProgress?: (unixNs: bigint) => void,
): LostFrames {
  if (!(Array.isArray(recordings) && recordings.length > 0)) {
    throw new TypeError(`Expected an array of one or more recordings to merge, got ${shown(recordings)}`);
  }
  functionOption('onProgress', onProgress);
  const sources: RecordingSource[] = [];
  let count = 0;
  const inputs = recordings.map((recording) => {
    const input = inputOf(recording, recording.clock(), sources, count);
    count += recording.metadata.inputs ?? 1;
    return input;
  });
  refuseSame(inputs.map((input) => ({ input, sources: sourcesOf(input.recording.metadata) })));
  return copyRecording(path, inputs, {
    metadata: metadataOf(recordings, sources),
    isMerge: true,
    onProgress,
  });
}

function inputOf(recording: Recording, clock: ClockLine, sources: RecordingSource[], firstInput: number): CopyInput {
  // A recording that was merged itself brings all of its hosts.
  const numbers = sourcesOf(recording.metadata).map((source) => numberOf(source, sources));
  return {
    recording,
    reader: recording.ring,
    firstInput,
    timeOf: (timeNs) => clock.toUnix(timeNs),
    sourceOf: (source) => ({ source: numbers[source ?? 0] ?? numbers[0]! }),
  };
}

/** The hosts of a recording; of one that was not merged its own. */
export function sourcesOf({ sources, host }: RecordingMetadata): readonly RecordingSource[] {
  return sources ?? [{ hostname: host.hostname, bootId: host.bootId }];
}

/** Two recordings of one boot share a number; without a boot id nobody can tell, and each has its own. */
function numberOf(source: RecordingSource, sources: RecordingSource[]): number {
  const known = sources.findIndex(({ bootId }) => source.bootId !== '' && bootId === source.bootId);
  return known >= 0 ? known : sources.push(source) - 1;
}

function metadataOf(recordings: readonly Recording[], sources: readonly RecordingSource[]): RecordingMetadata {
  const all = recordings.map(({ metadata }) => metadata);
  const first = all[0]!;
  const one = <T>(values: readonly T[], join: (values: readonly T[]) => T): T => {
    const unlike = [...new Set(values)];
    return unlike.length === 1 ? unlike[0]! : join(unlike);
  };
  const joined = (values: readonly string[]) => one(values, (unlike) => unlike.join(', '));
  const [startNs] = all.map(({ startedAt }) => BigInt(startedAt.realNs)).sort((a, b) => (a < b ? -1 : 1));
  const { keep: _, cut: __, ...rest } = copiedMetadata(first);
  return {
    ...rest,
    host: {
      ...first.host,
      hostname: joined(sources.map(({ hostname }) => hostname)),
      bootId: sources.length === 1 ? sources[0]!.bootId : '',
      kernel: joined(all.map(({ host }) => host.kernel)),
      architecture: joined(all.map(({ host }) => host.architecture)),
      // Whole pages of the larger are whole pages of the smaller.
      pageSize: Math.min(...all.map(({ host }) => host.pageSize)),
    },
    target: joined(all.map(({ target }) => target)),
    hz: Math.max(...all.map(({ hz }) => hz)),
    rollup: joined(all.map(({ rollup }) => rollup)),
    ...tierOf('hostTier', all),
    ...tierOf('cgroupTier', all),
    mappings: joined(all.map(({ mappings }) => mappings)),
    ...(all.some(({ mappingColumns }) => mappingColumns) ? { mappingColumns: MAPPING_COLUMNS } : {}),
    sources,
    inputs: all.reduce((sum, { inputs = 1 }) => sum + inputs, 0),
    startedAt: { monotonicNs: `${startNs}`, realNs: `${startNs}`, boottimeNs: '0' },
  };
}

/** What was asked of a tier by those that have it. */
function tierOf(name: 'hostTier' | 'cgroupTier', all: readonly RecordingMetadata[]): Partial<RecordingMetadata> {
  const asked = new Set(all.flatMap((metadata) => metadata[name] ?? []));
  return asked.size === 0 ? {} : { [name]: [...asked].join(', ') };
}
