/**
 * What the path of a control group tells of who made it: a pod and a container of Kubernetes, a container of Docker,
 * containerd, CRI-O, Podman or LXC, a unit of systemd.
 *
 * The traps: the same container has another path with the driver `systemd` than with `cgroupfs`, and `-` parts slices, so a
 * pod's id is written with `_` in their names; a container may have a whole tree of its own in it, with systemd or other
 * containers; conmon watches a container and is none; and the path is the only source, so what nobody named stays unnamed.
 */
export interface GroupName {
  /** What runs the container; absent where the path does not tell. */
  readonly runtime?: 'docker' | 'containerd' | 'cri-o' | 'podman' | 'lxc';
  /** 64 digits, seldom 32; of LXC and machines a name. */
  readonly containerId?: string;
  /** As Kubernetes prints it; of a static pod 32 digits without dashes. */
  readonly podUid?: string;
  readonly qos?: 'guaranteed' | 'burstable' | 'besteffort';
  /** The innermost unit of systemd that is no slice; a slice only where there is nothing else. */
  readonly unit?: string;
}

const CONTAINER_ID = /(?:^|[-:])(?<!conmon-)([0-9a-f]{64}|[0-9a-f]{32})(?:\.scope)?$/;
const POD = /pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})/;
const QOS = /kubepods(?:\.slice)?[/-](?:[^/]*kubepods-)?(burstable|besteffort)/;
const UNIT = /\.(?:service|scope|socket|mount|swap|slice)$/;
const NAMED = /\/(?:lxc(?:\.payload)?[./]|machine\.slice\/machine-)([^/]+?)(?:\.scope)?(?:\/|$)/;
const SHORT_ID = 12;
const SHORT_POD = 8;

/** What runs the container, by the words in its path; the first that occurs. */
const RUNTIMES: readonly (readonly [pattern: RegExp, name: NonNullable<GroupName['runtime']>])[] = [
  [/docker/, 'docker'],
  [/crio/, 'cri-o'],
  [/libpod/, 'podman'],
  [/containerd/, 'containerd'],
];

/** Raw: what it holds passes the escape of whoever prints it. */
export function groupNameOf(path: string): GroupName {
  const podUid = podOf(path);
  const unit = unitIn(path);
  const out: { -readonly [K in keyof GroupName]: GroupName[K] } = {};
  const id = containerIdOf(path, podUid);
  const named = id === undefined && podUid === undefined ? NAMED.exec(path)?.[1] : undefined;
  const runtime = id === undefined ? undefined : RUNTIMES.find(([pattern]) => pattern.test(path))?.[1];
  if (runtime !== undefined) out.runtime = runtime;
  else if (named !== undefined && path.includes('/lxc')) out.runtime = 'lxc';
  if (id !== undefined) out.containerId = id;
  else if (named !== undefined) out.containerId = unescapeUnit(named);
  if (podUid !== undefined) {
    out.podUid = podUid;
    out.qos = (QOS.exec(path)?.[1] as GroupName['qos']) ?? 'guaranteed';
  }
  if (unit !== undefined) out.unit = unit;
  return out;
}

/** The container of a path in few words: `docker:0123456789ab`, `pod:0123abcd/0123456789ab`; undefined where there is none. */
export function shortContainerName(path: string): string | undefined {
  const { runtime, containerId, podUid } = groupNameOf(path);
  if (podUid !== undefined) {
    const short = podUid.slice(0, SHORT_POD);
    return containerId === undefined ? `pod:${short}` : `pod:${short}/${containerId.slice(0, SHORT_ID)}`;
  }
  if (containerId === undefined) return undefined;
  const isId = /^[0-9a-f]+$/.test(containerId) && containerId.length >= 32;
  return isId ? `${runtime ?? 'container'}:${containerId.slice(0, SHORT_ID)}` : `container:${containerId}`;
}

/** The innermost unit of systemd in a path that is no slice; a slice only where there is nothing else. */
export function unitIn(path: string): string | undefined {
  const units = path.split('/').filter((part) => UNIT.test(part));
  const unit = units.findLast((part) => !part.endsWith('.slice')) ?? units.at(-1);
  return unit === undefined ? undefined : unescapeUnit(unit);
}

function podOf(path: string): string | undefined {
  return POD.exec(path)?.[1]?.replaceAll('_', '-');
}

/** The innermost one. */
function containerIdOf(path: string, podUid: string | undefined): string | undefined {
  const ids = path.split('/').map((part) => CONTAINER_ID.exec(part)?.[1]);
  const id = ids.findLast((found) => found !== undefined);
  return id === podUid?.replaceAll('-', '') ? undefined : id;
}

/** systemd writes bytes that its names may not hold as `\xHH`. */
function unescapeUnit(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
