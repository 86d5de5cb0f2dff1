/**
 * A cgroup of its own for a workload, so that the kernel tells the exact peak of the whole tree.
 *
 * The traps: what the kernel charges to a cgroup is more than resident memory: page cache that the workload brought in and
 * kernel memory are in it, so the peak stands beside the sampled one and never in its place. And nobody's cgroups are
 * changed: one is made below our own or beside it where that has the memory controller already, or else there is none.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { WorkloadError } from './workload-error.js';

/** The mark that the kernel keeps: of cgroup v2 (Linux 5.19), and of v1. */
const PEAK_FILES = ['memory.peak', 'memory.max_usage_in_bytes'] as const;

export class OwnCgroup {
  readonly #folder: string;
  readonly #peakFile: string;

  private constructor(folder: string, peakFile: string) {
    this.#folder = folder;
    this.#peakFile = peakFile;
  }

  /** Throws a `WorkloadError` that says what is missing. */
  static make(name: string): OwnCgroup {
    const places = candidates();
    if (places.length === 0) throw new WorkloadError('no-cgroup', 'no cgroup file system is mounted here');
    let reason = '';
    for (const place of places) {
      const folder = path.join(place, name);
      try {
        mkdirSync(folder, { mode: 0o755 });
      } catch (error) {
        reason = `${place}: ${(error as NodeJS.ErrnoException).code === 'EROFS' ? 'is read-only' : 'may not be written'}`;
        continue;
      }
      const peakFile = PEAK_FILES.map((file) => path.join(folder, file)).find((file) => existsSync(file));
      if (peakFile !== undefined) return new OwnCgroup(folder, peakFile);
      rmdirSync(folder);
      reason = `${place}: has no memory controller that keeps a peak`;
    }
    throw new WorkloadError('no-cgroup', reason);
  }

  /** Moves processes into it. */
  add(pids: readonly number[]): void {
    try {
      for (const pid of pids) writeFileSync(path.join(this.#folder, 'cgroup.procs'), String(pid));
    } catch (error) {
      const { message } = error as Error;
      throw new WorkloadError('no-cgroup', `${this.#folder}: no process can be moved into it: ${message}`);
    }
  }

  /** Most bytes that were charged to it. */
  peak(): number {
    return Number(readFileSync(this.#peakFile, 'latin1'));
  }

  /** Removes it; it stays while somebody is in it. */
  remove(): void {
    try {
      rmdirSync(this.#folder);
    } catch {
      // Somebody was left behind, and goes on.
    }
  }
}

/** Folders in which a cgroup may be made: our own of the memory controller, and the one that it is in. */
function candidates(): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'latin1').split('\n');
  const own = readFileSync('/proc/self/cgroup', 'latin1').split('\n');
  const out: string[] = [];
  for (const mount of mounts) {
    const [, folder = '', type = '', options = ''] = mount.split(' ');
    const isV1 = type === 'cgroup' && options.split(',').includes('memory');
    if (!isV1 && type !== 'cgroup2') continue;
    const line = own.find((each) => (isV1 ? /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:/.test(each) : each.startsWith('0::')));
    const at = line?.replace(/^\d+:[^:]*:/, '') ?? '/';
    const ours = [path.join(folder, at), path.join(folder, path.dirname(at))].filter((place) => existsSync(place));
    // Of a container that sees only its own part, the root is where it is.
    out.push(...(ours.length > 0 ? ours : [folder]));
  }
  return [...new Set(out)];
}
