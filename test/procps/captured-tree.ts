/**
 * A copy of /proc as it was at one instant for some processes, in plain files, and programs run with that copy mounted
 * over /proc. What moves by itself (Pss, CPU shares, the clock of the host) stands still there, so two programs that
 * read it one after the other must give the same answers.
 *
 * The traps: ps looks itself up by its pid, so the program runs as process 1 of a namespace and finds the host's process 1
 * there; the owner of a process is the owner of its folder; and what this user may not read is absent, not empty.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { SANITIZER } from '../tidemark-process.js';

const HOST_FILES = [
  ...['cpuinfo', 'loadavg', 'meminfo', 'stat', 'swaps', 'tty/drivers', 'uptime', 'version', 'vmstat'],
  ...['sys/kernel/hostname', 'sys/kernel/osrelease', 'sys/kernel/ostype', 'sys/kernel/pid_max'],
  ...['sys/kernel/random/boot_id', 'sys/vm/overcommit_memory'],
];
const THREAD_FILES = ['stat', 'statm', 'status', 'comm', 'wchan'];
const PROCESS_FILES = [
  ...[...THREAD_FILES, 'maps', 'smaps', 'smaps_rollup', 'cmdline', 'environ', 'cgroup', 'io', 'limits'],
  ...['loginuid', 'oom_adj', 'oom_score', 'oom_score_adj', 'autogroup', 'attr/current', 'sessionid'],
];
const PROCESS_LINKS = ['exe', 'cwd', 'root', 'fd/0', 'fd/1', 'fd/2', 'fd/255'];

export interface CapturedTree {
  /** Stands for `/proc`; beside it lies `etc/passwd`, the one that names its users. */
  readonly proc: string;
  readonly passwd: string;
}

export interface TreeOutcome {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Copies the host's files, those of process 1, which is also `self`, and those of `pids` below `folder`, which must exist.
 * `names` become the users' names in the copy's passwd, beside root: uid to name.
 */
export function captureTree(folder: string, pids: readonly number[], names: ReadonlyMap<number, string>): CapturedTree {
  const proc = join(folder, 'proc');
  mkdirSync(proc);
  for (const file of HOST_FILES) copyText('/proc', proc, file);
  for (const pid of [1, ...pids]) copyProcess(pid, join(proc, String(pid)));
  symlinkSync('1', join(proc, 'self'));
  symlinkSync('1/task/1', join(proc, 'thread-self'));

  const passwd = join(folder, 'etc/passwd');
  mkdirSync(dirname(passwd));
  const users = [[0, 'root'], ...names].map(([uid, name]) => `${name}:x:${uid}:${uid}::/:/bin/false\n`);
  writeFileSync(passwd, users.join(''));
  return { proc, passwd };
}

/**
 * Runs a program that finds the copy at /proc and its users in /etc/passwd, until it ends. Without root it runs in a
 * user namespace of its own. Throws when the mounts are refused.
 */
export async function runInTree(tree: CapturedTree, words: readonly string[], env: Record<string, string> = {}) {
  const mount = 'mount --bind "$0" /proc && mount --bind "$1" /etc/passwd || exit 125; shift; exec "$@"';
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const unshare = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', ...user];
  return run('unshare', [...unshare, 'sh', '-c', mount, tree.proc, tree.passwd, ...words], env);
}

/** Runs a program until it ends, in a locale and a width that do not depend on who runs the tests. */
export async function run(program: string, words: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, TZ: process.env.TZ, HOME: '/nonexistent', LC_ALL: 'C', ...SANITIZER, ...env },
  });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk) => stdout.push(chunk));
  child.stderr.setEncoding('latin1').on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  if (code === 125) throw new Error(`the copy could not be mounted over /proc: ${stderr}`);
  return { code, stdout: Buffer.concat(stdout), stderr } satisfies TreeOutcome;
}

function copyProcess(pid: number, to: string): void {
  const from = `/proc/${pid}`;
  mkdirSync(to, { recursive: true });
  for (const file of PROCESS_FILES) copyText(from, to, file);
  for (const link of PROCESS_LINKS) copyLink(from, to, link);
  for (const thread of readdirSync(join(from, 'task'))) {
    mkdirSync(join(to, 'task', thread), { recursive: true });
    for (const file of THREAD_FILES) copyText(from, to, `task/${thread}/${file}`);
    keepOwner(join(from, 'task', thread), join(to, 'task', thread));
  }
  keepOwner(from, to);
}

function copyText(from: string, to: string, file: string): void {
  let text: Buffer;
  try {
    text = readFileSync(join(from, file));
  } catch {
    return;
  }
  const copy = join(to, file);
  mkdirSync(dirname(copy), { recursive: true });
  writeFileSync(copy, text);
}

function copyLink(from: string, to: string, link: string): void {
  let target: Buffer;
  try {
    target = readlinkSync(join(from, link), { encoding: 'buffer' });
  } catch {
    return;
  }
  mkdirSync(dirname(join(to, link)), { recursive: true });
  symlinkSync(target, join(to, link));
}

function keepOwner(from: string, to: string): void {
  const { uid, gid } = lstatSync(from);
  if (process.getuid?.() === 0) lchownSync(to, uid, gid);
}
