/**
 * The memory of a program by the count of a control group of its own, in which what the kernel holds for it is too: descriptors,
 * sockets, page tables.
 *
 * The trap: the page cache of the files that it writes is in that count as well, and the kernel lets go of that first; a ring of
 * 256 MiB would be all that is seen. So it is told apart.
 */
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findGroupHierarchy } from '../src/engine/group-hierarchy.js';
import { parseCgroups } from '../src/procfs/cgroup.js';
import { groupFolder, memoryGroupPath } from '../src/procfs/memory-group.js';

export interface MemoryCount {
  /** All that is charged, bytes. */
  readonly all: number;
  /** Without page cache. */
  readonly held: number;
  /** Of that what the kernel holds. */
  readonly kernel: number;
}

export class MemoryGroup implements AsyncDisposable {
  private constructor(
    private readonly folder: string,
    private readonly version: 1 | 2,
  ) {}

  /** One below our own; why there is none, where none may be made. */
  static make(name: string): MemoryGroup | string {
    const hierarchy = findGroupHierarchy('/proc');
    if (!hierarchy) return 'no control groups that count memory can be read here';
    const { version } = hierarchy;
    const own = memoryGroupPath(parseCgroups(readFileSync('/proc/self/cgroup', 'latin1')), version) ?? '/';
    const folder = groupFolder(hierarchy, path.join(version === 1 ? '/' : own, name));
    try {
      mkdirSync(folder);
      const group = new MemoryGroup(folder, version);
      group.count();
      return group;
    } catch (error) {
      return `no control group may be made: ${(error as Error).message}`;
    }
  }

  /** What is written into, to become a member. */
  get members(): string {
    return path.join(this.folder, 'cgroup.procs');
  }

  count(): MemoryCount {
    const number = (file: string) => Number(this.#read(file));
    const stat = this.#read('memory.stat');
    const of = (field: string) => Number(new RegExp(`^${field} (\\d+)$`, 'm').exec(stat)![1]);
    if (this.version === 1) {
      const kernel = number('memory.kmem.usage_in_bytes');
      return { all: number('memory.usage_in_bytes'), held: of('rss') + kernel, kernel };
    }
    return { all: number('memory.current'), held: of('anon') + of('kernel'), kernel: of('kernel') };
  }

  #read(file: string): string {
    return readFileSync(path.join(this.folder, file), 'latin1').trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      try {
        return rmdirSync(this.folder);
      } catch {
        // The kernel lets go of it a moment after its last process has ended.
        await pause(50);
      }
    }
  }
}
