/**
 * A command that is started stopped, and everything that descends from it: the socket to native/launch/launch.c.
 *
 * The trap: the launcher may be killed, or this program may; the command goes on in either case, and whoever waits here is
 * told once.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { findLauncher } from '../engine/native-binding.js';
import { deferred } from '../sampler/deferred.js';
import { signalName } from '../text/exit-text.js';
import { WorkloadError } from './workload-error.js';

/** How the command ended. */
export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: string; readonly number: number }
  /** It could not be run; an errno. */
  | { readonly kind: 'not-run'; readonly errno: number };

/** What the kernel counted of all processes that were waited for, their own waited-for children included. */
export interface KernelUsage {
  /** Most resident bytes of the largest single process, whatever it ran. */
  readonly largestRss: number;
  readonly userNs: number;
  readonly systemNs: number;
  readonly minorFaults: number;
  readonly majorFaults: number;
}

export interface LaunchOptions {
  readonly command: readonly string[];
  /** Added to the environment that this program was given. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Descriptors 0, 1 and 2 of the command; default those of this program. */
  readonly stdio?: readonly ('inherit' | 'ignore' | number)[];
}

/** The name of a process that has not become its command yet. */
export const LAUNCHER_NAME = 'tidemark-launch';

export class Launcher {
  /** Of the launcher: everything below it is the workload. */
  readonly pid: number;
  /** Of the command. */
  readonly commandPid: number;
  /** Monotonic nanoseconds when the command was let go. */
  startedNs: bigint | undefined;
  /** When the command ended, and when the last of its descendants did. */
  endedNs: bigint | undefined;
  lastEndedNs: bigint | undefined;
  readonly #socket: Socket;
  #hasLeft = false;
  readonly #ended = deferred<CommandEnd>();
  readonly #allEnded = deferred<KernelUsage | undefined>();

  private constructor(child: ChildProcess, commandPid: number, socket: Socket) {
    this.pid = child.pid!;
    this.commandPid = commandPid;
    this.#socket = socket;
    // Whoever does not ask is not told.
    this.#ended.promise.catch(() => {});
  }

  /** Starts the launcher; its command waits until `go`. Rejects with a `WorkloadError`. */
  static async start({ command, env = {}, cwd, stdio = ['inherit', 'inherit', 'inherit'] }: LaunchOptions) {
    const program = findLauncher();
    if (program === undefined) {
      throw new WorkloadError('no-launcher', 'the program that starts workloads was not built (npm run build:native)');
    }
    const added = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const child = spawn(program, [...added, '--', ...command], {
      stdio: [...stdio, 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    // Whatever goes wrong, the line breaks, and that is looked for.
    child.on('error', () => {});
    const socket = child.stdio[3] as Socket;
    socket.on('error', () => {});
    const lines = createInterface({ input: socket });
    // It gives on what the socket fails with.
    lines.on('error', () => {});
    return await new Promise<Launcher>((resolve, reject) => {
      let launcher: Launcher | undefined;
      const fail = () => reject(new WorkloadError('no-launcher', `${program} does not start`));
      lines.on('line', (line) => {
        const [word, ...numbers] = line.split(' ');
        if (word === 'child' && !launcher) {
          launcher = new Launcher(child, Number(numbers[0]), socket);
          resolve(launcher);
        } else if (word === 'failed' && !launcher) {
          reject(new WorkloadError('no-process', `no process can be started: errno ${numbers[0]}`));
        } else if (launcher) launcher.#hear(word!, numbers);
      });
      const lost = () => {
        if (launcher) launcher.#lost();
        else fail();
      };
      lines.on('close', lost);
      // A line that breaks in a write, or was never there, has no end: without this nobody would be told, and a program
      // that waits for nothing but us would end as if all were well.
      socket.on('close', lost);
    });
  }

  /** Lets the command go. */
  go(): void {
    this.startedNs = process.hrtime.bigint();
    this.#tell('go');
  }

  /** Sends the command a signal, unless the terminal has sent it already. */
  signal(number: number): void {
    this.#tell(`signal ${number}`);
  }

  /** Gives up waiting: what still runs goes on alone. */
  leave(): void {
    // Nobody is left, and nobody listens any more.
    if (this.lastEndedNs !== undefined) return;
    this.#hasLeft = true;
    this.#tell('leave');
  }

  /** How the command ended; rejects with a `WorkloadError` when the launcher was lost. */
  get ended(): Promise<CommandEnd> {
    return this.#ended.promise;
  }

  /** When nobody is left: what they used, or undefined when that is not known. */
  get allEnded(): Promise<KernelUsage | undefined> {
    return this.#allEnded.promise;
  }

  /** Times are those of the launcher: here it may be told late. */
  #hear(word: string, texts: readonly string[]): void {
    const [first = 0, user = 0, system = 0, minor = 0, major = 0] = texts.map(Number);
    const atNs = BigInt(texts.at(-1) ?? 0);
    if (word === 'failed') this.#ended.resolve({ kind: 'not-run', errno: first });
    if (word === 'exit') {
      this.endedNs = atNs;
      this.#ended.resolve(endOf(first));
    }
    if (word === 'end') {
      this.lastEndedNs = atNs;
      const used = {
        largestRss: first * 1024,
        userNs: user * 1000,
        systemNs: system * 1000,
        minorFaults: minor,
        majorFaults: major,
      };
      // Of those who were left behind nobody has told.
      this.#allEnded.resolve(this.#hasLeft ? undefined : used);
    }
  }

  #lost(): void {
    this.#ended.reject(new WorkloadError('launcher-lost', 'the launcher was killed; the command goes on alone'));
    this.#allEnded.resolve(undefined);
  }

  #tell(line: string): void {
    if (this.#socket.writable) this.#socket.write(`${line}\n`);
  }
}

/** From what `wait` tells. */
function endOf(status: number): CommandEnd {
  const number = status & 0x7f;
  if (number === 0) return { kind: 'exited', code: (status >> 8) & 0xff };
  return { kind: 'killed', signal: signalName(number)!, number };
}
