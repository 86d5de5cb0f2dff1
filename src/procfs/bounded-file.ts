/**
 * Reading a small file of a procfs tree whole.
 *
 * The traps: procfs files say size 0, so they are read until they end; and a captured or hostile tree holds what is no file: a FIFO
 * stops whoever opens it, a device has no end. So nothing is waited for, and only so much is read.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statfsSync, statSync } from 'node:fs';

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
const FIRST_BYTES = 4096;
/** `zoneinfo` of a host with hundreds of CPUs has some hundreds of kilobytes, and so has `status` of one who is in all groups. */
export const MOST_BYTES = 16 * 2 ** 20;
/** A kernel gives about a page at a time; of what gives a few bytes each time only so many reads are made. */
const FEW_BYTES = 256;
const MOST_READS = 16_384;

/** Of `maps` and `smaps`. Spans of a text are 32 bits wide; 2.2 million mappings, the most seen in the field, make 1.8 GB. */
export const MOST_MAPPING_BYTES = 2 ** 31;
/** Of those that a kernel writes less than a page of. */
const MOST_SMALL_BYTES = 65_536;
const MOST_BY_NAME = new Map([
  ...['stat', 'statm', 'smaps_rollup'].map((name) => [name, MOST_SMALL_BYTES] as const),
  ['status', 2 ** 21],
  ...['maps', 'smaps'].map((name) => [name, MOST_MAPPING_BYTES] as const),
]);
/** `PROC_SUPER_MAGIC` of linux/magic.h. */
export const PROC_SUPER_MAGIC = 0x9fa0;

/** Bytes that a file of a process may have, by the last part of its path, as far as a kernel lets it grow. */
export function mostBytesOf(path: string): number {
  return MOST_BY_NAME.get(path.slice(path.lastIndexOf('/') + 1)) ?? MOST_BYTES;
}

/**
 * The bytes of a file, `most` of them at most. Throws the errno of open or read; `EFBIG` for one that goes on behind them, and
 * `ENOTSUP` for what is no file, each with a sentence that names it.
 */
export function readBounded(path: string, most = MOST_BYTES): Buffer {
  const fd = openSync(path, OPEN_FLAGS);
  try {
    const what = kindOf(fstatSync(fd));
    if (what !== undefined) throw refusal('ENOTSUP', `${path} is ${what} and no file of a procfs`);
    let bytes = Buffer.allocUnsafeSlow(Math.min(FIRST_BYTES, most + 1));
    let length = 0;
    for (let reads = 0; ; reads++) {
      const got = readSync(fd, bytes, length, bytes.length - length, null);
      if (got === 0) return bytes.subarray(0, length);
      length += got;
      if (length > most || (reads > MOST_READS && length < reads * FEW_BYTES))
        throw refusal('EFBIG', `${path} does not end`);
      if (length < bytes.length) continue;
      if (most > MOST_BYTES && isBoundless(path, length)) throw refusal('EFBIG', `${path} does not end`);
      const larger = Buffer.allocUnsafeSlow(Math.min(bytes.length * 4, most + 1));
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * Whether a text that goes on behind `length` bytes is more than any file but one of the kernel's own procfs may have: those say size 0
 * and end, others say what they have, or have no end.
 */
export function isBoundless(path: string, length: number): boolean {
  return length > MOST_BYTES && statSync(path).size < length && statfsSync(path).type !== PROC_SUPER_MAGIC;
}

/** The same as text, a character for each byte. */
export function readBoundedText(path: string, most?: number): string {
  return readBounded(path, most).toString('latin1');
}

/** In words, of what is no regular file; a socket cannot be opened. */
function kindOf(stats: Stats): string | undefined {
  // Of a folder the read says so.
  if (stats.isFile() || stats.isDirectory()) return undefined;
  return stats.isFIFO() ? 'a FIFO' : 'a device';
}

function refusal(code: string, sentence: string): NodeJS.ErrnoException {
  return Object.assign(new Error(sentence), { code });
}
