/**
 * A bare Debian in a folder, by debootstrap, in which commands run by chroot with a /proc of their own.
 *
 * The traps: what is mounted for a command must go with it, so each runs in a name space of mounts of its own; and where packages come
 * from is what apt of this host is set up with.
 */
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const IN_ROOT = 'mount -t proc proc "$1/proc" && root=$1 && shift && exec chroot "$root" "$@"';

export const DEBIAN_ENV = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
  DEBIAN_FRONTEND: 'noninteractive',
};

export class DebianRoot implements Disposable {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'tidemark-debian-'));

  /** `packages`: beside those that no Debian is without. */
  constructor(packages: readonly string[] = []) {
    const [, suite] = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))!;
    const words = ['--variant=minbase', suite!, this.folder, archiveOf(suite!)];
    if (packages.length > 0) words.unshift(`--include=${packages.join(',')}`);
    execFileSync('debootstrap', words, { stdio: 'pipe', maxBuffer: 2 ** 24 });
    // A folder of its maker's alone would be a root that no other user may enter.
    chmodSync(this.folder, 0o755);
  }

  /** Runs a command in it. */
  run(...words: readonly string[]): SpawnSyncReturns<string> {
    const ended = spawnSync('unshare', ['--mount', 'sh', '-c', IN_ROOT, 'sh', this.folder, ...words], {
      encoding: 'utf8',
      env: DEBIAN_ENV,
    });
    if (ended.error) throw ended.error;
    return ended;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function archiveOf(suite: string): string {
  const words = ['indextargets', '--format', '$(CODENAME) $(COMPONENT) $(REPO_URI)', 'Created-By: Packages'];
  const line = execFileSync('apt-get', words, { encoding: 'utf8' })
    .split('\n')
    .find((text) => text.startsWith(`${suite} main `));
  if (line === undefined) throw new Error(`apt knows no archive for ${suite}`);
  return line.split(' ')[2]!;
}
