/**
 * A ring in a file, preallocated so that a full disk is refused at the start and never while recording.
 *
 * The traps: opening a FIFO blocks until someone writes (hence O_NONBLOCK and a look at the type), and a predictable
 * name in a shared directory may be somebody's symlink (hence O_EXCL and O_NOFOLLOW). And write(2) into a file that is
 * being flushed waits for the disk, so a recorder writes through memory where it can (see docs/benchmarks.md). The number
 * of a descriptor that was closed soon is another file's, so nothing here uses it after that.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import type { Storage } from './storage.js';
import { StorageError } from './storage-error.js';

const ZEROS_BYTES = 1024 * 1024;

/**
 * Reserves `sizeBytes` of disk for `fd`, e.g. by fallocate(2). Returns false where the file system cannot; the file is
 * then filled with zeros instead. Throws an error with `code` `ENOSPC` if the disk is too full.
 */
export type Preallocate = (fd: number, sizeBytes: number) => boolean;

/**
 * A file written through memory and flushed by threads of its own: what is written is stored in its order, a moment later.
 * All but the last two throw what goes wrong.
 */
export interface MappedFile {
  write(at: number, bytes: Uint8Array, from: number, length: number): void;
  commit(at: number, length: number, crc: number): void;
  /** Waits until all of it is in the file. */
  settle(): void;
  /** See `Storage`. */
  gather(gathers: boolean): void;
  /** Throws when a flush on the other thread has failed. */
  check(): void;
  flushBehind(): void;
  /** Waits for the other threads; nothing is flushed. */
  close(): void;
}

/** Maps `sizeBytes` of an open file; undefined where that cannot be. */
export type MapFile = (fd: number, sizeBytes: number) => MappedFile | undefined;

/** Without a mapping: how long a commit waits for the flush that puts it on stable storage. */
const FLUSH_AFTER_MS = 500;

export class FileStorage implements Storage {
  private readonly commitWord = new Uint8Array(8);
  private readonly commitView = new DataView(this.commitWord.buffer);
  private mapped: MappedFile | undefined;
  private flushTimer: NodeJS.Timeout | undefined;
  /** Size that the file has while it is written; others may cut it. */
  private reservedBytes = 0;
  private flushing = 0;
  private flushError: Error | undefined;
  private closed = false;

  private constructor(
    readonly path: string,
    private readonly descriptor: number,
  ) {}

  /** Throws `StorageError` `closed` once it is. */
  private get fd(): number {
    if (this.closed) throw new StorageError('closed', this.path, `Cannot use ${this.path} any more: it was closed`);
    return this.descriptor;
  }

  /**
   * Creates `path` with mode 0600 and `sizeBytes` of reserved space. Throws `StorageError`: `exists` for anything that
   * is there already (file, directory, symlink), `no-space` for a full disk (the file is removed again), else `failed`.
   */
  static create(path: string, sizeBytes: number, preallocate: Preallocate = () => false): FileStorage {
    const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;
    let fd: number;
    try {
      fd = openSync(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0o600);
    } catch (error) {
      throw StorageError.from(error, path, 'create');
    }
    try {
      if (!preallocate(fd, sizeBytes)) fillWithZeros(fd, sizeBytes);
      if (fstatSync(fd).size !== sizeBytes) ftruncateSync(fd, sizeBytes);
    } catch (error) {
      closeSync(fd);
      unlinkSync(path);
      throw StorageError.from(error, path, `reserve ${sizeBytes} bytes for`);
    }
    const storage = new FileStorage(path, fd);
    storage.reservedBytes = sizeBytes;
    return storage;
  }

