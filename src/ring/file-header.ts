/**
 * The header region at the start of a ring: what the file is, how it is cut into blocks, and its metadata as JSON.
 *
 * It is written once. The only later change is the close record in its last 16 bytes, which says how many blocks a
 * trimmed file has; without it a file that is shorter than its header says was cut by accident.
 */
import { crc32 } from 'node:zlib';
import {
  BLOCK_BYTES_MAX,
  BLOCK_BYTES_MIN,
  CLOSE_MAGIC,
  CLOSE_RECORD,
  FILE_HEADER,
  FILE_ID_BYTES,
  FILE_MAGIC,
  FORMAT_MAJOR,
  FORMAT_MINOR,
  HEADER_REGION_MAX,
  HEADER_REGION_MIN,
  HEADER_STEP,
  HEADER_TAIL,
} from './layout.js';
import { RingFormatError } from './ring-format-error.js';
import { checkRingTable, type RingTable } from './ring-table.js';

export interface FileHeader {
  /** Version of the format that the frames are in. */
  major: number;
  /** Size of the header region; block 0 starts here. */
  headerBytes: number;
  blockBytes: number;
  blockCount: number;
  fileId: Uint8Array;
  table: RingTable;
  /** What the caller of the writer gave; opaque here. */
  metadata: Record<string, unknown>;
}

/** The metadata as bytes, and the size of the header region that holds it. */
export function layOutHeader(table: RingTable, metadata: object): { json: Uint8Array; headerBytes: number } {
  const json = new TextEncoder().encode(JSON.stringify({ ...table, metadata }));
  const needed = FILE_HEADER.metadata + json.length + HEADER_TAIL;
  const headerBytes = Math.max(HEADER_REGION_MIN, Math.ceil(needed / HEADER_STEP) * HEADER_STEP);
  if (headerBytes > HEADER_REGION_MAX)
    throw new RangeError(`Expected metadata of less than ${HEADER_REGION_MAX} bytes`);
  return { json, headerBytes };
}

/** The whole header region as bytes. */
export function encodeFileHeader(
  header: Omit<FileHeader, 'major' | 'table' | 'metadata'>,
  json: Uint8Array,
): Uint8Array {
  const region = new Uint8Array(header.headerBytes);
  const view = new DataView(region.buffer);
  region.set(new TextEncoder().encode(FILE_MAGIC), FILE_HEADER.magic);
  view.setUint16(FILE_HEADER.major, FORMAT_MAJOR, true);
  view.setUint16(FILE_HEADER.minor, FORMAT_MINOR, true);
  view.setUint32(FILE_HEADER.headerBytes, header.headerBytes, true);
  view.setUint32(FILE_HEADER.blockBytes, header.blockBytes, true);
  view.setUint32(FILE_HEADER.blockCount, header.blockCount, true);
  region.set(header.fileId, FILE_HEADER.fileId);
  view.setUint32(FILE_HEADER.metadataBytes, json.length, true);
  region.set(json, FILE_HEADER.metadata);
  view.setUint32(FILE_HEADER.crc, headerCrc(region, json.length), true);
  return region;
}

/**
 * Parses a header region. `read(length)` returns the first `length` bytes of the ring, or fewer if it is shorter.
 * Throws `RingFormatError`; every size in the result has been checked.
 */
