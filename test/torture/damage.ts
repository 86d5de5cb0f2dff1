/**
 * Reads damaged rings and holds what is read against what was written: no frame that differs, no crash, no hang; whatever
 * lies before the damage in its block, and every other block, is there; and the damage is located.
 *
 * The trap: what must be returned cannot be asked of the reader. It follows from the bytes that differ and from the plan
 * of the sound file.
 */
import { BLOCK_HEADER } from '../../src/ring/layout.js';
import { RingFormatError } from '../../src/ring/ring-format-error.js';
import { RingReader } from '../../src/ring/ring-reader.js';
import { drain, EVENTS, HEADER } from '../../src/ring/rings.fixture.js';
import { SharedStorage } from '../../src/ring/shared-storage.js';
import type { BlockPlan, FramePlan } from './block-plan.js';
import { type BusyRing, frameText } from './busy-ring.js';
import type { DamageKind, Spoilt } from './damages.js';

export interface Reading {
  /** Frames that were returned, all of them true; -1 when the file was refused. */
  readonly returned: number;
  /** Frames that had to be returned. */
  readonly due: number;
  readonly findings: number;
  readonly ms: number;
}

/** Throws in a sentence what the reader did wrong. */
export function readSpoilt(ring: BusyRing, { bytes, how, kind }: Spoilt): Reading {
  const from = performance.now();
  const storage = sharedCopy(bytes);
  let reader: RingReader;
  try {
    reader = RingReader.open(storage);
  } catch (error) {
    if (!(error instanceof RingFormatError)) throw error;
    if (isSame(ring.sound, bytes, 0, HEADER - 48))
      throw new Error(`${how}: refused as ${error.code}, with a sound header`);
    return { returned: -1, due: 0, findings: 0, ms: performance.now() - from };
  }
  let returned = 0;
  const found = reader.rings.map((_, at) => {
    const { frames, lost } = drain(reader.cursor(at));
    returned += frames.size;
    checkTruth(ring, at, frames, how);
    checkNumbers(frames, lost, how);
    return frames;
  });
  const ms = performance.now() - from;
  const spoilt = new SpoiltPlan(ring, bytes);
  let due = 0;
  for (const block of ring.blocks) {
    for (const frame of spoilt.dueFrames(block, kind)) {
      due++;
      if (found[block.ring]!.has(frame.number)) continue;
      throw new Error(
        `${how}: frame ${frame.number} of ring ${block.ring} at ${frame.from} is whole and was not returned`,
      );
    }
  }
  const located = new Set(reader.damage.map(({ offset }) => offset));
  for (const offset of spoilt.offsetsToFind(kind)) {
    if (!located.has(offset)) throw new Error(`${how}: nothing tells of the damage at ${offset}`);
  }
  return { returned, due, findings: reader.damage.length, ms };
}

function checkTruth(ring: BusyRing, at: number, frames: ReadonlyMap<number, unknown>, how: string): void {
  for (const [number, frame] of frames) {
    const [text, wanted] = [frameText(frame), ring.truth[at]!.get(number)];
    if (text !== wanted) throw new Error(`${how}: frame ${number} of ring ${at} is ${text}, and was ${wanted}`);
  }
}

function checkNumbers(frames: ReadonlyMap<number, unknown>, lost: number, how: string): void {
  const numbers = [...frames.keys()];
  numbers.forEach((number, at) => {
    if (at > 0 && number <= numbers[at - 1]!) throw new Error(`${how}: frame ${number} comes after ${numbers[at - 1]}`);
  });
  const missing = numbers.length === 0 ? 0 : numbers.at(-1)! - numbers[0]! + 1 - numbers.length;
  if (lost < missing) throw new Error(`${how}: ${missing} numbers are missing and ${lost} frames are told as lost`);
}

/** What follows from the bytes that differ. */
class SpoiltPlan {
  constructor(
    private readonly ring: BusyRing,
    private readonly bytes: Uint8Array,
  ) {}

  /** The frames that a reader must return of a block. */
  dueFrames(block: BlockPlan, kind: DamageKind): FramePlan[] {
    if (!this.#stands(block)) return [];
    const broken = this.#firstBroken(block);
    if (broken === undefined) return block.frames.filter(({ counts }) => counts);
    const rest = block.frames.slice(block.frames.indexOf(broken) + 1);
    // A page from elsewhere in the same ring may hold frames whose numbers are ahead of where it stands now.
    const further =
      block.ring === EVENTS && kind !== 'swapped-pages' ? rest.filter((frame) => this.#isWhole(frame)) : [];
    return [...block.frames.slice(0, block.frames.indexOf(broken)), ...further].filter(({ counts }) => counts);
  }

  /** Offsets that must be among the findings. */
  offsetsToFind(kind: DamageKind): number[] {
    const { sound, blocks } = this.ring;
    const offsets: number[] = this.bytes.length < sound.length ? [this.bytes.length] : [];
    for (const block of blocks) {
      if (block.offset + BLOCK_HEADER.bytes > this.bytes.length) continue;
      const isReplaced = kind === 'swapped-pages' || kind === 'two-generations';
      if (!this.#stands(block)) {
        const isLast = blocks.every(({ offset }) => offset <= block.offset || !this.#hasHeader(offset));
        const isZero = isSame(new Uint8Array(64), this.bytes.subarray(block.offset), 0, BLOCK_HEADER.bytes);
        if (!isReplaced && !(isZero && isLast)) offsets.push(block.offset);
        continue;
      }
      const broken = this.#firstBroken(block);
      if (broken === undefined) continue;
      const rest = block.frames.slice(block.frames.indexOf(broken));
      const isFollowed = rest.slice(1).some((frame) => this.#isWhole(frame)) && kind !== 'swapped-pages';
      const isClosed = blocks.some(
        (one) => one.ring === block.ring && one.sequence > block.sequence && this.#stands(one),
      );
      if (isFollowed || (isClosed && rest.some(({ counts }) => counts))) offsets.push(broken.from);
    }
    return offsets;
  }

  #stands({ offset }: BlockPlan): boolean {
    return isSame(this.ring.sound, this.bytes, offset, offset + BLOCK_HEADER.bytes);
  }

  #hasHeader(offset: number): boolean {
    return offset + BLOCK_HEADER.bytes <= this.bytes.length && this.bytes[offset] !== 0;
  }

  #firstBroken(block: BlockPlan): FramePlan | undefined {
    return block.frames.find((frame) => !this.#isWhole(frame));
  }

  #isWhole({ from, to }: FramePlan): boolean {
    return isSame(this.ring.sound, this.bytes, from, to);
  }
}

function isSame(a: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  if (to > b.length) return false;
  return Buffer.compare(a.subarray(from, to), b.subarray(from, to)) === 0;
}

function sharedCopy(bytes: Uint8Array): SharedStorage {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return new SharedStorage(buffer);
}
