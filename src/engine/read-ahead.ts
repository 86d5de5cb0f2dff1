/**
 * A file in pieces, of which the next is read while the last is worked on: by a thread of the addon, so that the kernel
 * makes `smaps` on one processor while its text is taken apart on another.
 *
 * The traps: a process that ends while it is read ends the reading; what came before is taken as far as it goes. And one
 * that is stuck would hold the reader for ever: the addon gives up waiting when nothing comes within the deadline.
 */
import { closeSync, constants as fsConstants, openSync, readSync } from 'node:fs';
import { constants } from 'node:os';
import { isBoundless, MOST_BYTES, MOST_MAPPING_BYTES } from '../procfs/bounded-file.js';
import { guardedError } from './guarded-file.js';
import { nativeBinding } from './native-binding.js';

/** Some hundred mappings: small beside the whole, and large beside the work of handing it over. */
const PIECE_BYTES = 256 * 1024;

/** A FIFO in a tree that somebody makes up has no text, and is not waited for. */
const OPEN_FLAGS = fsConstants.O_RDONLY | fsConstants.O_NONBLOCK;

/**
 * The pieces of a file. It is opened and its first piece read at once: throws the error of that, `ETIMEDOUT` when nothing
 * came in time. The same is thrown behind later pieces; a process that ends meanwhile (`ESRCH`) is the end of its file.
 */
export function readPieces(path: string): Iterable<Uint8Array> {
  const binding = nativeBinding();
  if (binding.state !== 'loaded') return bounded(piecesOf(openSync(path, OPEN_FLAGS)), path);
  const { addon } = binding;
  const handle = addon.startReading(path, PIECE_BYTES);
  if (typeof handle === 'number') throw guardedError(handle, path);
  const take = () => {
    const piece = addon.takePiece(handle);
    if (typeof piece === 'number') throw guardedError(piece, path);
    return piece;
  };
  const first = take();
  return bounded(piecesFrom(first, take), path);
}

/** Ends with `EFBIG` in a text that has no end. */
function* bounded(pieces: Generator<Uint8Array>, path: string): Generator<Uint8Array> {
  let length = 0;
  for (const piece of pieces) {
    yield piece;
    const isCrossing = length <= MOST_BYTES && length + piece.length > MOST_BYTES;
    length += piece.length;
    if ((isCrossing && isBoundless(path, length)) || length > MOST_MAPPING_BYTES) {
      throw guardedError(-constants.errno.EFBIG, path);
    }
  }
}

function* piecesFrom(first: Uint8Array | undefined, take: () => Uint8Array | undefined): Generator<Uint8Array> {
  for (let piece = first; piece !== undefined; piece = take()) yield piece;
}

/** Without the addon one piece after the other. */
export function* piecesOf(fd: number): Generator<Uint8Array> {
  try {
    for (let length = PIECE_BYTES; length === PIECE_BYTES; ) {
      const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
      length = readUpTo(fd, piece);
      if (length > 0) yield piece.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}

/** The kernel gives about a page at a time, so a piece takes many reads. */
function readUpTo(fd: number, into: Uint8Array): number {
  let length = 0;
  try {
    while (length < into.length) {
      const got = readSync(fd, into, length, into.length - length, null);
      if (got === 0) break;
      length += got;
    }
  } catch (error) {
    // Its process has ended. Of anything else a text that lacks its end is not told as a whole one.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  return length;
}
