/**
 * A Debian in a folder with its own systemd running, in name spaces of its own: processes, mounts, network, names and control groups.
 *
 * The traps: systemd wants a hierarchy of control groups (version 2) for itself alone, so it gets a group of this host's to be its root; and
 * it would set up devices and the clock of this host, were it not told that it is in a container.
 */
import { type ChildProcess, execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { DEBIAN_ENV, type DebianRoot } from './debian-root.js';

const UNSHARED = ['--cgroup', '--mount', '--uts', '--ipc', '--net', '--pid', '--fork', '--kill-child'];
const BOOT = `
echo $$ >"$2/cgroup.procs"
exec unshare ${UNSHARED.join(' ')} sh -ec '
  cd "$1"
  hostname tidemark-test
  mount --bind . .
  cd "$1"
  mount -t proc proc proc
  mount -t sysfs -o ro sysfs sys
  mount -t cgroup2 cgroup2 sys/fs/cgroup
  for folder in dev run tmp; do mount -t tmpfs tmpfs $folder; done
  for device in null zero full random urandom tty; do touch dev/$device; mount --bind /dev/$device dev/$device; done
  mkdir dev/shm
  ln -s pts/ptmx dev/ptmx
  pivot_root . mnt
  exec chroot . sh -c "umount --lazy /mnt; exec env -i container=test /sbin/init" <dev/null >dev/null 2>&1
' sh "$1"`;
const BOOT_MS = 60_000;

export class BootedDebian implements AsyncDisposable {
  private constructor(
    private readonly unshare: ChildProcess,
    private readonly init: string,
    private readonly group: string,
  ) {}

  /** Rejects when its systemd has not started everything within a minute. */
  static async boot({ folder }: DebianRoot): Promise<BootedDebian> {
    const hierarchy = execFileSync('findmnt', ['-n', '-t', 'cgroup2', '-o', 'TARGET'], { encoding: 'utf8' });
    const group = path.join(hierarchy.split('\n')[0]!, path.basename(folder));
    mkdirSync(group);
    const unshare = spawn('sh', ['-ec', BOOT, 'sh', folder, group], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    unshare.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    const end = Date.now() + BOOT_MS;
    const late = async () => {
      if (Date.now() > end || unshare.exitCode !== null)
        throw new Error(`The systemd of the Debian does not start: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    };
    const children = () => readFileSync(`/proc/${unshare.pid}/task/${unshare.pid}/children`, 'utf8').trim();
    while (children() === '' || readFileSync(`/proc/${children()}/comm`, 'utf8') !== 'systemd\n') await late();
    const booted = new BootedDebian(unshare, children(), group);
    while (!/^(?:running|degraded)$/m.test(booted.run('systemctl', 'is-system-running').stdout)) await late();
    return booted;
  }

  /** Runs a command in it. */
  run(...words: readonly string[]): SpawnSyncReturns<string> {
    const enter = ['--target', this.init, '--all', '--root', '--wd', ...words];
    const ended = spawnSync('nsenter', enter, { encoding: 'utf8', env: DEBIAN_ENV });
    if (ended.error) throw ended.error;
    return ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.unshare, 'close');
    // With the first of its processes all end.
    process.kill(Number(this.init), 'SIGKILL');
    await closed;
    removeGroups(this.group);
  }
}

/** A group is removed once those below it are. */
function removeGroups(group: string): void {
  const folders = execFileSync('find', [group, '-depth', '-type', 'd'], { encoding: 'utf8' }).trim().split('\n');
  for (const folder of folders) rmdirSync(folder);
}
