/**
 * Children whose memory is known: they allocate and free on command, and say when it is done, so that a test compares a
 * recording with what the kernel says at that moment and not with a hope about timing.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

export const MIB = 2 ** 20;

/** Reads commands, answers each with a line: `map BYTES`, `unmap`, `fork`, `exec PROGRAM ARGS`, `name HEX`, `exit`. */
const PYTHON = `
import ctypes, mmap, os, sys
held = []
for line in sys.stdin:
    words = line.split()
    if words[0] == 'map':
        area = mmap.mmap(-1, int(words[1]))
        for at in range(0, len(area), 4096): area[at] = 1
        held.append(area)
    elif words[0] == 'unmap':
        held.pop().close()
    elif words[0] == 'fork':
        pid = os.fork()
        if pid == 0:
            os.execvp('sleep', ['sleep', '60'])
        print(pid, flush=True)
        continue
    elif words[0] == 'exec':
        os.execvp(words[1], words[1:])
    elif words[0] == 'name':
        ctypes.CDLL(None).prctl(15, bytes.fromhex(words[1]), 0, 0, 0)
    elif words[0] == 'exit':
        break
    print('done', flush=True)
`;

export class Workload {
  readonly #answers: AsyncIterator<string>;

  private constructor(readonly child: ChildProcess) {
    this.#answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** Started and ready for its first command. */
  static async start(program = 'python3'): Promise<Workload> {
    const child = spawn(program, ['-c', PYTHON], { stdio: ['pipe', 'pipe', 'inherit'] });
    const workload = new Workload(child);
    // The first use of mmap imports and allocates in the interpreter: not part of what is measured.
    await workload.tell('map 4096');
    await workload.tell('unmap');
    return workload;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Resolves to the answer, when the command is done. */
  async tell(command: string): Promise<string> {
    this.send(command);
    const { value } = await this.#answers.next();
    return value;
  }

  /** For commands that have no answer. */
  send(command: string): void {
    this.child.stdin!.write(`${command}\n`);
  }

  async end(): Promise<void> {
    await endChild(this.child);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }
}

/** Kills a child, if it still runs, and waits until it is reaped. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  child.kill('SIGKILL');
  await closed;
}

/** A child that does nothing at all. */
export function startSleep(seconds = 60): ChildProcess {
  return spawn('sleep', [String(seconds)], { stdio: 'ignore' });
}

/** Waits until `probe` gives something else than undefined or false, and gives that. Fails after a while. */
export async function until<T>(
  probe: () => T | undefined | false,
  what = 'a condition',
  withinMs = 15_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`Waited ${withinMs} ms for ${what}`);
    await pause(5);
  }
}

/** A temporary folder that is removed at the end of the scope. */
export function scratch(): { readonly path: string; file(name: string): string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-test-'));
  return {
    path: folder,
    file: (name) => path.join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Resident and virtual bytes as the kernel tells them now. */
export function readKernel(pid: number): { rss: number; vsize: number; threads: number; startTicks: number } {
  const pages = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ').map(Number);
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    vsize: pages[0]! * 4096,
    rss: pages[1]! * 4096,
    threads: Number(fields[17]),
    startTicks: Number(fields[19]),
  };
}

/** Unique and proportional bytes as the kernel tells them now. */
export function readKernelRollup(pid: number): { pss: number; uss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const kib = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)![1]);
  return { pss: kib('Pss') * 1024, uss: (kib('Private_Clean') + kib('Private_Dirty')) * 1024 };
}

/** Pids of the live children of this process whose arguments match. */
export function childrenOf(parent: number, pattern: RegExp): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return Number(ppid) === parent && state !== 'Z' && pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
      } catch {
        return false;
      }
    });
}

/** Whether the process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) return false;
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** A pid that no process has, and that none will get soon. */
export const GONE_PID = 2 ** 22 - 3;
