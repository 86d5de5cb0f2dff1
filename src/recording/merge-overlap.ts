/**
 * Recordings that must not be merged, since they hold the same: one and its copy, or two parts of one that overlap.
 *
 * The trap: a part is a file of its own, with an id of its own, and says nothing of the one that it is of. What no two recordings of
 * one boot have in common is when their sweeps began, to the nanosecond; so the sweeps of the stretch that both have are compared.
 */
import { FileStorage } from '../ring/file-storage.js';
import { formatTime } from '../text/time.js';
import type { CopyInput } from './copy-input.js';
import type { RecordingSource } from './format.js';

/** Two of the recordings that were to be merged hold the same. */
export class SameRecordingError extends Error {
  override readonly name = 'SameRecordingError';
  readonly code = 'same-recording';

  constructor(
    /** Their places among the recordings. */
    readonly places: readonly [number, number],
    names: readonly [string, string],
    /** What follows the names. */
    readonly why: string,
  ) {
    super(`${names[0]} and ${names[1]} ${why}`);
  }
}

/** A recording to be merged, and the hosts in it. */
export interface MergeInput {
  readonly input: CopyInput;
  readonly sources: readonly RecordingSource[];
}

/** Times of frames, both ends included: by the clock of the recording, and Unix nanoseconds. */
interface Span {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** Sweeps that are compared, where two recordings of one boot were made at the same time. */
const MOST_COMPARED = 10_000;

/** Throws a `SameRecordingError` for the first two that hold the same. */
export function refuseSame(all: readonly MergeInput[]): void {
  const spans = all.map(({ input }) => spanOf(input));
  for (const [second, later] of all.entries()) {
    for (const [first, earlier] of all.slice(0, second).entries()) {
      const why = whySame(earlier, later, spans[first], spans[second]);
      if (why === undefined) continue;
      throw new SameRecordingError([first, second], [nameOf(earlier.input, first), nameOf(later.input, second)], why);
    }
  }
}

function whySame(a: MergeInput, b: MergeInput, spanA: Span | undefined, spanB: Span | undefined): string | undefined {
  const isCopy = Buffer.compare(a.input.reader.fileId, b.input.reader.fileId) === 0;
  const both = spanA && spanB && commonOf(a.input, b.input, spanA, spanB);
  if (isCopy && (both || !spanA || !spanB)) return 'are one recording: what both have would be counted twice';
  if (!both || !mayBeOne(a, b) || !haveSameSweep(a.input, b.input, both)) return undefined;
  const [from, to] = [both.fromNs, both.toNs].map((timeNs) => formatTime(a.input.timeOf(timeNs)));
  return `are of one recording and overlap from ${from} to ${to}, which would be counted twice: cut one of them there first`;
}

/** The frames that are there; undefined where there are none. */
function spanOf({ recording }: CopyInput): Span | undefined {
  const fromNs = nextFrame(recording.walk({ metrics: [] }));
  if (fromNs === undefined) return undefined;
  return { fromNs, toNs: recording.finder.lastTick()?.startNs ?? fromNs };
}

/** The stretch that both have, by the clock of the first. */
function commonOf(a: CopyInput, b: CopyInput, spanA: Span, spanB: Span): Span | undefined {
  let [fromNs, toNs] = [inClockOf(a, b, spanB.fromNs), inClockOf(a, b, spanB.toNs)];
  if (fromNs < spanA.fromNs) fromNs = spanA.fromNs;
  if (toNs > spanA.toNs) toNs = spanA.toNs;
  return fromNs > toNs ? undefined : { fromNs, toNs };
}

/** A time of `b` by the clock of `a`: the same on one boot, where neither was merged; of others by their real clocks. */
function inClockOf(a: CopyInput, b: CopyInput, timeNs: bigint): bigint {
  if (!isMerged(a) && !isMerged(b)) return timeNs;
  return a.recording.clock().toMonotonic(b.timeOf(timeNs));
}

function haveSameSweep(a: CopyInput, b: CopyInput, { fromNs, toNs }: Span): boolean {
  const byReal = isMerged(a) || isMerged(b);
  const timeOf = (input: CopyInput, timeNs: bigint) => (byReal ? input.timeOf(timeNs) : timeNs);
  const walks = [a, b].map((input) => ({
    input,
    walk: input.recording.walk({ fromNs: inClockOf(input, a, fromNs), metrics: [] }),
  }));
  const next = (place: number) => {
    const { input, walk } = walks[place]!;
    const startNs = nextFrame(walk);
    return startNs === undefined ? undefined : timeOf(input, startNs);
  };
  const endNs = timeOf(a, toNs);
  let [one, other] = [next(0), next(1)];
  for (let compared = 0; compared < MOST_COMPARED; compared++) {
    if (one === undefined || other === undefined || one > endNs || other > endNs) return false;
    if (one === other) return true;
    if (one < other) one = next(0);
    else other = next(1);
  }
  return false;
}

function nextFrame(walk: ReturnType<CopyInput['recording']['walk']>): bigint | undefined {
  for (let step = walk.next(); step !== null; step = walk.next()) if (step === 'frame') return walk.startNs;
  return undefined;
}

function isMerged({ recording }: CopyInput): boolean {
  return recording.metadata.sources !== undefined;
}

/** Parts keep the boot of the recording that they are of, and its writer; what was merged keeps the boots only. */
function mayBeOne(a: MergeInput, b: MergeInput): boolean {
  const isOneBoot = a.sources.some(({ bootId }) => bootId !== '' && b.sources.some((other) => other.bootId === bootId));
  const [writerA, writerB] = [a, b].map(({ input }) => input.recording.metadata.writer.pid);
  return isOneBoot && (writerA === writerB || isMerged(a.input) || isMerged(b.input));
}

function nameOf({ reader }: CopyInput, place: number): string {
  return reader.storage instanceof FileStorage ? reader.storage.path : `recording ${place + 1}`;
}
