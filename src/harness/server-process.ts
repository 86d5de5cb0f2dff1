/**
 * The process of this host that listens where a URL points.
 *
 * The trap: a port tells of a socket, and a socket of its processes only by their descriptors: of those of other users nothing is to
 * be seen, and several may share one.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LOCAL = /^(?:localhost|127(?:\.\d+){3}|\[::1\]|0\.0\.0\.0|\[::\])$/;
const LISTENS = '0A';
const PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 };

/** Throws a TypeError that says what to do where it cannot be told. */
export function serverOf(url: URL): number {
  const port = url.port === '' ? PORTS[url.protocol] : Number(url.port);
  if (port === undefined) {
    throw new TypeError(`Expected a URL with http:, https: or file:, got ${url.href}`);
  }
  if (!LOCAL.test(url.hostname)) {
    throw new TypeError(`Expected a URL of this host, whose memory can be read, or the "pid" option, got ${url.href}`);
  }
  const sockets = new Set([...listening('/proc/net/tcp', port), ...listening('/proc/net/tcp6', port)]);
  const pids = sockets.size === 0 ? [] : holders(sockets);
  if (pids.length === 1) return pids[0]!;
  const found = pids.length === 0 ? 'no process that this user can see' : `processes ${pids.join(', ')}`;
  throw new TypeError(`Expected one process that listens at port ${port}, found ${found}: give the "pid" option`);
}

/** Inodes of the sockets that listen at a port. */
function listening(table: string, port: number): string[] {
  let text: string;
  try {
    text = readFileSync(table, 'latin1');
  } catch {
    return [];
  }
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return text.split('\n').flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/ +/);
    return local?.endsWith(end) && state === LISTENS && inode !== undefined ? [`socket:[${inode}]`] : [];
  });
}

function holders(sockets: ReadonlySet<string>): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => descriptorsOf(pid).some((link) => sockets.has(link))).map(Number);
}

function descriptorsOf(pid: string): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((fd) => {
      try {
        return [readlinkSync(`${folder}/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
