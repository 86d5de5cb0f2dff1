/**
 * Starting a program of ours beside this one, with a line to it: a stream that is its descriptor 3.
 *
 * The trap: Node starts programs by a fork, after which each page that the program around us writes to costs a fault of nearly
 * a microsecond, 13 ms for 64 MiB. Where the addon is there it starts them without; then Node knows nothing of the child, and who
 * started it has to ask for its end.
 */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { exitCode, signalName } from '../text/exit-text.js';
import { nativeBinding } from './native-binding.js';

/** Of the line in the program that is started. */
export const LINE_DESCRIPTOR = 3;

export interface StartedProcess {
  readonly pid: number;
  /** It closes when the program ends, or breaks. */
  readonly line: Socket;
  /** How it ended, in words, once it has. `keepsAlive`: this program, until that is known. */
  ended(keepsAlive: boolean): Promise<string>;
}

/** How often is asked, and for how long, whether a program whose line has closed has ended. */
const ASK_EVERY_MS = 10;
const ASK_TIMES = 500;
const UNTOLD = 'nobody was told how';

/** Starts `file`; it may read nothing and write to our standard error. Throws the error of the system, with its `code`. */
export function startProcess(
  file: string,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): StartedProcess {
  const binding = nativeBinding();
  if (binding.state !== 'loaded') return startByNode(file, words, env);
  const { addon } = binding;
  const texts = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const out = new Int32Array(2);
  const error = addon.startProcess(file, [file, ...words], texts, out);
  if (error < 0) throw systemError(error, file);
  const [pid, fd] = out as unknown as [number, number];
  return {
    pid,
    line: new Socket({ fd, readable: true, writable: true }),
    ended: (keepsAlive) =>
      askForEnd(keepsAlive, () => {
        const end = addon.processEnd(pid, out);
        // Where a program ignores the ends of its children the kernel tells nobody how they ended.
        return end === 0 ? undefined : end < 0 ? UNTOLD : (signalName(out[0]!) ?? `code ${exitCode(out[0]!)}`);
      }),
  };
}

function startByNode(file: string, words: readonly string[], env: NodeJS.ProcessEnv): StartedProcess {
  const child = spawn(file, words, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'], env });
  // Told later than it is known here.
  child.on('error', () => {});
  child.unref();
  const line = child.stdio[LINE_DESCRIPTOR] as Socket | undefined;
  if (child.pid === undefined || !line) throw new Error(`${file} does not start`);
  const way = () => child.signalCode ?? (child.exitCode === null ? undefined : `code ${child.exitCode}`);
  return { pid: child.pid, line, ended: (keepsAlive) => askForEnd(keepsAlive, way) };
}

function askForEnd(keepsAlive: boolean, ask: () => string | undefined): Promise<string> {
  return new Promise((resolve) => {
    let asked = 0;
    const again = () => {
      const way = ask();
      if (way !== undefined || ++asked > ASK_TIMES) resolve(way ?? UNTOLD);
      else {
        const timer = setTimeout(again, ASK_EVERY_MS);
        if (!keepsAlive) timer.unref();
      }
    };
    again();
  });
}

function systemError(error: number, file: string): Error {
  const code = getSystemErrorName(error);
  return Object.assign(new Error(`spawn ${file} ${code}`), { code, errno: error, syscall: 'spawn' });
}
