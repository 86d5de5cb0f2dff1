/**
 * Every constant of the `.tide` byte layout, in one place; docs/tide-format.md quotes this file.
 *
 * The trap: a constant changed here silently makes every recording out there unreadable. Anything that an old reader
 * would misread needs a new major version; anything that it would skip (a new frame kind, a reserved bit) a new minor.
 */

/** First eight bytes of a recording, ASCII `TIDEMARK`. */
export const FILE_MAGIC = 'TIDEMARK';
/** What this version writes. It reads those before it as well, and of a larger one the kinds of frames that it knows. */
export const FORMAT_MAJOR = 4;
/** The first version that this one goes on writing where it finds it; the files of earlier ones are only read. */
export const CONTINUED_MAJOR = 3;
/** The first version in which what is written anew behind damage can be told from what is not. */
export const PARTS_MAJOR = 3;
/** The first version in which a key may tell its rows against each other. */
export const KEY_ROWS_MAJOR = 4;
/** Readers accept any minor version. */
export const FORMAT_MINOR = 0;

/** The header region is this large, or the next multiple of HEADER_STEP that holds the metadata. */
export const HEADER_REGION_MIN = 16384;
export const HEADER_STEP = 4096;
/** A header region beyond this is refused: metadata describes columns, it is not a place for data. */
export const HEADER_REGION_MAX = 16 * 1024 * 1024;

/** Offsets inside the fixed part of the file header. */
export const FILE_HEADER = {
  magic: 0,
  major: 8,
  minor: 10,
  headerBytes: 12,
  blockBytes: 16,
  blockCount: 20,
  fileId: 24,
  metadataBytes: 40,
  /** Bytes 44 to 59 are reserved and zero. */
  crc: 60,
  metadata: 64,
} as const;
export const FILE_ID_BYTES = 16;

/** The close record fills the last 16 bytes of the header region; all zero until the writer closed the file. */
export const CLOSE_RECORD = { magic: 0, blockCount: 4, reserved: 8, crc: 12, bytes: 16 } as const;
/** `TEND` read as a little-endian u32. */
export const CLOSE_MAGIC = 0x444e4554;

/** The writer record stands before the close record; all zero until a writer signs it. */
export const WRITER_RECORD = {
  magic: 0,
  pid: 4,
  startTicks: 8,
  bootCrc: 16,
  reserved: 20,
  crc: 28,
  bytes: 32,
} as const;
/** `TWRT` read as a little-endian u32. */
export const WRITER_MAGIC = 0x54525754;
/** Bytes at the end of the header region that no metadata may take. */
export const HEADER_TAIL = CLOSE_RECORD.bytes + WRITER_RECORD.bytes;

/** Blocks are a power of two between these. */
export const BLOCK_BYTES_MIN = 64 * 1024;
export const BLOCK_BYTES_MAX = 64 * 1024 * 1024;
/** `TBLK` read as a little-endian u32. */
export const BLOCK_MAGIC = 0x4b4c4254;

/** Offsets inside a block header. Sequence and ring are neighbours because together they seed the frames' CRCs. */
export const BLOCK_HEADER = {
  magic: 0,
  crc: 4,
  sequence: 8,
  ring: 16,
  /** Bytes 20 to 23 are reserved and zero. */
  firstFrameSequence: 24,
  baseTimeNs: 32,
  /** Bytes 40 to 63 are reserved and zero. */
  bytes: 64,
} as const;

/** Offsets inside a frame's head; the payload follows. Length and CRC are the commit word, written last. */
export const FRAME_HEAD = { length: 0, crc: 4, sequence: 8, kind: 12, flags: 13, cells: 14, bytes: 16 } as const;
/** A high water mark from here on is not told in the head of a frame, which has 0 then. */
export const HEAD_CELLS_LIMIT = 65536;
/** Frames start at multiples of this, so that the commit word never straddles a page or an Int32Array cell. */
export const FRAME_ALIGN = 8;

export const KIND_LABELS = 1;
export const KIND_COLUMNS = 2;
export const KIND_RECORD = 3;
export const KIND_SNAPSHOT = 4;
export const KIND_END = 255;
/** How a COLUMNS frame tells which of some cells it means: all of them, by bits, by gaps, or by gaps in half-bytes. */
export const CELLS_ALL = 0;
export const CELLS_BITS = 1;
export const CELLS_GAPS = 2;
export const CELLS_HALVES = 3;
/** In the place of a form in a key: all of them, and each column tells its cells against the cell before. */
export const CELLS_ABOVE = 4;
/** The largest gap of one half-byte; a half-byte of 0 goes on by as much and names nothing. */
export const HALF_MAX = 15;
/** Frame flag: belongs to the key at the start of a block. */
export const FLAG_KEY = 1;
/** Frame flag of COLUMNS: the scalars do not build on earlier ones. */
export const FLAG_ALONE = 2;
export const FLAGS_KNOWN = FLAG_KEY | FLAG_ALONE;

/** Head of a RECORD payload: i64 time in ns, u16 type, then opaque bytes. */
export const RECORD_HEAD = { timeNs: 0, type: 8, bytes: 10 } as const;

/** First varint of a value token. From TOKEN_DELTA up it is TOKEN_DELTA + zigzag((new - old) / quantum). */
export const TOKEN_NAN = 0;
export const TOKEN_FLOAT64 = 1;
export const TOKEN_DELTA = 2;
/** Deltas at or beyond this are written as float64, so that every varint stays an exact double. */
export const DELTA_LIMIT = 2 ** 51;

/** Status of a slot that has no label, or that was not written since the block began. Other codes are the caller's. */
export const STATUS_EMPTY = 255;

/** Bounds of the ring table; a reader allocates nothing before they hold. */
export const RINGS_MAX = 64;
export const COLUMNS_MAX = 1024;
export const SCALARS_MAX = 256;
export const SLOTS_MAX = 1024 * 1024;
export const SLOTS_DEFAULT = 65536;
/** Columns x slots of one ring: 512 MiB of state at the very most. */
export const CELLS_MAX = 64 * 1024 * 1024;
/** A ring with a single block would lose all history at each wrap. */
export const RING_BLOCKS_MIN = 2;

/** Rounds up to the frame alignment. */
export function alignFrame(length: number): number {
  return (length + (FRAME_ALIGN - 1)) & -FRAME_ALIGN;
}
