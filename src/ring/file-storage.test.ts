import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FileStorage } from './file-storage.js';
import { RingReader } from './ring-reader.js';
import { BLOCK, COUNTERS, HEADER, Recorder, readRing } from './rings.fixture.js';
import { StorageError } from './storage-error.js';

const directory = mkdtempSync(join(tmpdir(), 'ring-file-'));
afterAll(() => rmSync(directory, { recursive: true }));

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return error instanceof StorageError ? error.code : String(error);
  }
  return undefined;
}

describe('create', () => {
  it('reserves the space, for the owner only', () => {
    const path = join(directory, 'new.tide');
    FileStorage.create(path, 300_000).close();
    const stat = statSync(path);
    expect(stat.size).toBe(300_000);
    expect(stat.mode & 0o777).toBe(0o600);
    expect(stat.blocks * 512).toBeGreaterThanOrEqual(300_000);
  });

  it('refuses whatever is there already', () => {
    const target = join(directory, 'precious');
    writeFileSync(target, 'keep');
    mkdirSync(join(directory, 'directory'));
    symlinkSync(target, join(directory, 'link'));
    symlinkSync(join(directory, 'nowhere'), join(directory, 'dangling'));
    for (const name of ['precious', 'directory', 'link', 'dangling']) {
      expect(codeOf(() => FileStorage.create(join(directory, name), 100_000))).toBe('exists');
    }
    expect(statSync(target).size).toBe(4);
    expect(existsSync(join(directory, 'nowhere'))).toBe(false);
  });

  it('uses an injected reservation, and fills with zeros where that is not supported', () => {
    const seen: number[] = [];
    const path = join(directory, 'injected.tide');
    FileStorage.create(path, 200_000, (fd, sizeBytes) => seen.push(sizeBytes) > 0 && fd > 0).close();
    expect(seen).toEqual([200_000]);
    expect(statSync(path).size).toBe(200_000);
  });

  it('removes the file again when the disk is full, and says what did not fit', () => {
    const path = join(directory, 'full.tide');
    const full = () => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    const create = () => FileStorage.create(path, 123_456, full);
    expect(codeOf(create)).toBe('no-space');
    expect(create).toThrow(`Cannot reserve 123456 bytes for ${path}: no space left on the device`);
    expect(existsSync(path)).toBe(false);
  });

  it.skipIf(process.getuid?.() !== 0)('refuses a truly full disk', (context) => {
    const mount = join(directory, 'tmpfs');
    mkdirSync(mount);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', mount], { stdio: 'ignore' });
    } catch {
      context.skip('root here may not mount');
    }
    try {
      expect(codeOf(() => FileStorage.create(join(mount, 'a.tide'), 1024 * 1024))).toBe('no-space');
      expect(readdirSync(mount)).toEqual([]);
      FileStorage.create(join(mount, 'a.tide'), 128 * 1024).close();
    } finally {
      execFileSync('umount', [mount]);
    }
  });
});

describe('open', () => {
  it('refuses what is not a regular file, without blocking on a FIFO', () => {
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    expect(codeOf(() => FileStorage.open(join(directory, 'fifo')))).toBe('not-a-file');
    expect(codeOf(() => FileStorage.open(directory))).toBe('not-a-file');
    expect(codeOf(() => FileStorage.open('/dev/zero'))).toBe('not-a-file');
    expect(codeOf(() => FileStorage.open(join(directory, 'absent')))).toBe('failed');
  });
});

describe('a file in use', () => {
  it('is trimmed on close, and stays whole through flushes on another thread', async () => {
    const path = join(directory, 'trim.tide');
    const storage = FileStorage.create(path, HEADER + 8 * BLOCK);
    const recorder = new Recorder(storage);
    recorder.label(COUNTERS, 0, 'a');
    for (let frame = 0; frame < 3000; frame++) recorder.sweep(COUNTERS, BigInt(frame), [frame, frame], () => frame / 3);
    const { blocks } = recorder.writer.stats[COUNTERS];
    expect(blocks).toBeGreaterThan(1);
    recorder.writer.close({ trim: true });
    expect(statSync(path).size).toBe(HEADER + blocks * BLOCK);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const reopened = FileStorage.open(path);
    expect(readRing(reopened, COUNTERS).frames).toEqual(recorder.truth[COUNTERS]);
    expect(RingReader.open(reopened).damage).toEqual([]);
    reopened.close();
  });

  it('is used no more once it is closed: its descriptor is soon that of another', () => {
    const storage = FileStorage.create(join(directory, 'closed.tide'), 200_000);
    storage.close();
    const path = join(directory, 'stranger');
    writeFileSync(path, 'stranger');
    const stranger = openSync(path, 'r+');
    try {
      const bytes = new Uint8Array(8);
      const uses: (() => unknown)[] = [
        () => storage.read(0, bytes, 0, 8),
        () => storage.write(0, bytes, 0, 8),
        () => storage.commit(0, 8, 8),
        () => storage.trim(0),
        () => storage.extend(9),
        () => storage.flush(),
        () => storage.harm(),
        () => storage.lock(() => true),
        () => storage.sizeBytes,
      ];
      for (const use of uses) expect(codeOf(use)).toBe('closed');
      expect(readFileSync(path, 'utf8')).toBe('stranger');
    } finally {
      closeSync(stranger);
    }
  });
});
