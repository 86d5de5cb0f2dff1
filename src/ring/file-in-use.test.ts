/** A ring file while it is written: given its size back, harmed by others, written through memory, and closed under a flush. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  fstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FileStorage, type MappedFile } from './file-storage.js';
import { StorageError } from './storage-error.js';

const folder = mkdtempSync(join(tmpdir(), 'ring-in-use-'));
afterAll(() => rmSync(folder, { recursive: true }));
let path = '';
let made = 0;
beforeEach(() => {
  path = join(folder, `${made++}.tide`);
});

function errorOf(action: () => unknown): { code: string; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof StorageError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was thrown');
}

const failing = (code: string) => () => {
  throw Object.assign(new Error(code.toLowerCase()), { code });
};
const texts = (storage: FileStorage, at: number, length: number) => {
  const bytes = new Uint8Array(length + 2).fill(35);
  const count = storage.read(at, bytes, 1, length);
  return [Buffer.from(bytes).toString('latin1'), count];
};
const put = (storage: FileStorage, at: number, text: string) => {
  const bytes = Buffer.from(`<${text}>`);
  storage.write(at, bytes, 1, text.length);
};

describe('opened for writing', () => {
  it('is written at any place, and read up to its end', () => {
    writeFileSync(path, '0123456789');
    const storage = FileStorage.openForWriting(path);
    put(storage, 3, 'abc');
    expect(texts(storage, 2, 5)).toEqual(['#2abc6#', 5]);
    expect(texts(storage, 8, 5)).toEqual(['#89####', 2]);
    expect(texts(storage, 10, 5)).toEqual(['#######', 0]);
    storage.close();
    expect(readFileSync(path, 'latin1')).toBe('012abc6789');
  });

  it('is refused for what is no file, without waiting for who writes to a FIFO', () => {
    const target = join(folder, 'target');
    writeFileSync(target, 'keep');
    symlinkSync(target, path);
    expect(errorOf(() => FileStorage.openForWriting(path))).toEqual({
      code: 'failed',
      message: `Cannot write to ${path}: it is a symbolic link`,
    });
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    expect(errorOf(() => FileStorage.openForWriting(fifo))).toEqual({
      code: 'not-a-file',
      message: `Cannot write to ${fifo}: it is not a regular file`,
    });
    expect(errorOf(() => FileStorage.open(fifo)).message).toBe(`Cannot open ${fifo}: it is not a regular file`);
    expect(errorOf(() => FileStorage.openForWriting(folder)).message).toBe(
      `Cannot write to ${folder}: it is a directory`,
    );
    expect(errorOf(() => FileStorage.openForWriting(join(folder, 'gone'))).message).toMatch(/no such file or folder$/);
    expect(errorOf(() => FileStorage.create(join(folder, 'gone/a'), 1)).message).toBe(
      `Cannot create ${join(folder, 'gone/a')}: there is no folder ${join(folder, 'gone')}`,
    );
  });

  it('keeps no descriptor of what it refuses', () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let round = 0; round < 40; round++) {
      errorOf(() => FileStorage.openForWriting(join(folder, 'fifo')));
      errorOf(() => FileStorage.open('/dev/zero'));
      errorOf(() => FileStorage.create(join(folder, 'full'), 10, failing('ENOSPC')));
    }
    expect(open()).toBeLessThan(before + 20);
  });
});

describe('its size', () => {
  it('is filled with zeros to the byte, over what one write holds', () => {
    const size = 2 * 1024 * 1024 + 5;
    const storage = FileStorage.create(path, size);
    expect([storage.sizeBytes, storage.harm()]).toEqual([size, undefined]);
    storage.close();
    expect(statSync(path).size).toBe(size);
    expect(readFileSync(path).every((byte) => byte === 0)).toBe(true);
  });

  it('is cut to what was asked for where more was reserved', () => {
    const more = (fd: number, size: number) => writeSync(fd, new Uint8Array(size + 100)) > 0;
    FileStorage.create(path, 1000, more).close();
    expect(statSync(path).size).toBe(1000);
  });

  it('comes back when it was trimmed, with what was left in it', () => {
    const storage = FileStorage.create(path, 100);
    put(storage, 0, 'head');
    storage.trim(50);
    expect([storage.sizeBytes, storage.harm()]).toEqual([50, undefined]);
    storage.trim(80);
    expect(storage.sizeBytes).toBe(50);
    storage.extend(200);
    expect([storage.sizeBytes, storage.harm()]).toEqual([200, undefined]);
    const asked: number[] = [];
    storage.extend(300, (_, size) => asked.push(size) > 0);
    expect([storage.sizeBytes, asked]).toEqual([300, [300]]);
    // It has as much already.
    storage.extend(300, failing('EIO'));
    storage.extend(250, failing('EIO'));
    expect(texts(storage, 0, 4)).toEqual(['#head#', 4]);
    storage.close();
  });

  it('stays as it is when the disk is full', () => {
    const storage = FileStorage.create(path, 100);
    const full = (fd: number, size: number) => {
      writeSync(fd, new Uint8Array(size - 10), 0, size - 10, 0);
      return failing('ENOSPC')();
    };
    expect(errorOf(() => storage.extend(1000, full))).toEqual({
      code: 'no-space',
      message: `Cannot reserve 1000 bytes for ${path}: no space left on the device`,
    });
    expect(storage.sizeBytes).toBe(100);
    storage.close();
  });

  it('that others take away is told', () => {
    const storage = FileStorage.create(path, 100);
    renameSync(path, `${path}.moved`);
    expect(storage.harm()).toBeUndefined();
    truncateSync(`${path}.moved`, 99);
    expect(storage.harm()).toBe('was cut');
    truncateSync(`${path}.moved`, 100);
    unlinkSync(`${path}.moved`);
    expect(storage.harm()).toBe('was removed');
    storage.close();
  });
});

describe('who may have it', () => {
  it('are the members of a group, who may only read', () => {
    const storage = FileStorage.create(path, 10);
    const gid = process.getgid!();
    storage.shareWith(gid);
    expect([statSync(path).mode & 0o777, statSync(path).gid]).toEqual([0o640, gid]);
    expect(errorOf(() => storage.shareWith(-2)).message).toMatch(/^Cannot give group -2 .*\.tide: /);
    storage.close();
  });

  it('is asked of the descriptor itself', () => {
    const storage = FileStorage.create(path, 10);
    expect(storage.lock((fd) => fstatSync(fd).ino === statSync(path).ino)).toBe(true);
    expect(storage.lock(() => false)).toBe(false);
    storage.close();
  });
});

/** What is written goes into the file when it is settled, as with another thread; each failure is made by name. */
class Behind implements MappedFile {
  readonly calls: string[] = [];
  readonly waiting: (() => void)[] = [];
  fails = '';

