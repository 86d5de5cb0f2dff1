/**
 * Rings whose frames are wrong and whose checksums are right: what an attacker, or a writer with an error, may hand to a
 * reader. Only such a ring reaches the decoders; random damage is stopped by the checksum (test/torture/damage.ts).
 *
 * The reader must end, throw nothing but a refusal, and give every frame of the other blocks as it was written.
 */
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { fileSeedOf, frameCrc, frameSeedOf } from '../../src/ring/checksum.js';
import { BLOCK_HEADER, FILE_HEADER, FILE_ID_BYTES, FRAME_HEAD } from '../../src/ring/layout.js';
import { RingFormatError } from '../../src/ring/ring-format-error.js';
import { RingReader } from '../../src/ring/ring-reader.js';
import { drain } from '../../src/ring/rings.fixture.js';
import { SharedStorage } from '../../src/ring/shared-storage.js';
import type { BlockPlan } from '../torture/block-plan.js';
import { type BusyRing, busyRing, frameText } from '../torture/busy-ring.js';

/** One thing to do to a frame; all numbers are taken modulo what there is. */
export interface Hit {
  readonly block: number;
  readonly frame: number;
  readonly at: number;
  readonly kind: 'byte' | 'bit' | 'ones' | 'high' | 'zero' | 'copy' | 'head' | 'shorter';
  readonly value: number;
}

const number = fc.nat({ max: 0x7fffffff });
const hit: fc.Arbitrary<Hit> = fc.record({
  ...{ block: number, frame: number, at: number, value: number },
  kind: fc.constantFrom('byte', 'bit', 'ones', 'high', 'zero', 'copy', 'head', 'shorter'),
});
export const hits = fc.array(hit, { minLength: 1, maxLength: 4 });

/** Bytes with the hits, each frame with a checksum that is right; and the blocks that were hit. */
export function sealedDamage(
  sound: Uint8Array,
  blocks: readonly BlockPlan[],
  all: readonly Hit[],
): [Uint8Array, Set<BlockPlan>] {
  const bytes = Uint8Array.from(sound);
  const fileSeed = fileSeedOf(bytes.subarray(FILE_HEADER.fileId, FILE_HEADER.fileId + FILE_ID_BYTES));
  const struck = new Set<BlockPlan>();
  for (const one of all) {
    const block = blocks[one.block % blocks.length]!;
    if (block.frames.length === 0) continue;
    const { from, to } = block.frames[one.frame % block.frames.length]!;
    strike(bytes, from, to, one);
    const view = new DataView(bytes.buffer);
    const length = view.getUint32(from, true);
    const seed = frameSeedOf(bytes.subarray(block.offset, block.offset + BLOCK_HEADER.bytes), fileSeed);
    view.setUint32(from + FRAME_HEAD.crc, frameCrc(bytes, from, length, seed), true);
    struck.add(block);
  }
  return [bytes, struck];
}

function strike(bytes: Uint8Array, from: number, to: number, { at, kind, value }: Hit): void {
  const payload = from + FRAME_HEAD.bytes;
  if (kind === 'shorter') {
    const length = FRAME_HEAD.bytes + (value % (to - payload + 1));
    new DataView(bytes.buffer).setUint32(from, length, true);
    return;
  }
  if (kind === 'head') {
    // All but the length and the checksum: number, kind, flags, cells.
    bytes[from + FRAME_HEAD.sequence + (at % (FRAME_HEAD.bytes - FRAME_HEAD.sequence))] = value & 255;
    return;
  }
  if (payload >= to) return;
  const place = payload + (at % (to - payload));
  const end = Math.min(to, place + 1 + (value % 12));
  if (kind === 'byte') bytes[place] = value & 255;
  if (kind === 'bit') bytes[place]! ^= 1 << (value & 7);
  if (kind === 'ones') bytes.fill(0xff, place, end);
  if (kind === 'high') bytes.fill(0x80, place, end);
  if (kind === 'zero') bytes.fill(0, place, end);
  if (kind === 'copy') bytes.copyWithin(place, payload, Math.min(payload + (value % 40), payload + to - place));
}

/** A header whose metadata is this text, with a checksum that is right; the same bytes where it does not fit. */
export function sealedHeader(sound: Uint8Array, json: Uint8Array, headerBytes: number): Uint8Array {
  const bytes = Uint8Array.from(sound);
  if (FILE_HEADER.metadata + json.length > headerBytes - 64) return bytes;
  bytes.fill(0, FILE_HEADER.metadata, headerBytes - 64);
  bytes.set(json, FILE_HEADER.metadata);
  const view = new DataView(bytes.buffer);
  view.setUint32(FILE_HEADER.metadataBytes, json.length, true);
  view.setUint32(FILE_HEADER.crc, crc32(json, crc32(bytes.subarray(0, FILE_HEADER.crc))), true);
  return bytes;
}

export function metadataOf(bytes: Uint8Array): Buffer {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(FILE_HEADER.metadataBytes, true);
  return Buffer.from(bytes.subarray(FILE_HEADER.metadata, FILE_HEADER.metadata + length));
}

/** Rings to strike: one with a block for each kind, one that goes on in a second block and was closed. */
export function soundRings(seed: number): BusyRing[] {
  return [busyRing(seed, 25, 6, false), busyRing(seed + 1, 150, 6, true)];
}

/** Throws in a sentence what the reader did wrong. */
export function readStruck(ring: BusyRing, all: readonly Hit[]): void {
  const [bytes, struck] = sealedDamage(ring.sound, ring.blocks, all);
  const reader = RingReader.open(storageOf(bytes));
  for (const [at] of reader.rings.entries()) {
    const { frames } = drain(reader.cursor(at), undefined, true);
    for (const block of ring.blocks.filter((one) => one.ring === at && !struck.has(one))) {
      for (const { number } of block.frames.filter(({ counts }) => counts)) {
        const [found, wanted] = [frames.get(number), ring.truth[at]!.get(number)];
        if (found === undefined) throw new Error(`frame ${number} of ring ${at} is sound and was not returned`);
        if (frameText(found) !== wanted?.text) throw new Error(`frame ${number} of ring ${at} is not what was written`);
      }
    }
  }
}

/** Opens a ring whatever its header says and reads all of it; a refusal is an answer too. */
export function readAnyHeader(bytes: Uint8Array): void {
  try {
    const reader = RingReader.open(storageOf(bytes));
    for (const [at] of reader.rings.entries()) drain(reader.cursor(at), undefined, true);
  } catch (error) {
    if (!(error instanceof RingFormatError)) throw error;
  }
}

export function storageOf(bytes: Uint8Array): SharedStorage {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return new SharedStorage(buffer);
}
