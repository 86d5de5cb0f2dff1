/**
 * The texts of several files of many processes, read in one go into one buffer: what `ps` and `top` print is made of
 * them. The TypeScript reader is here; the addon's does the same with several threads.
 *
 * The traps: a process may end between two of its files, so each text has its own errno; a command line reaches
 * megabytes and a hostile one is that long on purpose, so every file has a most; and a view per text would cost more
 * than reading it, so texts are spans of the one buffer, with the padding that the tokenizers need behind the last.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { PADDING } from '../procfs/padding.js';
import { tooFewDescriptors } from './descriptors.js';
import type { EngineName } from './engine.js';
import { errnoOf } from './errno-status.js';
import { nativeBinding } from './native-binding.js';

/** A file of a process, `stat` or `attr/current`, and the bytes of it that are read at most. */
export interface TextFile {
  readonly name: string;
  readonly most: number;
}

/** Where a sweep puts its texts: text f of row r is at index `r * files + f`. */
export interface SweptTexts {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  /** Bytes of the text, or the negative errno of its open or read. */
  readonly lengths: Int32Array;
}

/**
 * Fills `texts` for the first `count` pids. False when a text did not fit and nothing in `texts` counts. Throws only when
 * the tree itself cannot be opened.
 */
export type ReadTexts = (
  root: string,
  pids: Int32Array,
  count: number,
  files: readonly TextFile[],
  texts: SweptTexts,
) => boolean;

/** Bytes of buffer for a process at the start; `stat`, `status` and `cmdline` together are about half of it. */
const USUAL_BYTES = 4096;
/** Spans are 32 bits wide, and nobody wants to hold more. */
const MOST_BYTES = 2 ** 30;

const { EMFILE, ENFILE } = osConstants.errno;

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

export class TextSweep {
  readonly #root: string;
  readonly #files: readonly TextFile[];
  readonly #read: ReadTexts;
  readonly #most: number;
  bytes = new Uint8Array(0);
  starts = new Uint32Array(0);
  lengths = new Int32Array(0);

  /** `most`: bytes of all texts together. */
  constructor(engine: EngineName, root: string, files: readonly TextFile[], most = MOST_BYTES) {
    this.#most = most;
    this.#root = root;
    this.#files = files;
    this.#read = engine === 'native' ? readTextsNatively : readTextsInTypeScript;
  }

  /**
   * Reads every file of the first `count` pids; what `bytes`, `starts` and `lengths` held before is gone. Throws when the
   * tree cannot be opened, when the texts of these processes together are too large, and when one could not be opened
   * since this process may open no more files: who lives would look as if it had ended.
   */
  read(pids: Int32Array, count: number = pids.length): void {
    const texts = count * this.#files.length;
    if (this.lengths.length < texts) {
      this.starts = new Uint32Array(texts);
      this.lengths = new Int32Array(texts);
    }
    const least = Math.min(this.#most, Math.max(1 << 20, count * USUAL_BYTES));
    if (this.bytes.length < least) this.bytes = new Uint8Array(least);
    while (!this.#read(this.#root, pids, count, this.#files, this)) {
      if (this.bytes.length >= this.#most) {
        throw new Error(`The texts of ${count} processes do not fit ${this.#most} bytes`);
      }
      this.bytes = new Uint8Array(Math.min(this.#most, this.bytes.length * 4));
    }
    for (let index = 0; index < texts; index++) {
      if (this.lengths[index] === -EMFILE || this.lengths[index] === -ENFILE) throw tooFewDescriptors();
    }
  }
}

/** The reference: one file after another. */
export const readTextsInTypeScript: ReadTexts = (root, pids, count, files, { bytes, starts, lengths }) => {
  const room = bytes.length - PADDING;
  // As the addon does: a tree that cannot be opened is no tree without processes.
  closeSync(openSync(root, constants.O_RDONLY | constants.O_DIRECTORY));
  let at = 0;
  for (let row = 0; row < count; row++) {
    const folder = `${root}/${pids[row]}/`;
    for (let file = 0; file < files.length; file++) {
      const { name, most } = files[file]!;
      const index = row * files.length + file;
      starts[index] = at;
      const got = readText(folder + name, bytes, at, Math.min(most, room - at));
      if (got >= room - at && got < most) return false;
      lengths[index] = got;
      if (got > 0) at += got;
    }
  }
  return true;
};

const readTextsNatively: ReadTexts = (root, pids, count, files, { bytes, starts, lengths }) => {
  const binding = nativeBinding();
  if (binding.state !== 'loaded') throw new Error(`The addon is not there: ${binding.reason}`);
  const names = files.map(({ name }) => name);
  const mosts = Uint32Array.from(files, ({ most }) => most);
  const errno = -binding.addon.readTexts(root, pids, count, names, mosts, bytes, starts, lengths);
  if (errno === osConstants.errno.EOVERFLOW) return false;
  if (errno !== 0) throw treeError(root, errno);
  return true;
};

function treeError(root: string, errno: number): Error {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`${code}: cannot open the tree '${root}'`), { code, errno: -errno, path: root });
}

/** Reads up to `size` bytes; returns how many, or the negative errno. */
function readText(path: string, bytes: Uint8Array, start: number, size: number): number {
  let fd = -1;
  try {
    fd = openSync(path, OPEN_FLAGS);
    let got = 0;
    while (got < size) {
      const piece = readSync(fd, bytes, start + got, size - got, null);
      if (piece === 0) break;
      got += piece;
    }
    return got;
  } catch (error) {
    return errnoOf(error);
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}