export function parseFileHeader(read: (length: number) => Uint8Array): FileHeader {
  const fixed = read(FILE_HEADER.metadata);
  if (fixed.length < FILE_HEADER.metadata || !hasMagic(fixed)) {
    throw new RingFormatError('not-a-ring', 'This is not a tidemark recording: it does not begin with TIDEMARK');
  }
  const view = new DataView(fixed.buffer, fixed.byteOffset, fixed.length);
  const major = view.getUint16(FILE_HEADER.major, true);
  const headerBytes = view.getUint32(FILE_HEADER.headerBytes, true);
  const blockBytes = view.getUint32(FILE_HEADER.blockBytes, true);
  const blockCount = view.getUint32(FILE_HEADER.blockCount, true);
  const metadataBytes = view.getUint32(FILE_HEADER.metadataBytes, true);
  if (
    major < 1 ||
    !isBlockSize(blockBytes) ||
    headerBytes < HEADER_REGION_MIN ||
    headerBytes > HEADER_REGION_MAX ||
    headerBytes % HEADER_STEP !== 0 ||
    metadataBytes > headerBytes - FILE_HEADER.metadata - CLOSE_RECORD.bytes
  ) {
    throw new RingFormatError('damaged-header', 'The header of the recording is damaged: its sizes are impossible');
  }
  const region = read(FILE_HEADER.metadata + metadataBytes);
  if (region.length < FILE_HEADER.metadata + metadataBytes) {
    throw new RingFormatError('damaged-header', 'The recording was cut inside its header');
  }
  if (headerCrc(region, metadataBytes) !== view.getUint32(FILE_HEADER.crc, true)) {
    throw new RingFormatError('damaged-header', 'The header of the recording is damaged: its checksum is wrong');
  }
  const { table, metadata } = parseMetadata(region.subarray(FILE_HEADER.metadata));
  const fileId = fixed.slice(FILE_HEADER.fileId, FILE_HEADER.fileId + FILE_ID_BYTES);
  return { major, headerBytes, blockBytes, blockCount, fileId, table, metadata };
}

/** True for a power of two within the bounds of the format. */
export function isBlockSize(bytes: number): boolean {
  return bytes >= BLOCK_BYTES_MIN && bytes <= BLOCK_BYTES_MAX && (bytes & (bytes - 1)) === 0;
}

/** The 16 bytes that end the header region of a closed file of `blockCount` physical blocks. */
export function encodeCloseRecord(blockCount: number, fileSeed: number): Uint8Array {
  const bytes = new Uint8Array(CLOSE_RECORD.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(CLOSE_RECORD.magic, CLOSE_MAGIC, true);
  view.setUint32(CLOSE_RECORD.blockCount, blockCount, true);
  view.setUint32(CLOSE_RECORD.crc, crc32(bytes.subarray(0, CLOSE_RECORD.crc), fileSeed), true);
  return bytes;
}

/** Physical blocks that a close record promises, or -1 if there is no valid one: the file was not closed. */
export function parseCloseRecord(bytes: Uint8Array, fileSeed: number): number {
  if (bytes.length < CLOSE_RECORD.bytes) return -1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(CLOSE_RECORD.magic, true) !== CLOSE_MAGIC) return -1;
  const crc = crc32(bytes.subarray(0, CLOSE_RECORD.crc), fileSeed);
  return crc === view.getUint32(CLOSE_RECORD.crc, true) ? view.getUint32(CLOSE_RECORD.blockCount, true) : -1;
}

function hasMagic(fixed: Uint8Array): boolean {
  for (let i = 0; i < FILE_MAGIC.length; i++) if (fixed[i] !== FILE_MAGIC.charCodeAt(i)) return false;
  return true;
}

function headerCrc(region: Uint8Array, metadataBytes: number): number {
  const fixed = crc32(region.subarray(0, FILE_HEADER.crc));
  return crc32(region.subarray(FILE_HEADER.metadata, FILE_HEADER.metadata + metadataBytes), fixed);
}

function parseMetadata(json: Uint8Array): Pick<FileHeader, 'table' | 'metadata'> {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
    const table = checkRingTable(parsed);
    const { metadata } = parsed as { metadata?: unknown };
    if (typeof metadata !== 'object' || metadata === null) throw new TypeError('Expected metadata to be an object');
    return { table, metadata: metadata as Record<string, unknown> };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RingFormatError('damaged-header', `The metadata of the recording cannot be used: ${reason}`);
  }
}
