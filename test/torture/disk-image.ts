/**
 * A disk whose content can be copied at one instant while it is written: a file system in an image (the disk) that lies in
 * another (the bench it stands on). Freezing the outer one stops all writes to the disk at once.
 *
 * The trap: a copy of an image that is being written is of no instant at all, and a clean unmount would write what a power
 * cut loses. Root only: loop devices and mounts.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';

const BENCH_BYTES = '2G';

function run(program: string, ...words: string[]): string {
  return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export class DiskImage implements Disposable {
  readonly #folder: string;
  readonly #mounts: string[] = [];
  /** Where the disk is mounted. */
  readonly path: string;

  constructor(under: string, sizeMib: number) {
    this.#folder = mkdtempSync(path.join(under, 'tidemark-disk-'));
    try {
      const bench = this.#mount(this.#make(path.join(this.#folder, 'bench.img'), BENCH_BYTES), 'bench');
      this.path = this.#mount(this.#make(path.join(bench, 'disk.img'), `${sizeMib}M`), 'disk');
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Copies the disk as it is at one instant, which is returned in monotonic ns; `look` gets the copy mounted. */
  cut<T>(look: (mounted: string) => T): { atNs: bigint; found: T } {
    const [bench, copy] = [path.join(this.#folder, 'bench'), path.join(this.#folder, 'cut.img')];
    run('fsfreeze', '-f', bench);
    const atNs = process.hrtime.bigint();
    try {
      run('cp', '--sparse=always', path.join(bench, 'disk.img'), copy);
    } finally {
      run('fsfreeze', '-u', bench);
    }
    const mounted = this.#mount(copy, 'cut');
    try {
      return { atNs, found: look(mounted) };
    } finally {
      this.#unmount(mounted);
      rmSync(copy);
    }
  }

  [Symbol.dispose](): void {
    for (const mounted of [...this.#mounts].reverse()) this.#unmount(mounted);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #make(image: string, size: string): string {
    run('truncate', '-s', size, image);
    run('mkfs.ext4', '-q', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image);
    return image;
  }

  #mount(image: string, name: string): string {
    const at = path.join(this.#folder, name);
    if (!existsSync(at)) mkdirSync(at);
    run('mount', '-o', 'loop', image, at);
    this.#mounts.push(at);
    return at;
  }

  #unmount(mounted: string): void {
    // Lazily: another mount namespace may hold it for a moment.
    run('umount', '-l', mounted);
    this.#mounts.splice(this.#mounts.indexOf(mounted), 1);
  }
}
