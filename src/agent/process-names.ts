/**
 * What names the group of a process: its comm, from the recording, and where it is asked for its control group and program.
 *
 * The traps: systemd starts a process in its own group and moves it afterwards, so a group is read again soon after the
 * process was first seen and now and then later; arguments are never read here, since a stuck process would hold us for
 * ever; what was read may be of another process that has the pid by now, which the recording shows at the next frame; and
 * who was there for a moment has ended before it is asked: the recording may know the number of its control group, which
 * others have told the name of.
 */
import { readlinkSync } from 'node:fs';
import type { ProcessIdentity } from '../engine/identity.js';
import { readSmallText } from '../procfs/small-text.js';
import type { GroupBy, ProcessNames } from './group-by.js';

/** Numbers of control groups that are remembered. */
const MOST_GROUPS = 1 << 16;

export class NameReader {
  readonly #bytes = Buffer.alloc(8192);
  /** By number of a control group: the text that all processes in it have; '' where they have several, as in many hierarchies. */
  readonly #textsOf = new Map<number, string>();

  constructor(
    private readonly root: string,
    private readonly by: GroupBy,
  ) {}

  /** `cgroupId`: as it was recorded; NaN where it was not. */
  read({ pid, comm }: ProcessIdentity, cgroupId: number): ProcessNames {
    const { needs } = this.by;
    return {
      comm: Buffer.from(comm.buffer, comm.byteOffset, comm.byteLength).toString('latin1'),
      exe: needs.exe ? this.#exeOf(pid) : '',
      cgroups: needs.cgroups ? this.#cgroupsOf(pid, cgroupId) : '',
    };
  }

  #cgroupsOf(pid: number, cgroupId: number): string {
    const text = this.cgroupsOf(pid);
    if (Number.isNaN(cgroupId)) return text;
    const known = this.#textsOf.get(cgroupId);
    if (text === '') return known ?? '';
    if (known === undefined) {
      if (this.#textsOf.size >= MOST_GROUPS) this.#textsOf.clear();
      this.#textsOf.set(cgroupId, text);
    } else if (known !== text) this.#textsOf.set(cgroupId, '');
    return text;
  }

  /** The text of `cgroup`; '' when it cannot be read. */
  cgroupsOf(pid: number): string {
    return this.text(pid, 'cgroup');
  }

  /** What of a small file fits into one read; '' when it cannot be read. Only files that cannot block. */
  text(pid: number, file: 'cgroup' | 'status'): string {
    return readSmallText(`${this.root}/${pid}/${file}`, this.#bytes);
  }

  #exeOf(pid: number): string {
    try {
      return readlinkSync(`${this.root}/${pid}/exe`, 'latin1');
    } catch {
      return '';
    }
  }
}
