/**
 * Writes a recording anew from one or several others: a part of it, the rest of a damaged one, or many in one.
 *
 * The traps: how many blocks it takes is known only at the end, so it is written into a file of holes that is larger than
 * can be needed, and cut then; and what is written must be an ordinary recording to every reader, so that its numbers and
 * its clock begin where it begins.
 */

import { rmSync } from 'node:fs';
import { encodeFileHeader, layOutHeader } from '../ring/file-header.js';
import { FileStorage } from '../ring/file-storage.js';
import { BLOCK_BYTES_MAX, BLOCK_BYTES_MIN } from '../ring/layout.js';
import { RingReader } from '../ring/ring-reader.js';
import type { RingSpec } from '../ring/ring-table.js';
import { RingWriter } from '../ring/ring-writer.js';
import { isOfProcesses } from './copied-labels.js';
import { CopyError, copyColumns } from './copy-columns.js';
import type { CopyInput } from './copy-input.js';
import { copyCommands, copyEvents, copyMappings } from './copy-records.js';
import { COMMANDS_RING, type RecordingMetadata } from './format.js';
import type { Redactor } from './redact.js';

export interface CopyOptions {
  readonly metadata: RecordingMetadata;
  readonly isMerge: boolean;
  readonly redactor?: Redactor | undefined;
  readonly onProgress?: ((timeNs: bigint) => void) | undefined;
}

/** What of each ring of the copied recordings had been overwritten or damaged. */
export type LostFrames = Readonly<Record<string, number>>;

const HEADER_ROOM = 2 ** 20;
const KEYS_PER_BLOCK = 8;
const SPARE_BLOCKS = 16;
const MAX_SLOTS = 2 ** 17;

/** Writes a copy into a new file at `path`, which must not exist. Throws `CopyError`, `StorageError`, or what is wrong. */
export function copyRecording(path: string, inputs: readonly CopyInput[], options: CopyOptions): LostFrames {
  const most = largestBlock(inputs);
  const usual = Math.min(most, usualBlock(inputs));
  try {
    return copyInto(path, inputs, options, usual);
  } catch (error) {
    if (!(error instanceof CopyError) || usual === most) throw error;
    rmSync(path);
    return copyInto(path, inputs, options, most);
  }
}

function copyInto(path: string, inputs: readonly CopyInput[], options: CopyOptions, blockBytes: number): LostFrames {
  const { metadata, isMerge, redactor } = options;
  const rings = ringsOf(inputs, isMerge);
  const sourceBlocks = inputs.flatMap(({ reader }) => reader.rings.map((_, ring) => reader.blocks(ring).length));
  // Each ring may become as large as all of them: it takes no room where nothing is written.
  const smaller = Math.max(1, largestBlock(inputs) / blockBytes);
  const most = sourceBlocks.reduce((sum, count) => sum + count, SPARE_BLOCKS) * 2 * smaller;
  const storage = FileStorage.create(path, HEADER_ROOM + rings.length * most * blockBytes, () => true);
  const maxSlots = isMerge ? MAX_SLOTS : inputs[0]!.reader.maxSlots;
  const told = redactor ? redactor.metadata(metadata) : metadata;
  const writer = RingWriter.create(storage, { rings, metadata: told, blockBytes, maxSlots });
  const lost: Record<string, number> = {};
  try {
    writer.deal(rings.map(() => 1));
    const seen = new Set<string>();
    const progress = options.onProgress ?? (() => {});
    const copied = { writer, inputs, isMerge, redactor };
    for (const [ring, spec] of rings.entries()) {
      if (spec.rows === 'none') continue;
      const note = isOfProcesses(spec.name) ? (key: string) => seen.add(key) : () => {};
      lost[spec.name] = copyColumns({ ...copied, ring, seen: note, progress });
    }
    for (const [ring, { name, rows }] of rings.entries()) {
      if (rows !== 'none') continue;
      const mappings = /^mappings(?:@(\d+))?$/.exec(name);
      if (mappings) {
        const own = inputs.filter(
          (input) => !isMerge || (input.sourceOf(undefined).source ?? 0) === Number(mappings[1] ?? 0),
        );
        lost[name] = copyMappings({ ...copied, inputs: own, ring }, told.host.pageSize);
      } else if (name === COMMANDS_RING) lost[name] = copyCommands({ ...copied, ring }, seen);
      else lost[name] = copyEvents({ ...copied, ring });
    }
    if (writer.stats.some(({ recycled }) => recycled > 0)) throw new CopyError('The copy outgrew its file');
    writer.close({ trim: true });
  } catch (error) {
    storage.close();
    throw error;
  }
  settleHeader(path, told);
  return lost;
}

