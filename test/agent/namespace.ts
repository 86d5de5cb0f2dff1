/** Stopped processes in a pid namespace of their own: a tree in which nothing moves, so that sums can be compared exactly. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { until } from '../recorder/workload.js';

const PLANT = `
import ctypes, os, signal, sys
prctl = ctypes.CDLL(None).prctl
# Each group in hexadecimal, with its number of members and the MiB of each.
for word in sys.argv[1:]:
    name, count, mib = word.split(':')
    for _ in range(int(count)):
        if os.fork() == 0:
            prctl(15, bytes.fromhex(name), 0, 0, 0)
            kept = []
            # Whoever continues it makes it as much larger as it was at first.
            while True:
                kept.append(bytearray(int(mib) << 20))
                for at in range(0, len(kept[-1]), 4096): kept[-1][at] = 1
                os.kill(os.getpid(), signal.SIGSTOP)
print('there', flush=True)
# The first process of a namespace cannot be stopped from within; it does nothing more.
while True: signal.pause()
`;

export interface Plot {
  readonly name: string | Uint8Array;
  readonly count: number;
  readonly mib: number;
}

export interface Namespace extends AsyncDisposable {
  /** Its procfs tree as seen from here. */
  readonly root: string;
  /** Resident bytes of all processes by name (a character for each byte), as the kernel tells them now. */
  resident(): Map<string, number>;
  /** Makes each process of this name larger by what it had at first; resolves when all stand still again. */
  grow(name: string): Promise<void>;
}

export async function startNamespace(plots: readonly Plot[]): Promise<Namespace> {
  const words = plots.map(({ name, count, mib }) => `${Buffer.from(name).toString('hex')}:${count}:${mib}`);
  const flags = ['--pid', '--fork', '--mount-proc', '--kill-child'];
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const child = spawn('unshare', [...user, ...flags, 'python3', '-c', PLANT, ...words], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const processes = plots.reduce((sum, { count }) => sum + count, 0);
  // Before that its tree may still be the host's.
  await once(child.stdout!, 'data');
  const init = await until(() => childrenOf(child.pid!)[0], 'the namespace');
  const root = `/proc/${init}/root/proc`;
  await until(() => stoppedIn(root) === processes, 'its processes to stop');
  return {
    root,
    resident: () => residentIn(root),
    grow: async (name) => {
      const own = childrenOf(init).filter((pid) => readFileSync(`/proc/${pid}/comm`, 'latin1') === `${name}\n`);
      const before = residentIn(root).get(name) ?? 0;
      for (const pid of own) process.kill(pid, 'SIGCONT');
      await until(() => (residentIn(root).get(name) ?? 0) > before && stoppedIn(root) === processes, `${name} to grow`);
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => child.on('close', resolve));
      // Not a bare name: the first process of the namespace, with which all of it goes.
      process.kill(init, 'SIGKILL');
      await closed;
    },
  };
}

/** Their pids as seen from here. */
function childrenOf(pid: number): number[] {
  try {
    const found = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
    return found === '' ? [] : found.split(' ').map(Number);
  } catch {
    return [];
  }
}

function pidsIn(root: string): string[] {
  try {
    return readdirSync(root).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function stoppedIn(root: string): number {
  return pidsIn(root).filter((pid) => {
    const stat = readFileSync(`${root}/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')')).startsWith(') T');
  }).length;
}

function residentIn(root: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const pid of pidsIn(root)) {
    const comm = readFileSync(`${root}/${pid}/comm`, 'latin1').slice(0, -1);
    const pages = Number(readFileSync(`${root}/${pid}/statm`, 'latin1').split(' ')[1]);
    sums.set(comm, (sums.get(comm) ?? 0) + pages * 4096);
  }
  return sums;
}
