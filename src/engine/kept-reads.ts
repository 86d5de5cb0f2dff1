/**
 * Small files that stay open and are read again and again, many in one go: those of control groups.
 *
 * The traps: descriptors run out, so beyond a limit a file is opened for one read, and when this process has none left
 * some are given back, whose numbers other files may get at once; and a kept descriptor follows a group that is renamed and
 * says ENODEV of one that was removed, while its path may be another group's by then.
 */
import { readSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { PADDING } from '../procfs/padding.js';
import type { TextEngineName } from './engine.js';
import { errnoOf } from './errno-status.js';
import { type KeptFile, KeptFiles } from './kept-files.js';
import { nativeBinding } from './native-binding.js';
import type { SweptTexts } from './text-sweep.js';

/** Fills `texts` with the first `count` files. False when one did not fit and nothing in `texts` counts. */
export type ReadKept = (descriptors: Int32Array, count: number, most: number, texts: SweptTexts) => boolean;

/** Of one file: the longest, `memory.stat` of version 2, has about 2 KiB. */
const MOST_BYTES = 8192;
const FIRST_BYTES = 1 << 16;
const { EMFILE } = osConstants.errno;

export class KeptReads implements SweptTexts {
  readonly #files: KeptFiles;
  readonly #read: ReadKept;
  #descriptors = new Int32Array(0);
  bytes = new Uint8Array(FIRST_BYTES);
  starts = new Uint32Array(0);
  lengths = new Int32Array(0);

  /** `maxKept`: most descriptors between two reads. */
  constructor(engine: TextEngineName, maxKept: number) {
    this.#files = new KeptFiles(maxKept);
    this.#read = engine === 'native' ? readKeptNatively : readKeptInTypeScript;
  }

  /** Descriptors kept open now. */
  get kept(): number {
    return this.#files.count;
  }

  /**
   * Reads the first `count` files; what `bytes`, `starts` and `lengths` held before is gone. Those for which `keeps` says so
   * stay open as far as there is room. All of them are open at once: a caller that has many new ones takes turns.
   */
  read(files: readonly KeptFile[], count: number, keeps: (index: number) => boolean): void {
    if (this.lengths.length < count) {
      const room = Math.ceil(count * 1.25);
      this.starts = new Uint32Array(room);
      this.lengths = new Int32Array(room);
      this.#descriptors = new Int32Array(room);
    }
    const opened = this.#openAll(files, count);
    while (!this.#read(this.#descriptors, count, MOST_BYTES, this)) this.bytes = new Uint8Array(this.bytes.length * 2);
    for (const [index, errno] of opened) {
      if (errno !== 0) this.lengths[index] = -errno;
      else this.#files.settle(files[index]!, keeps(index));
    }
  }

  close(file: KeptFile): void {
    this.#files.close(file);
  }

  closeAll(): void {
    this.#files.closeAll();
  }

  /** Returns which were opened for this, with the errno of those that could not be. */
  #openAll(files: readonly KeptFile[], count: number): Map<number, number> {
    const opened = new Map<number, number>();
    for (let index = 0; index < count; index++) {
      if (files[index]!.fd < 0) opened.set(index, this.#open(files[index]!));
    }
    // Only now: to open the last ones, some may have been given back.
    for (let index = 0; index < count; index++) {
      const { fd } = files[index]!;
      this.#descriptors[index] = fd;
      if (fd < 0 && !opened.get(index)) opened.set(index, EMFILE);
    }
    return opened;
  }

  #open(file: KeptFile): number {
    try {
      this.#files.hold(file);
      return 0;
    } catch (error) {
      return -errnoOf(error);
    }
  }
}

/** The reference: one file after another. */
export const readKeptInTypeScript: ReadKept = (descriptors, count, most, { bytes, starts, lengths }) => {
  const room = bytes.length - PADDING;
  let at = 0;
  for (let index = 0; index < count; index++) {
    const size = Math.min(most, room - at);
    starts[index] = at;
    const got = readStart(descriptors[index]!, bytes, at, size);
    if (size < most && got === size) return false;
    lengths[index] = got;
    if (got > 0) at += got;
  }
  return true;
};

const readKeptNatively: ReadKept = (descriptors, count, most, { bytes, starts, lengths }) => {
  const binding = nativeBinding();
  if (binding.state !== 'loaded') throw new Error(`The addon is not there: ${binding.reason}`);
  return binding.addon.readKept(descriptors, count, most, bytes, starts, lengths) === 0;
};

/** Bytes, or the negative errno. */
function readStart(fd: number, bytes: Uint8Array, start: number, size: number): number {
  if (fd < 0) return -osConstants.errno.EBADF;
  try {
    return readSync(fd, bytes, start, size, 0);
  } catch (error) {
    return errnoOf(error);
  }
}
