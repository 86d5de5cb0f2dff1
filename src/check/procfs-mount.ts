/**
 * What kind of tree a procfs root is.
 *
 * The trap: with `hidepid` other users' processes are not listed at all, so a fleet looks small rather than denied. The
 * option is in the mount table only, and of several mounts on one folder the last one counts.
 */
import { readFileSync, realpathSync, statfsSync } from 'node:fs';
import { PROC_SUPER_MAGIC } from '../procfs/bounded-file.js';
import { attempt } from './attempt.js';

export interface ProcfsMount {
  readonly root: string;
  /** False for a captured tree. */
  readonly isProcfs: boolean;
  /** As the mount table has them; absent when the root is not a mount point. */
  readonly mountOptions?: string;
  /** `0` when the mount does not say: everyone sees all processes. */
  readonly hidepid?: string;
}

/** Looks at the tree. Never throws; a root that does not exist is no procfs. */
export function readProcfsMount(root: string): ProcfsMount {
  const isProcfs = attempt(() => statfsSync(root).type === PROC_SUPER_MAGIC) ?? false;
  const table = attempt(() => readFileSync('/proc/self/mountinfo', 'utf8'));
  const folder = attempt(() => realpathSync(root));
  const mountOptions = table && folder && mountOptionsOf(table, folder);
  if (!mountOptions) return { root, isProcfs };
  return { root, isProcfs, mountOptions, ...(isProcfs ? { hidepid: hidepidOf(mountOptions) } : {}) };
}

/** The options of the mount and of its file system, from the text of `mountinfo`; undefined when nothing is mounted there. */
export function mountOptionsOf(mountinfo: string, folder: string): string | undefined {
  let options: string | undefined;
  for (const line of mountinfo.split('\n')) {
    // 22 27 0:21 / /proc rw,nosuid shared:5 - proc proc rw,hidepid=2; the words before the dash vary in number.
    const words = line.split(' ');
    const dash = words.indexOf('-', 6);
    if (dash < 0 || unescapeOctal(words[4]) !== folder) continue;
    const all = [...words[5].split(','), ...(words[dash + 3] ?? '').split(',')].filter((option) => option !== '');
    options = [...new Set(all)].join(',');
  }
  return options;
}

function hidepidOf(mountOptions: string): string {
  return /(?:^|,)hidepid=([^,]+)/.exec(mountOptions)?.[1] ?? '0';
}

/** The mount table writes blanks and backslashes of a path as `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}
