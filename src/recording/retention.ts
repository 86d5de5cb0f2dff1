/**
 * How much of the past a recording holds, and how much it would at the present rate once it is full.
 *
 * The trap: how a file is shared out among the steps of a ladder is settled while it fills (ladder-writer.ts), by the same
 * rule as here; of a file that is full the blocks tell.
 */
import type { RingReader } from '../ring/ring-reader.js';
import { dealBlocks, type RingSpec } from '../ring/ring-table.js';
import { formatDuration } from '../text/duration.js';
import type { RecordingMetadata } from './format.js';
import { type Keep, parseKeep } from './keep.js';
import { LADDER_SHARE, ringNameOf } from './ladder-format.js';

export interface StepRetention {
  /** `full` for the ticks, else the length of the step. */
  readonly step: string;
  /** What `--keep` asked for; null where it did not. */
  readonly askedSeconds: number | null;
  /** From the oldest that is there to the newest. */
  readonly heldSeconds: number;
  readonly bytesPerSecond: number;
  /** What the file has room for at this rate; null while there is none, and of a copy, in which nobody goes on. */
  readonly secondsAtPresentRate: number | null;
}

/** Rates are those of so many of the newest blocks. */
const PRESENT_BLOCKS = 8;

const BLOCKS_TO_MEASURE = 3;
const FRAMES_TO_MEASURE = 3;
/** A step that is not measured yet is taken for so many times as large as the next finer one. */
const GUESS_STEP = 2;

interface RingUse {
  readonly bytesPerSecond: number;
  readonly heldSeconds: number;
  readonly blocks: number;
  readonly isMeasured: boolean;
}

const NO_USE: RingUse = { bytesPerSecond: 0, heldSeconds: 0, blocks: 0, isMeasured: false };

/** When the oldest block of a ring begins, monotonic nanoseconds; undefined where it has none. */
export function oldestOf(reader: RingReader, ring: string): bigint | undefined {
  reader.follow();
  return reader.blocks(reader.ringId(ring))[0]?.baseTimeNs;
}

/** The ticks first, then the steps of the ladder, from fine to coarse. */
export function retentionOf(
  reader: RingReader,
  { keep: keepText, cut, sources, repaired }: RecordingMetadata,
  steps: readonly bigint[],
): StepRetention[] {
  const isCopy = cut !== undefined || sources !== undefined || repaired === true;
  const keep = keepText === undefined ? undefined : parseKeep(keepText);
  const uses = reader.rings.map((_, ring) => useOf(reader, ring));
  const groups = [0n, ...steps].map((stepNs) => ({
    stepNs,
    askedSeconds: askedFor(keep, stepNs),
    rings: (['counters', 'rollup'] as const)
      .map((tier) => reader.ringId(stepNs === 0n ? tier : ringNameOf(tier, stepNs)))
      .filter((ring) => ring >= 0),
  }));
  guessUnmeasured(groups, uses);
  const { blockCount } = reader.layout;
  const used = uses.reduce((sum, { blocks }) => sum + blocks, 0);
  const room =
    used >= blockCount
      ? // The oldest block goes as a whole when a new one is begun.
        uses.map(({ blocks }) => blocks - 1)
      : dealBlocks(sharedOut(reader.rings, groups, uses), blockCount);
  return groups.map(({ stepNs, askedSeconds, rings }) => {
    const rates = rings.map((ring) => uses[ring]!.bytesPerSecond);
    const lasting = rings.flatMap((ring, index) =>
      rates[index]! > 0 ? [(room[ring]! * reader.blockBytes) / rates[index]!] : [],
    );
    // A copy of all that there is has no mark of its own, and may have room for no block but those it has.
    const least = Math.min(...lasting);
    return {
      step: stepNs === 0n ? 'full' : formatDuration(stepNs),
      askedSeconds,
      heldSeconds: uses[rings[0]!]?.heldSeconds ?? 0,
      bytesPerSecond: rates.reduce((sum, rate) => sum + rate, 0),
      secondsAtPresentRate: isCopy || !(least > 0 && least < Number.POSITIVE_INFINITY) ? null : least,
    };
  });
}

