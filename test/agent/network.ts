/**
 * Two hosts that are network namespaces, with a wire between them that can be cut and made slow, and nothing else.
 *
 * The traps: a wire that is taken away at our own end is noticed at once, one that is cut at the other end swallows what is sent;
 * and nobody outside reaches what listens in there, so what happened is asked of files and of what has arrived.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { until } from '../recorder/workload.js';
import { Started } from './started.js';

const [NEAR, FAR] = ['10.213.7.1', '10.213.7.2'];

export class Wire implements AsyncDisposable {
  private constructor(
    private readonly started: Started,
    /** What comes before a command, to have it run on the host of the agent. */
    readonly near: readonly string[],
    /** And on the host of the store. */
    readonly far: readonly string[],
  ) {}

  /** The address of the store's host. */
  readonly address = FAR;

  static async start(): Promise<Wire> {
    const isRoot = process.getuid?.() === 0;
    const started = new Started();
    const holder = async (before: readonly string[], user: readonly string[]) => {
      const [program, ...words] = [...before, 'unshare', ...user, '--net', 'sleep', 'infinity'];
      const child = spawn(program!, words, { stdio: 'ignore' });
      const closed = once(child, 'close');
      started.use({
        [Symbol.asyncDispose]: async () => {
          child.kill('SIGKILL');
          await closed;
        },
      });
      // Each program becomes the next.
      await until(() => commandOf(child.pid!) === 'sleep', 'a network of its own');
      return { pid: child.pid!, enter: ['nsenter', '-t', String(child.pid), ...(isRoot ? [] : ['-U']), '-n'] };
    };
    const near = await holder([], isRoot ? [] : ['--user', '--map-root-user']);
    const outer = isRoot ? [] : ['nsenter', '-t', String(near.pid), '-U', '--preserve-credentials'];
    const far = await holder(outer, []);
    const wire = new Wire(started, near.enter, far.enter);
    wire.#run(near.enter, `ip link add wire type veth peer name wire netns ${far.pid}`);
    for (const [enter, address] of [
      [near.enter, NEAR],
      [far.enter, FAR],
    ] as const) {
      wire.#run(enter, `ip addr add ${address}/30 dev wire`);
      for (const link of ['lo', 'wire']) wire.#run(enter, `ip link set ${link} up`);
    }
    return wire;
  }

  /** What is sent is swallowed, and nobody says so. */
  cut(): void {
    this.#run(this.far, 'ip link set wire down');
  }

  /** There is no way to the store, and the kernel says so. */
  unplug(): void {
    this.#run(this.near, 'ip link set wire down');
  }

  /** So many bits a second from the agent to the store. */
  slow(bits: number): void {
    this.#run(this.near, `tc qdisc replace dev wire root tbf rate ${bits}bit burst 2kb latency 20s`);
  }

  mend(): void {
    for (const enter of [this.near, this.far]) this.#run(enter, 'ip link set wire up');
    this.#run(this.near, 'tc qdisc replace dev wire root pfifo limit 1000');
  }

  #run(enter: readonly string[], command: string): void {
    const [program, ...words] = [...enter, ...command.split(' ')];
    execFileSync(program!, words, { stdio: 'pipe' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.started[Symbol.asyncDispose]();
  }
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
}