  constructor(readonly fd: number) {}

  #call(name: string): void {
    this.calls.push(name);
    if (this.fails === name) failing('EFAULT')();
  }

  write(at: number, bytes: Uint8Array, from: number, length: number): void {
    this.#call('write');
    const copy = bytes.slice(from, from + length);
    this.waiting.push(() => writeSync(this.fd, copy, 0, length, at));
  }

  commit(at: number, length: number, crc: number): void {
    this.#call('commit');
    this.waiting.push(() => writeSync(this.fd, new Uint8Array(Uint32Array.of(length, crc).buffer), 0, 8, at));
  }

  settle(): void {
    this.#call('settle');
    for (const store of this.waiting.splice(0)) store();
  }

  gather(gathers: boolean): void {
    this.#call(`gather ${gathers}`);
  }

  check(): void {
    this.#call('check');
  }

  flushBehind(): void {
    this.#call('flushBehind');
  }

  close(): void {
    this.#call('close');
  }
}

describe('through memory', () => {
  function mapped(): { storage: FileStorage; behind: Behind } {
    const storage = FileStorage.create(path, 64);
    let behind: Behind | undefined;
    storage.map((fd, size) => {
      expect(size).toBe(64);
      behind = new Behind(fd);
      return behind;
    });
    return { storage, behind: behind! };
  }

  it('all goes the way of the mapping, and is there for who reads', () => {
    const { storage, behind } = mapped();
    put(storage, 8, 'body');
    storage.commit(0, 0x01020304, 0xf5060708);
    expect(readFileSync(path)[8]).toBe(0);
    expect(texts(storage, 8, 4)).toEqual(['#body#', 4]);
    expect([...readFileSync(path).subarray(0, 8)]).toEqual([4, 3, 2, 1, 8, 7, 6, 0xf5]);
    storage.gather(true);
    storage.gather(false);
    storage.settle();
    storage.flush();
    storage.flushBehind();
    // A second mapping is not asked for.
    storage.map(() => expect.unreachable());
    storage.close();
    storage.close();
    expect(behind.calls).toEqual([
      ...['write', 'commit', 'settle', 'gather true', 'gather false', 'settle', 'settle', 'check', 'flushBehind'],
      ...['settle', 'check', 'close'],
    ]);
  });

  it('all goes to the file where it cannot be mapped', () => {
    const storage = FileStorage.create(path, 64);
    storage.map(() => undefined);
    put(storage, 8, 'body');
    storage.commit(0, 0x01020304, 0xf5060708);
    storage.gather(true);
    storage.settle();
    expect([...readFileSync(path).subarray(0, 12)]).toEqual([4, 3, 2, 1, 8, 7, 6, 0xf5, ...Buffer.from('body')]);
    storage.close();
  });

  it.each([
    ['write', (storage: FileStorage) => put(storage, 0, 'x')],
    ['commit', (storage: FileStorage) => storage.commit(0, 1, 2)],
    ['settle', (storage: FileStorage) => storage.settle()],
    ['settle', (storage: FileStorage) => storage.flush()],
  ])('a failed %s says of which file', (name, act) => {
    const { storage, behind } = mapped();
    behind.fails = name;
    expect(errorOf(() => act(storage))).toEqual({
      code: 'failed',
      message: `Cannot write to ${path}: the file was cut, or its disk is full`,
    });
    behind.fails = '';
    storage.close();
  });

  it('a mistake of the caller stays one', () => {
    const { storage, behind } = mapped();
    behind.commit = () => {
      throw new RangeError('beyond the end');
    };
    expect(() => storage.commit(0, 1, 2)).toThrow(new RangeError('beyond the end'));
    storage.close();
  });

  it('ends where the file is trimmed, and what failed then is told by the flush, once', () => {
    const { storage, behind } = mapped();
    put(storage, 0, 'before');
    behind.fails = 'check';
    storage.trim(32);
    expect(behind.calls).toEqual(['write', 'settle', 'check', 'close']);
    put(storage, 1, 'after');
    expect(readFileSync(path, 'latin1').slice(0, 7)).toBe('bafter\0');
    expect(errorOf(() => storage.flush()).message).toContain('the file was cut');
    storage.flush();
    storage.close();
    expect(behind.calls.length).toBe(4);
  });
});

it('is closed only when a flush on another thread is done', async () => {
  const storage = FileStorage.create(path, 64);
  let fd = -1;
  storage.lock((own) => {
    fd = own;
    return true;
  });
  const { ino } = statSync(path);
  const isOpen = () => existsSync(`/proc/self/fd/${fd}`) && statSync(`/proc/self/fd/${fd}`).ino === ino;
  storage.flushBehind();
  storage.close();
  // Another file may not get its descriptor before.
  expect(isOpen()).toBe(true);
  storage.flushBehind();
  for (let wait = 0; isOpen() && wait < 100; wait++) await sleep(10);
  expect(isOpen()).toBe(false);
  // Nothing is flushed behind the end, and without a flush under way it closes at once.
  storage.flushBehind();
  const other = FileStorage.create(`${path}.other`, 64);
  other.lock((own) => {
    fd = own;
    return true;
  });
  other.close();
  expect(
    existsSync(`/proc/self/fd/${fd}`) && statSync(`/proc/self/fd/${fd}`).ino === statSync(`${path}.other`).ino,
  ).toBe(false);
});