  /**
   * Opens an existing ring for writing on. Throws `StorageError`: `not-a-file` for what is no regular file (symlinks
   * among them), `denied`, else `failed`.
   */
  static openForWriting(path: string): FileStorage {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      throw StorageError.from(error, path, 'write to');
    }
    if (!fstatSync(fd).isFile()) {
      closeSync(fd);
      throw new StorageError('not-a-file', path, `Cannot write to ${path}: it is not a regular file`);
    }
    return new FileStorage(path, fd);
  }

  /** Opens a ring for reading. Throws `StorageError`: `not-a-file` for directories, FIFOs and devices, else `failed`. */
  static open(path: string): FileStorage {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      throw StorageError.from(error, path, 'open');
    }
    if (!fstatSync(fd).isFile()) {
      closeSync(fd);
      throw new StorageError('not-a-file', path, `Cannot open ${path}: it is not a regular file`);
    }
    return new FileStorage(path, fd);
  }

  get sizeBytes(): number {
    return fstatSync(this.fd).size;
  }

  /** Has it written through memory from now on. Its whole size must be reserved: see `create` and `extend`. */
  map(mapFile: MapFile): void {
    this.mapped ??= mapFile(this.fd, this.sizeBytes);
  }

  /** Throws `StorageError`: `no-space`, or `failed` for a file that was cut and a disk that failed. */
  write(at: number, bytes: Uint8Array, from: number, length: number): void {
    try {
      if (this.mapped !== undefined) {
        this.mapped.write(at, bytes, from, length);
        return;
      }
      for (let done = 0; done < length; ) {
        done += writeSync(this.fd, bytes, from + done, length - done, at + done);
      }
    } catch (error) {
      throw StorageError.ofWrite(error, this.path);
    }
  }

  commit(at: number, length: number, crc: number): void {
    if (this.mapped !== undefined) {
      try {
        this.mapped.commit(at, length, crc);
      } catch (error) {
        throw StorageError.ofWrite(error, this.path);
      }
      return;
    }
    this.commitView.setUint32(0, length, true);
    this.commitView.setUint32(4, crc, true);
    this.write(at, this.commitWord, 0, 8);
    this.flushTimer ??= setTimeout(() => {
      this.flushTimer = undefined;
      this.flushBehind();
    }, FLUSH_AFTER_MS).unref();
  }

  read(at: number, into: Uint8Array, from: number, length: number): number {
    this.mapped?.settle();
    const { fd } = this;
    let done = 0;
    while (done < length) {
      const count = this.#readAt(fd, into, from + done, length - done, at + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  /** Node's error of a read does not say of which file. */
  #readAt(fd: number, into: Uint8Array, from: number, length: number, at: number): number {
    try {
      return readSync(fd, into, from, length, at);
    } catch (error) {
      throw StorageError.from(error, this.path, 'read');
    }
  }

  gather(gathers: boolean): void {
    this.mapped?.gather(gathers);
  }

  settle(): void {
    try {
      this.mapped?.settle();
    } catch (error) {
      throw StorageError.ofWrite(error, this.path);
    }
  }

  flush(): void {
    this.settle();
    fdatasyncSync(this.fd);
    this.mapped?.check();
    if (this.flushError === undefined) return;
    const error = this.flushError;
    this.flushError = undefined;
    throw error;
  }

  flushBehind(): void {
    if (this.mapped !== undefined) {
      this.mapped.flushBehind();
      return;
    }
    if (this.closed) return;
    this.flushing++;
    fdatasync(this.fd, (error) => {
      this.flushing--;
      if (error !== null) this.flushError = error;
      if (this.closed && this.flushing === 0) closeSync(this.descriptor);
    });
  }

  /** Gives a file that was trimmed its whole size back, reserved. Throws `StorageError` `no-space`, or `failed`. */
  extend(sizeBytes: number, preallocate: Preallocate = () => false): void {
    const present = this.sizeBytes;
    this.reservedBytes = Math.max(present, sizeBytes);
    if (present >= sizeBytes) return;
    try {
      if (!preallocate(this.fd, sizeBytes)) fillWithZeros(this.fd, sizeBytes, present);
      if (fstatSync(this.fd).size !== sizeBytes) ftruncateSync(this.fd, sizeBytes);
    } catch (error) {
      ftruncateSync(this.fd, present);
      throw StorageError.from(error, this.path, `reserve ${sizeBytes} bytes for`);
    }
  }

  /**
   * What others did to the file under a writer, in words that follow its path: `was cut`, or `was removed` (also when
   * another file took its name; one that was given another name is written on). Undefined while it stands.
   */
  harm(): string | undefined {
    const { size, nlink } = fstatSync(this.fd);
    if (size < this.reservedBytes) return 'was cut';
    return nlink === 0 ? 'was removed' : undefined;
  }

  /** Lets the members of a group read the file. Throws `StorageError`. */
  shareWith(gid: number): void {
    try {
      fchownSync(this.fd, -1, gid);
      fchmodSync(this.fd, 0o640);
    } catch (error) {
      throw StorageError.from(error, this.path, `give group ${gid}`);
    }
  }

  /** Hands the descriptor to whoever locks it: `lock(fd)` gives false when somebody else holds it. */
  lock(lock: (fd: number) => boolean): boolean {
    return lock(this.fd);
  }

  /** Nothing can be mapped beyond the end, so a mapping ends here too. */
  trim(sizeBytes: number): void {
    this.unmap();
    this.reservedBytes = Math.min(this.reservedBytes, sizeBytes);
    if (sizeBytes < this.sizeBytes) ftruncateSync(this.fd, sizeBytes);
  }

  /** The descriptor outlives a flush that is under way: closing it earlier could flush a stranger's file. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.flushTimer);
    this.unmap();
    if (this.flushing === 0) closeSync(this.descriptor);
  }

  private unmap(): void {
    const { mapped } = this;
    if (mapped === undefined) return;
    this.mapped = undefined;
    try {
      mapped.settle();
      mapped.check();
    } catch (error) {
      this.flushError = StorageError.ofWrite(error, this.path) as Error;
    }
    mapped.close();
  }
}

function fillWithZeros(fd: number, sizeBytes: number, from = 0): void {
  const zeros = new Uint8Array(Math.min(ZEROS_BYTES, sizeBytes));
  for (let at = from; at < sizeBytes; ) {
    at += writeSync(fd, zeros, 0, Math.min(zeros.length, sizeBytes - at), at);
  }
}
