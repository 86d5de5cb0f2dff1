/**
 * What names the group of a process: its comm, from the recording, and where it is asked for its control group and program.
 *
 * The traps: systemd starts a process in its own group and moves it afterwards, so a group is read again soon after the
 * process was first seen and now and then later; arguments are never read here, since a stuck process would hold us for
 * ever; and what was read may be of another process that has the pid by now, which the recording shows at the next frame.
 */
import { readlinkSync } from 'node:fs';
import type { ProcessIdentity } from '../engine/identity.js';
import { readSmallText } from '../procfs/small-text.js';
import type { GroupBy, ProcessNames } from './group-by.js';

export class NameReader {
  readonly #bytes = Buffer.alloc(8192);

  constructor(
    private readonly root: string,
    private readonly by: GroupBy,
  ) {}

  read({ pid, comm }: ProcessIdentity): ProcessNames {
    const { needs } = this.by;
    return {
      comm: Buffer.from(comm.buffer, comm.byteOffset, comm.byteLength).toString('latin1'),
      exe: needs.exe ? this.#exeOf(pid) : '',
      cgroups: needs.cgroups ? this.cgroupsOf(pid) : '',
    };
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
