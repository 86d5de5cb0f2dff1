/**
 * `/proc/PID/cgroup`: the control group of a process in each hierarchy, and the name that people know it by: the systemd
 * unit, or the container.
 *
 * The traps: version 1 has a line for each hierarchy and version 2 one that begins with `0::`, and a host may have both,
 * with the unit in only one of them; systemd escapes names of units (`\x2d`) for the file system; a container's id
 * is 64 digits, of which people know the first 12; and a path that ends in ` (deleted)` had its group removed.
 */
import { shortContainerName, unitIn } from './group-name.js';

export interface CgroupLine {
  /** With commas between them; '' for version 2. */
  readonly controllers: string;
  readonly path: string;
}

/** Of the host, also as it is told to a container with a name space of its own. */
const ROOT = /^(?:\/|(?:\/\.\.)+)$/;
const LINE = /^\d+:([^:\n]*):(\/[^\n]*)$/gm;

/** The lines in their order; others are left out. */
export function parseCgroups(text: string): CgroupLine[] {
  return Array.from(text.matchAll(LINE), ([, controllers, path]) => ({ controllers: controllers!, path: path! }));
}

/**
 * The unit or container in the text of `cgroup`: `nginx.service`, `docker:0123456789ab`, `pod:0123abcd/0123456789ab`; else
 * the last part of the path, and '' for the root. Raw: it passes the escape of whoever prints it.
 */
export function unitOf(text: string): string {
  const paths = orderedPaths(parseCgroups(text));
  for (const path of paths) {
    const container = shortContainerName(path);
    if (container !== undefined) return container;
  }
  for (const path of paths) {
    const unit = unitIn(path);
    if (unit !== undefined) return unit;
  }
  return (
    paths
      .find((path) => !ROOT.test(path))
      ?.split('/')
      .at(-1) ?? ''
  );
}

/** Version 2 and systemd's own hierarchy first: that is where units are. */
function orderedPaths(lines: readonly CgroupLine[]): string[] {
  const rank = ({ controllers }: CgroupLine) => (controllers === '' ? 0 : controllers === 'name=systemd' ? 1 : 2);
  return [...lines].sort((a, b) => rank(a) - rank(b)).map(({ path }) => path.replace(/ \(deleted\)$/, ''));
}
