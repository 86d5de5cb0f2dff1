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
import { DEEP, drain, EVENTS, HEADER, type SweepTruth } from '../../src/ring/rings.fixture.js';
import { SharedStorage } from '../../src/ring/shared-storage.js';
import { type BlockPlan, type DueFrame, dueBehind, type FramePlan } from './block-plan.js';
import { type BusyRing, frameText } from './busy-ring.js';
import type { DamageKind, Spoilt } from './damages.js';

export interface Reading {
  /** Frames that were returned, all of them true; -1 when the file was refused. */
  readonly returned: number;
  /** Frames that had to be returned, and those of them that lie behind damage, with what was written anew. */
  readonly due: number;
  readonly dueInPart: number;
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
    return { returned: -1, due: 0, dueInPart: 0, findings: 0, ms: performance.now() - from };
  }
  let returned = 0;
  const found = reader.rings.map((_, at) => {
    const { frames, parts, lost } = drain(reader.cursor(at));
    returned += frames.size + parts.size;
    checkTruth(ring, at, frames, how);
    checkParts(ring, at, parts, how);
    checkNumbers([...frames.keys(), ...parts.keys()], lost, how);
    return { frames, parts };
  });
  const ms = performance.now() - from;
  const spoilt = new SpoiltPlan(ring, bytes);
  let due = 0;
  let dueInPart = 0;
  for (const block of ring.blocks) {
    for (const { frame, slots } of spoilt.dueFrames(block, kind)) {
      due++;
      if (slots !== undefined) dueInPart++;
      const { frames, parts } = found[block.ring]!;
      if (frames.has(frame.number)) continue;
      const where = `${how}: frame ${frame.number} of ring ${block.ring} at ${frame.from}`;
      const part = parts.get(frame.number);
      if (part === undefined) throw new Error(`${where} is whole and was not returned`);
      if (slots === undefined) throw new Error(`${where} is whole and was returned in part`);
      for (const slot of slots) {
        if (!part.slots.has(slot))
          throw new Error(`${where} was returned without slot ${slot}, which was written anew`);
      }
    }
  }
  const located = new Set(reader.damage.map(({ offset }) => offset));
  for (const offset of spoilt.offsetsToFind(kind)) {
    if (!located.has(offset)) throw new Error(`${how}: nothing tells of the damage at ${offset}`);
  }
  return { returned, due, dueInPart, findings: reader.damage.length, ms };
}

function checkTruth(ring: BusyRing, at: number, frames: ReadonlyMap<number, unknown>, how: string): void {
  for (const [number, frame] of frames) {
    const [text, wanted] = [frameText(frame), ring.truth[at]!.get(number)];
    if (text !== wanted?.text)
      throw new Error(`${how}: frame ${number} of ring ${at} is ${text}, and was ${wanted?.text}`);
  }
}

/** Of a sweep behind damage all that is there must be true: its times and numbers, and each of its slots. */
function checkParts(ring: BusyRing, at: number, parts: ReadonlyMap<number, SweepTruth>, how: string): void {
  for (const [number, part] of parts) {
    const whole = ring.truth[at]!.get(number)?.frame as SweepTruth;
    const slots = new Map([...whole.slots].filter(([slot]) => part.slots.has(slot)));
    const wanted = frameText({ ...whole, slots, updated: whole.updated.filter((slot) => part.slots.has(slot)) });
    if (frameText(part) !== wanted) {
      throw new Error(`${how}: frame ${number} of ring ${at} is in part ${frameText(part)}, and was ${wanted}`);
    }
  }
}

function checkNumbers(found: readonly number[], lost: number, how: string): void {
  const numbers = [...new Set(found)].sort((a, b) => a - b);
  if (numbers.length < found.length) throw new Error(`${how}: a frame was returned twice`);
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
  dueFrames(block: BlockPlan, kind: DamageKind): DueFrame[] {
    if (!this.#stands(block)) return [];
    const broken = this.#firstBroken(block);
    const place = broken === undefined ? block.frames.length : block.frames.indexOf(broken);
    const before = block.frames.slice(0, place).filter(({ counts }) => counts);
    return [...before.map((frame) => ({ frame })), ...this.#dueBehind(block, place, kind)];
  }

  #dueBehind({ ring, frames }: BlockPlan, place: number, kind: DamageKind): DueFrame[] {
    // A page from elsewhere in the same block may hold frames whose numbers are ahead of where it stands now.
    if (kind === 'swapped-pages') return [];
    const isWhole = (frame: FramePlan) => this.#isWhole(frame);
    const behind = frames.slice(place);
    if (ring === EVENTS) return behind.filter((frame) => frame.counts && isWhole(frame)).map((frame) => ({ frame }));
    return dueBehind(behind, isWhole, { isList: ring === DEEP, hasScalars: true });
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
