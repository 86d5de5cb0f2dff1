/**
 * Whether groups have come or gone, without looking at each: the kernel counts them.
 *
 * The traps: version 1 counts in `/proc/cgroups`, removed ones included as long as the kernel has not let go of them, and
 * version 2 in the `cgroup.stat` of any group; the numbers are the same again when one came as another went; and where neither is told, there
 * is no saying.
 */
import path from 'node:path';
import type { MemoryHierarchy } from '../procfs/memory-group.js';
import { KeptText } from './kept-text.js';

export class GroupCount {
  readonly #text: KeptText;
  readonly #line: RegExp;
  #last: string | undefined;

  constructor({ version, folder }: MemoryHierarchy, procfs: string) {
    const file = version === 1 ? path.join(procfs, 'cgroups') : path.join(folder, 'cgroup.stat');
    this.#text = new KeptText(file);
    this.#line = version === 1 ? /^memory\t\d+\t(\d+)\t/m : /^nr_descendants (\d+)$/m;
  }

  /** Since it was asked last; also true where the kernel does not tell. */
  hasChanged(): boolean {
    const length = this.#text.read();
    const number = length > 0 ? this.#line.exec(this.#text.text(length))?.[1] : undefined;
    const isSame = number !== undefined && number === this.#last;
    this.#last = number;
    return !isSame;
  }

  close(): void {
    this.#text.close();
  }
}