/** The rings of all inputs by name, in the order of the first; what a later version had besides is kept where it can be. */
function ringsOf(inputs: readonly CopyInput[], isMerge: boolean): RingSpec[] {
  const rings = new Map<string, RingSpec>();
  for (const input of inputs) {
    for (const spec of input.reader.rings) {
      const number = input.sourceOf(undefined).source ?? 0;
      const name = isMerge && spec.name === 'mappings' && number > 0 ? `mappings@${number}` : spec.name;
      const held = rings.get(name);
      const columns = [...(held?.columns ?? [])];
      for (const column of spec.columns) if (!columns.some((one) => one.name === column.name)) columns.push(column);
      const scalars = [...new Set([...(held?.scalars ?? []), ...spec.scalars])];
      // A frame of a merged ring is of one recording, and names its rows.
      const hasFrames = spec.rows !== 'none';
      if (isMerge && hasFrames && !scalars.includes('input')) scalars.push('input');
      rings.set(name, { ...spec, name, columns, scalars, rows: isMerge && hasFrames ? 'list' : spec.rows });
    }
  }
  return [...rings.values()];
}

/** Large enough for a key of all processes of all of them. */
function largestBlock(inputs: readonly CopyInput[]): number {
  return powerOfTwo(inputs.reduce((bytes, { reader }) => bytes + reader.blockBytes, 0));
}

/** As many times as large as their keys are now as a block should be: a short part of a large ring is small then. */
function usualBlock(inputs: readonly CopyInput[]): number {
  const keys = inputs.map(({ reader }) => Math.max(0, ...reader.rings.map((_, ring) => keyBytesOf(reader, ring))));
  return powerOfTwo(KEYS_PER_BLOCK * keys.reduce((sum, bytes) => sum + bytes, 0));
}

function keyBytesOf(reader: RingReader, ring: number): number {
  const newest = reader.blocks(ring).at(-1);
  if (!newest || reader.rings[ring]!.rows === 'none') return 0;
  const cursor = reader.cursor(ring, { fromBlock: newest.sequence });
  for (let step = cursor.next(); step !== null; step = cursor.next())
    if (step === 'columns') return cursor.blockBytesRead;
  return 0;
}

function powerOfTwo(bytes: number): number {
  return Math.min(BLOCK_BYTES_MAX, Math.max(BLOCK_BYTES_MIN, 2 ** Math.ceil(Math.log2(Math.max(1, bytes)))));
}

/** Says in the header how many blocks there are, as if the ring had been made for them. */
function settleHeader(path: string, metadata: RecordingMetadata): void {
  const storage = FileStorage.openForWriting(path);
  try {
    const reader = RingReader.open(storage);
    const { headerBytes, blockBytes, fileId, table } = reader.layout;
    const used = Math.ceil((storage.sizeBytes - headerBytes) / blockBytes);
    const { json } = layOutHeader(table, metadata);
    const region = encodeFileHeader({ headerBytes, blockBytes, blockCount: used, fileId }, json);
    storage.write(0, region, 0, region.length);
    storage.flush();
  } finally {
    storage.close();
  }
}
