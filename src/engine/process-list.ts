/**
 * The pids of a procfs tree, and whether there can be new ones.
 *
 * The trap: listing takes far longer than a look at the pid that was given out last, which `loadavg` tells.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { lastPidOf } from '../procfs/loadavg.js';
import { MOST_PID } from '../procfs/pid-max.js';
import { type KeptFile, KeptFiles } from './kept-files.js';

/** As many as the addon reads; a kernel writes less than 50. */
const LOADAVG_BYTES = 128;

export class ProcessList {
  readonly #root: string;
  readonly #files: KeptFiles;
  readonly #loadavg: KeptFile;
  readonly #loadavgKept = new KeptFiles(1);
  readonly #text = new Uint8Array(LOADAVG_BYTES);
  #pids = new Int32Array(4096);

  /** `files` gives back descriptors when there is none left to list with. */
  constructor(root: string, files: KeptFiles) {
    this.#root = root;
    this.#files = files;
    this.#loadavg = { path: path.join(root, 'loadavg'), fd: -1 };
  }

  /** The pids, in the order of the tree; a view that the next call overwrites. Throws when the tree cannot be read. */
  listPids(): Int32Array {
    let found = 0;
    for (const name of this.#files.withRoom(() => readdirSync(this.#root))) {
      const first = name.charCodeAt(0);
      if (first < 49 || first > 57 || !/^\d{1,10}$/.test(name)) continue;
      const pid = Number(name);
      if (pid > MOST_PID) continue;
      if (found === this.#pids.length) {
        const larger = new Int32Array(found * 2);
        larger.set(this.#pids);
        this.#pids = larger;
      }
      this.#pids[found++] = pid;
    }
    return this.#pids.subarray(0, found);
  }

  /** The pid that was given out last, or -1 when the tree does not tell. */
  lastPid(): number {
    try {
      return lastPidOf(this.#text, this.#loadavgKept.read(this.#loadavg, this.#text, LOADAVG_BYTES));
    } catch {
      return -1;
    }
  }

  close(): void {
    this.#loadavgKept.closeAll();
  }
}
