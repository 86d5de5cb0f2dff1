/**
 * Opens a recording whose header is damaged, as far as the header can be told from what is left.
 *
 * The trap: every checksum in the file is seeded with the file id in the header. So an id is believed only if blocks pass
 * with it, and where blocks lie is found by looking for those that do. What columns there are is known by the header
 * alone: where its text cannot be read, nothing can. But one byte that was changed is told by the checksum of the whole.
 */
import { crc32 } from 'node:zlib';
import { parseBlockHeader } from '../ring/block-header.js';
import { changedByte, fileSeedOf } from '../ring/checksum.js';
import { encodeFileHeader } from '../ring/file-header.js';
import {
  BLOCK_BYTES_MAX,
  BLOCK_BYTES_MIN,
  BLOCK_HEADER,
  FILE_HEADER,
  FILE_ID_BYTES,
  HEADER_REGION_MAX,
  HEADER_REGION_MIN,
  HEADER_STEP,
} from '../ring/layout.js';
import type { Storage } from '../ring/storage.js';

/** Of a longer text the search for one changed byte would take seconds. */
const MOST_MENDED = 2 ** 20;

/** The same storage with a sound header in front, or undefined when none can be made. */
export function withSoundHeader(storage: Storage): Storage | undefined {
  const start = new Uint8Array(Math.min(storage.sizeBytes, HEADER_REGION_MAX));
  storage.read(0, start, 0, start.length);
  mendByte(start);
  const json = jsonIn(start);
  if (!json) return undefined;
  const fileId = start.slice(FILE_HEADER.fileId, FILE_HEADER.fileId + FILE_ID_BYTES);
  const place = firstBlock(storage, fileSeedOf(fileId), FILE_HEADER.metadata + json.length);
  if (!place) return undefined;
  const { headerBytes, blockBytes } = place;
  const blockCount = Math.ceil((storage.sizeBytes - headerBytes) / blockBytes);
  return new HeaderOverlay(storage, encodeFileHeader({ headerBytes, blockBytes, blockCount, fileId }, json));
}

/** Puts one changed byte of the header right, wherever it is, if that makes its checksum right. */
function mendByte(start: Uint8Array): void {
  const { crc: crcAt, metadata } = FILE_HEADER;
  if (start.length < metadata) return;
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  const zero = start.indexOf(0, metadata);
  // As it is told, unless that is what was changed: then up to the first zero, which the text has none of.
  const lengths = [view.getUint32(FILE_HEADER.metadataBytes, true), (zero < 0 ? start.length : zero) - metadata];
  for (const length of lengths) {
    if (length > Math.min(start.length - metadata, MOST_MENDED)) continue;
    const covered = Buffer.concat([start.subarray(0, crcAt), start.subarray(metadata, metadata + length)]);
    const changed = changedByte(covered.length, (crc32(covered) ^ view.getUint32(crcAt, true)) >>> 0);
    if (!changed) continue;
    const { at, bits } = changed;
    start[at < crcAt ? at : at - crcAt + metadata]! ^= bits;
    return;
  }
}

/** The text of the metadata: from its brace to the last one that ends a whole object. */
function jsonIn(start: Uint8Array): Uint8Array | undefined {
  const { metadata } = FILE_HEADER;
  let end = start.indexOf(0, metadata);
  if (end < 0) end = start.length;
  const json = start.slice(metadata, end);
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
    return json;
  } catch {
    return undefined;
  }
}

/** Where the first block that passes lies, and how far the next one is from it. */
function firstBlock(
  storage: Storage,
  fileSeed: number,
  leastBytes: number,
): { readonly headerBytes: number; readonly blockBytes: number } | undefined {
  const isBlock = (at: number) => {
    const bytes = new Uint8Array(BLOCK_HEADER.bytes);
    const count = storage.read(at, bytes, 0, bytes.length);
    return typeof parseBlockHeader(bytes.subarray(0, count), fileSeed) !== 'string';
  };
  const end = Math.min(storage.sizeBytes, HEADER_REGION_MAX);
  const from = Math.max(HEADER_REGION_MIN, Math.ceil(leastBytes / HEADER_STEP) * HEADER_STEP);
  for (let headerBytes = from; headerBytes < end; headerBytes += HEADER_STEP) {
    if (!isBlock(headerBytes)) continue;
    for (let blockBytes = BLOCK_BYTES_MIN; blockBytes <= BLOCK_BYTES_MAX; blockBytes *= 2) {
      if (isBlock(headerBytes + blockBytes)) return { headerBytes, blockBytes };
    }
  }
  return undefined;
}

/** A storage that is read through a header that it does not have. */
class HeaderOverlay implements Storage {
  constructor(
    private readonly storage: Storage,
    private readonly header: Uint8Array,
  ) {}

  get sizeBytes(): number {
    return this.storage.sizeBytes;
  }

  read(at: number, into: Uint8Array, from: number, length: number): number {
    const count = this.storage.read(at, into, from, length);
    const covered = Math.min(count, this.header.length - at);
    if (covered > 0) into.set(this.header.subarray(at, at + covered), from);
    return count;
  }

  write(): void {
    throw new Error('A salvaged recording is read only');
  }

  commit(): void {
    this.write();
  }

  gather(): void {}

  settle(): void {}

  flush(): void {}

  flushBehind(): void {}

  trim(): void {}

  close(): void {
    this.storage.close();
  }
}
