/** Stopped processes of several kinds for comparisons of memory maps, and captured trees that procps reads as /proc. */
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { procText, startChild, startStopped, startZombie, statWords, stopChild, until } from '../engine/commands.js';
import { MAIN } from '../tidemark-process.js';

const SOURCE = fileURLToPath(new URL('odd-mappings.c', import.meta.url));

/** Starts one process of each kind; files that they map lie in `folder`. Returns their pids. */
export async function startMapKinds(folder: string): Promise<number[]> {
  const program = path.join(folder, 'odd');
  execFileSync('gcc', ['-w', '-o', program, SOURCE]);
  const files = path.join(folder, 'files');
  mkdirSync(files);
  const odd = await startChild(program, [files, 'a\nb', 'caf\u00e9\u0001', '']);
  await until(() => statWords(odd.pid)[0] === 'T', 'the mappings are there');
  const python = await startChild('python3', ['-c', 'import json, sys; print(1, flush=True); sys.stdin.read()']);
  await until(() => procText(python.pid, 'maps').includes('_json'), 'python has loaded its modules');
  const node = await startChild(process.execPath, ['-e', 'process.stdin.resume()']);
  await until(() => procText(node.pid, 'maps').length > 0 && statWords(node.pid)[0] === 'S', 'node is idle');
  for (const child of [python, node]) await stopChild(child);
  const sleep = await startStopped();
  const zombie = await startZombie();
  return [odd.pid, python.pid, node.pid, sleep.pid, zombie, ...kernelThreads()];
}

/** One kernel thread, where any can be seen from this pid namespace. */
function kernelThreads(): number[] {
  const found = readdirSync('/proc').find((name) => {
    try {
      return /^\d+$/.test(name) && procText(Number(name), 'status').includes('\nKthread:\t1\n');
    } catch {
      return false;
    }
  });
  return found === undefined ? [] : [Number(found)];
}

/** What procps needs of a tree beside processes: among its own mappings a segment, by which it knows others. */
export function makeTree(root: string): void {
  mkdirSync(path.join(root, 'self'), { recursive: true });
  writeFileSync(path.join(root, 'self', 'maps'), '00001000-00002000 r--s 00000000 00:01 1  /SYSV00000000 (deleted)\n');
  copyFileSync('/proc/uptime', path.join(root, 'uptime'));
}

/** Copies what pmap reads of these processes. */
export function captureTree(root: string, pids: readonly number[]): void {
  makeTree(root);
  for (const pid of pids) {
    const folder = path.join(root, String(pid));
    mkdirSync(folder);
    for (const file of ['stat', 'status', 'cmdline', 'maps', 'smaps']) {
      writeFileSync(path.join(folder, file), readFileSync(`/proc/${pid}/${file}`));
    }
  }
}

export interface PmapOutcome {
  readonly code: number | null;
  readonly stdout: string;
}

export interface PmapOptions {
  readonly locale?: string;
  /** Words in front of the command, such as `setpriv`. */
  readonly prefix?: readonly string[];
}

/** What procps prints, as text of one character per byte. */
export function procpsPmap(words: readonly string[], options: PmapOptions = {}): PmapOutcome {
  return outcomeOf(['pmap', ...words], options);
}

/** The same with this tree in the place of /proc, in a mount namespace of its own. */
export function procpsPmapOf(root: string, words: readonly string[], options: PmapOptions = {}): PmapOutcome {
  const namespace = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-rm'];
  const script = 'mount --bind "$0" /proc && exec pmap "$@"';
  return outcomeOf([...namespace, 'sh', '-c', script, root, ...words], options);
}

export function tidemarkPmap(words: readonly string[], options: PmapOptions = {}): PmapOutcome {
  return outcomeOf([process.execPath, MAIN, 'pmap', ...words], options);
}

function outcomeOf(words: readonly string[], { locale = 'C.UTF-8', prefix = [] }: PmapOptions): PmapOutcome {
  const [program, ...rest] = [...prefix, ...words];
  const { LC_ALL: _, LC_CTYPE: __, ...env } = process.env;
  const ended: SpawnSyncReturns<Buffer> = spawnSync(program!, rest, {
    env: { ...env, LANG: locale },
    maxBuffer: 64 << 20,
  });
  return { code: ended.status, stdout: ended.stdout.toString('latin1') };
}
