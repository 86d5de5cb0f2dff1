/**
 * Whether groups have come or gone, without looking at each: the kernel counts them.
 *
 * The traps: version 1 counts in `/proc/cgroups`, removed ones included as long as the kernel has not let go of them, and
 * version 2 in the `cgroup.stat` of any group; the numbers are the same again when one came as another went; and where neither is told, there
 * is no saying.
 */
import path from 'node:path';
import type { MemoryHierarchy } from '../procfs/memory-group.js';
import { findGroupHierarchy } from './group-hierarchy.js';
import { type KeptFile, KeptFiles } from './kept-files.js';

/** Either file has some hundred bytes. */
const MOST_BYTES = 4096;

/** How many groups there are beside a procfs tree; 0 where that is not told. */
export function countGroups(procfs: string): number {
  const hierarchy = findGroupHierarchy(procfs);
  if (!hierarchy) return 0;
  const count = new GroupCount(hierarchy, procfs);
  try {
    return count.read() ?? 0;
  } finally {
    count.close();
  }
}

export class GroupCount {
  readonly #files = new KeptFiles(1);
  readonly #file: KeptFile;
  readonly #line: RegExp;
  readonly #bytes = Buffer.alloc(MOST_BYTES);
  #last: number | undefined;

  constructor({ version, folder }: MemoryHierarchy, procfs: string) {
    this.#file = { path: version === 1 ? path.join(procfs, 'cgroups') : path.join(folder, 'cgroup.stat'), fd: -1 };
    this.#line = version === 1 ? /^memory\t\d+\t(\d+)\t/m : /^nr_descendants (\d+)$/m;
  }

  /** Since it was asked last; also true where the kernel does not tell. */
  hasChanged(): boolean {
    const number = this.read();
    const isSame = number !== undefined && number === this.#last;
    this.#last = number;
    return !isSame;
  }

  /** Undefined where the kernel does not tell. */
  read(): number | undefined {
    const digits = this.#line.exec(this.#text())?.[1];
    return digits === undefined ? undefined : Number(digits);
  }

  close(): void {
    this.#files.closeAll();
  }

  #text(): string {
    try {
      return this.#bytes.toString('latin1', 0, this.#files.read(this.#file, this.#bytes, MOST_BYTES));
    } catch {
      this.close();
      return '';
    }
  }
}
