/** Processes with a name and a way to grow, for tests that look at them from outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const SCRIPT = `
import ctypes, sys, time
ctypes.CDLL(None).prctl(15, sys.argv[1].encode('latin1').decode('unicode_escape').encode('latin1'), 0, 0, 0)
step, kept = int(sys.argv[2]), []
print('there', flush=True)
while True:
    if step: kept.append(bytearray(step))
    time.sleep(0.1)
`;

export interface Planted {
  readonly pid: number;
  readonly child: ChildProcess;
}

/** A process of this name (with \`\\x1b\` for what cannot be typed) that takes so many bytes more ten times a second. */
export async function plant(name: string, bytesPerStep: number): Promise<Planted> {
  const child = spawn('python3', ['-c', SCRIPT, name, String(bytesPerStep)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return { pid: child.pid!, child };
}
