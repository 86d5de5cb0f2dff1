/**
 * Trees that look like `/proc`, built in a temporary folder: processes, units and troubles that no live host has on order.
 *
 * The trap: a real process's files change together. Here each is a plain file that keeps its inode when it is rewritten, so
 * a kept descriptor sees the new text, as it does on procfs.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeFifo } from './commands.js';

export interface FakeStat {
  readonly comm?: string | Uint8Array;
  readonly parentPid?: number;
  readonly flags?: number;
  readonly minorFaults?: number;
  readonly majorFaults?: number;
  readonly userTicks?: number;
  readonly systemTicks?: number;
  readonly threads?: number;
  readonly startTicks?: number;
}

export const PF_KTHREAD = 0x00200000;

/** The text of `stat`. */
export function statText(pid: number, stat: FakeStat = {}): Uint8Array {
  const { comm = 'fake', parentPid = 1, flags = 0x400000, minorFaults = 11, majorFaults = 3 } = stat;
  const { userTicks = 7, systemTicks = 5, threads = 2, startTicks = 1000 + pid } = stat;
  const before = `${parentPid} ${pid} ${pid} 0 -1 ${flags} ${minorFaults} 0 ${majorFaults} 0 ${userTicks} ${systemTicks}`;
  const after = `0 0 20 0 ${threads} 0 ${startTicks} 409600 5 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0`;
  return Buffer.concat([Buffer.from(`${pid} (`), Buffer.from(comm), Buffer.from(`) S ${before} ${after}\n`)]);
}

/** A record of `smaps`, or with the name `[rollup]` the text of `smaps_rollup`; sizes in kB by the kernel's key. */
export function smapsRecord(head: string, sizes: Record<string, number>, flags?: string): string {
  const lines = Object.entries(sizes).map(([key, kilobytes]) => `${`${key}:`.padEnd(16)}${kilobytes} kB\n`);
  return `${head}\n${lines.join('')}${flags === undefined ? '' : `VmFlags: ${flags}\n`}`;
}

export const ROLLUP_HEAD = '10000-7ffff000 ---p 00000000 00:00 0                          [rollup]';

/** In memory where that is possible: thousands of small files take long on a busy disk. */
export const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export class FakeProcfs {
  readonly root = mkdtempSync(path.join(SCRATCH, 'tidemark-fake-'));

  constructor() {
    // Another user is let in, as on procfs.
    chmodSync(this.root, 0o755);
  }

  pathOf(pid: number, file: string): string {
    return path.join(this.root, String(pid), file);
  }

  /** Adds a process with `stat` and `statm`. */
  add(pid: number, stat: FakeStat = {}, statm = '100 50 20 10 0 30 0\n'): void {
    mkdirSync(path.join(this.root, String(pid)), { recursive: true });
    this.write(pid, 'stat', statText(pid, stat));
    this.write(pid, 'statm', statm);
  }

  /** Writes a file of a process in place. */
  write(pid: number, file: string, text: string | Uint8Array): void {
    mkdirSync(path.join(this.root, String(pid)), { recursive: true });
    writeFileSync(this.pathOf(pid, file), text);
  }

  remove(pid: number, file = ''): void {
    rmSync(this.pathOf(pid, file), { recursive: true });
  }

  /** Puts something else in a file's place. */
  fifo(pid: number, file: string): void {
    this.#clear(pid, file);
    makeFifo(this.pathOf(pid, file));
  }

  folder(pid: number, file: string): void {
    this.#clear(pid, file);
    mkdirSync(this.pathOf(pid, file));
  }

  link(pid: number, file: string, target: string): void {
    this.#clear(pid, file);
    mkdirSync(path.dirname(this.pathOf(pid, file)), { recursive: true });
    symlinkSync(target, this.pathOf(pid, file));
  }

  loadavg(lastPid: number | string): void {
    writeFileSync(path.join(this.root, 'loadavg'), `0.41 0.23 0.10 1/256 ${lastPid}\n`);
  }

  destroy(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #clear(pid: number, file: string): void {
    mkdirSync(path.join(this.root, String(pid)), { recursive: true });
    rmSync(this.pathOf(pid, file), { recursive: true, force: true });
  }
}
