/** Loads of one kind on this host, made by a program that nobody else here shares code with. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('plant.py', import.meta.url));

export type PlantKind = 'anon' | 'cache' | 'mapped' | 'shmem' | 'slab' | 'tables' | 'forks' | 'pipes' | 'swapped';

export class Plant implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Resolves when the load is there; it lasts until it is disposed of. */
  static async grow(kind: PlantKind, mebibytes: number): Promise<Plant> {
    // Not in /tmp, which may be memory itself.
    const folder = mkdtempSync(path.join(existsSync('/var/tmp') ? '/var/tmp' : tmpdir(), 'tidemark-plant-'));
    const child = spawn('python3', [PROGRAM, kind, String(mebibytes), folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    if (value !== 'there') throw new Error(`${kind}: the load did not come up`);
    return new Plant(child, folder);
  }

  get pid(): number {
    return this.child.pid!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.stdin!.end();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Swap in compressed RAM, as long as it is not disposed of. */
export class Zram implements Disposable {
  static readonly DEVICE = 'zram0';

  constructor(bytes: number) {
    this.set('disksize', String(bytes));
    execFileSync('mkswap', [`/dev/${Zram.DEVICE}`], { stdio: 'ignore' });
    execFileSync('swapon', [`/dev/${Zram.DEVICE}`]);
  }

  [Symbol.dispose](): void {
    execFileSync('swapoff', [`/dev/${Zram.DEVICE}`]);
    this.set('reset', '1');
  }

  private set(file: string, value: string): void {
    writeFileSync(`/sys/block/${Zram.DEVICE}/${file}`, value);
  }
}
