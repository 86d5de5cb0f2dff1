/**
 * `/proc/PID/cgroup`: the control group of a process in each hierarchy, and the name that people know it by: the systemd
 * unit, or the container.
 *
 * The traps: version 1 has a line for each hierarchy and version 2 one that begins with `0::`, and a host may have both,
 * with the unit in only one of them; systemd escapes names of units (`\x2d`) for the file system; a container's id
 * is 64 digits, of which people know the first 12; and a path that ends in ` (deleted)` had its group removed.
 */
export interface CgroupLine {
  /** With commas between them; '' for version 2. */
  readonly controllers: string;
  readonly path: string;
}

const LINE = /^\d+:([^:\n]*):(\/[^\n]*)$/gm;

/** The lines in their order; others are left out. */
export function parseCgroups(text: string): CgroupLine[] {
  return Array.from(text.matchAll(LINE), ([, controllers, path]) => ({ controllers: controllers!, path: path! }));
}

const CONTAINER_ID = /(?:^|[-:])([0-9a-f]{64}|[0-9a-f]{32})(?:\.scope)?$/;
const POD = /pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})/;
const UNIT = /\.(?:service|scope|socket|mount|swap|slice)$/;
const SHORT_ID = 12;
const SHORT_POD = 8;

/** What runs the container, by the words in its path; the first that occurs. */
const RUNTIMES: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/docker/, 'docker'],
  [/crio/, 'cri-o'],
  [/libpod/, 'podman'],
  [/containerd/, 'containerd'],
];

/**
 * The unit or container in the text of `cgroup`: `nginx.service`, `docker:0123456789ab`, `pod:0123abcd/0123456789ab`; else
 * the last part of the path, and '' for the root. Raw: it passes the escape of whoever prints it.
 */
export function unitOf(text: string): string {
  const paths = orderedPaths(parseCgroups(text));
  for (const path of paths) {
    const container = containerOf(path);
    if (container !== undefined) return container;
  }
  for (const path of paths) {
    const unit = systemdUnit(path);
    if (unit !== undefined) return unit;
  }
  return (
    paths
      .find((path) => path !== '/')
      ?.split('/')
      .at(-1) ?? ''
  );
}

/** Version 2 and systemd's own hierarchy first: that is where units are. */
function orderedPaths(lines: readonly CgroupLine[]): string[] {
  const rank = ({ controllers }: CgroupLine) => (controllers === '' ? 0 : controllers === 'name=systemd' ? 1 : 2);
  return [...lines].sort((a, b) => rank(a) - rank(b)).map(({ path }) => path.replace(/ \(deleted\)$/, ''));
}

function containerOf(path: string): string | undefined {
  const parts = path.split('/');
  const id = parts.map((part) => CONTAINER_ID.exec(part)?.[1]).findLast((found) => found !== undefined);
  const pod = POD.exec(path)?.[1];
  if (pod !== undefined) {
    const short = pod.slice(0, SHORT_POD);
    return id === undefined || pod.replace(/[-_]/g, '') === id
      ? `pod:${short}`
      : `pod:${short}/${id.slice(0, SHORT_ID)}`;
  }
  if (id !== undefined) {
    const runtime = RUNTIMES.find(([pattern]) => pattern.test(path))?.[1] ?? 'container';
    return `${runtime}:${id.slice(0, SHORT_ID)}`;
  }
  const named = /\/(?:lxc(?:\.payload)?[./]|machine\.slice\/machine-)([^/]+?)(?:\.scope)?(?:\/|$)/.exec(path)?.[1];
  return named === undefined ? undefined : `container:${unescaped(named)}`;
}

/** The innermost unit that is no slice; a slice only where there is nothing else. */
function systemdUnit(path: string): string | undefined {
  const units = path.split('/').filter((part) => UNIT.test(part));
  const unit = units.findLast((part) => !part.endsWith('.slice')) ?? units.at(-1);
  return unit === undefined ? undefined : unescaped(unit);
}

function unescaped(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
