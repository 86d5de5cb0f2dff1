/** Programs of a planted shape for the tests of `why`, and running it on them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { runTidemark } from './tidemark-process.js';

export const MIB = 2 ** 20;

/** Arguments: a file to map or '-', MiB to have, KiB to add at each step, milliseconds of a step (0: stands still), whether to fork. */
const PROGRAM = `
import mmap, os, sys, time
file, have, step, pause = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
held = []
def take(size):
    area = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for at in range(0, size, 4096): area[at] = 1
    held.append(area)
if file != '-':
    opened = open(file, 'r+b')
    shared = mmap.mmap(opened.fileno(), 0)
    total = sum(shared[::4096])
take(have << 20)
if sys.argv[5] == 'fork':
    child = os.fork()
    if child == 0: time.sleep(1000)
    print(child, flush=True)
print('up', flush=True)
while pause:
    time.sleep(pause / 1000)
    take(step << 10)
time.sleep(1000)
`;

export interface Shape {
  readonly file?: string;
  readonly haveMib?: number;
  readonly stepKib?: number;
  readonly pauseMs?: number;
  /** With a child that has its memory and runs as long; kill it too. */
  readonly forks?: true;
}

/** Started and in its shape; kill it at the end. */
export async function startShape(shape: Shape): Promise<ChildProcess> {
  return (await startAndHear(shape)).child;
}

/** The same with the pid of its child. */
export async function startFamily(shape: Shape): Promise<{ readonly child: ChildProcess; readonly forked: number }> {
  const { child, said } = await startAndHear({ ...shape, forks: true });
  return { child, forked: Number(said) };
}

async function startAndHear({ file = '-', haveMib = 1, stepKib = 0, pauseMs = 0, forks }: Shape) {
  const words = ['-c', PROGRAM, file, haveMib, stepKib, pauseMs, forks ? 'fork' : '-'].map(String);
  const child = spawn('/usr/bin/python3', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [first] = await once(createInterface({ input: child.stdout! }), 'line');
  return { child, said: String(first) };
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is what these tests are about
export async function whyJson(...words: string[]): Promise<any> {
  const { code, stdout, stderr } = await runTidemark(['why', ...words, '--json']);
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout);
}