/** A step of which there are no three yet: bytes of a frame as the next finer one has them, and some more. */
function guessUnmeasured(
  groups: readonly { readonly stepNs: bigint; readonly rings: readonly number[] }[],
  uses: RingUse[],
): void {
  let finer: { stepNs: bigint; rate: number } | undefined;
  for (const { stepNs, rings } of groups) {
    const [counters, ...others] = rings;
    if (counters === undefined) continue;
    if (finer && !uses[counters]!.isMeasured) {
      const perStep = finer.stepNs === 0n ? finer.rate : (finer.rate * Number(finer.stepNs)) / 1e9;
      const bytesPerSecond = (GUESS_STEP * perStep) / (Number(stepNs) / 1e9);
      uses[counters] = { ...uses[counters]!, bytesPerSecond };
      for (const ring of others) uses[ring] = { ...uses[ring]!, bytesPerSecond: 0 };
    }
    finer = { stepNs, rate: rings.reduce((sum, ring) => sum + uses[ring]!.bytesPerSecond, 0) };
  }
}

function askedFor(keep: Keep | undefined, stepNs: bigint): number | null {
  const asked = stepNs === 0n ? keep?.fullNs : keep?.steps.find((step) => step.stepNs === stepNs)?.keepNs;
  return asked === undefined ? null : Number(asked) / 1e9;
}

/** The rings with the shares that the writer would deal by now. */
function sharedOut(
  specs: readonly RingSpec[],
  groups: readonly { readonly askedSeconds: number | null; readonly rings: readonly number[] }[],
  uses: readonly RingUse[],
): RingSpec[] {
  const wanted = new Map<number, number>();
  for (const { askedSeconds, rings } of groups) {
    if (askedSeconds === null) return [...specs];
    for (const ring of rings) wanted.set(ring, askedSeconds * uses[ring]!.bytesPerSecond);
  }
  const total = [...wanted.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (total === 0) return [...specs];
  return specs.map((spec, ring) => {
    const bytes = wanted.get(ring);
    return bytes === undefined ? spec : { ...spec, share: Math.max(1e-6, (LADDER_SHARE * bytes) / total) };
  });
}

/**
 * By whole blocks where there are some, else by what came into the block after its key, which does not come with time.
 */
function useOf(reader: RingReader, ring: number): RingUse {
  const blocks = reader.blocks(ring);
  const oldest = blocks[0];
  const newest = blocks.at(-1);
  if (!oldest || !newest) return NO_USE;
  const { blockBytes } = reader;
  const cursor = reader.cursor(ring, { fromBlock: newest.sequence });
  let lastNs = newest.baseTimeNs;
  let keyBytes = 0;
  let frames = 0;
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    if (step === 'columns') lastNs = cursor.endNs;
    else if (step === 'record') lastNs = cursor.timeNs;
    else continue;
    if (step === 'columns' && cursor.isKey) keyBytes = cursor.blockBytesRead;
    else frames++;
  }
  const { blockBytesRead } = cursor;
  cursor.copy.release();
  const whole = blocks.slice(-PRESENT_BLOCKS);
  const first = whole[0]!;
  const isFull = whole.length >= BLOCKS_TO_MEASURE;
  const bytes = isFull
    ? (whole.length - 1) * blockBytes
    : ((blockBytesRead - keyBytes) * blockBytes) / (blockBytes - Math.min(keyBytes, blockBytes / 2));
  const seconds = Number(isFull ? newest.baseTimeNs - first.baseTimeNs : lastNs - newest.baseTimeNs) / 1e9;
  return {
    bytesPerSecond: seconds > 0 ? bytes / seconds : 0,
    heldSeconds: Number(lastNs - oldest.baseTimeNs) / 1e9,
    blocks: blocks.length,
    isMeasured: seconds > 0 && (isFull || frames >= FRAMES_TO_MEASURE),
  };
}
