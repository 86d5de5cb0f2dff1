/** A real VictoriaMetrics, which takes remote write and answers PromQL. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export class VictoriaMetrics implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    readonly origin: string,
  ) {}

  /** Starts one over a folder, on a port; resolves when it answers. */
  static async over(folder: string, port: number, mostMs = 90_000): Promise<VictoriaMetrics> {
    const child = spawn(
      'victoria-metrics',
      [
        `-storageDataPath=${folder}`,
        `-httpListenAddr=127.0.0.1:${port}`,
        '-retentionPeriod=1y',
        '-search.latencyOffset=0s',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], timeout: mostMs, killSignal: 'SIGKILL' },
    );
    let log = '';
    child.stderr!.on('data', (chunk) => {
      log += chunk;
    });
    const failed = once(child, 'error').then(([error]) => Promise.reject(error));
    const store = new VictoriaMetrics(child, `http://127.0.0.1:${port}`);
    for (let tries = 0; !(await Promise.race([store.#answers(), failed])); tries++) {
      if (child.exitCode !== null || tries > 200) throw new Error(`VictoriaMetrics does not answer: ${log}`);
      await pause(100);
    }
    return store;
  }

  /** The same on a host that is not reached from here, on port 8428, which answers nobody here. */
  static async on(host: readonly string[], folder: string): Promise<VictoriaMetrics> {
    const words = ['victoria-metrics', `-storageDataPath=${folder}`, '-httpListenAddr=:8428', '-retentionPeriod=1y'];
    const [program, ...rest] = [...host, ...words];
    const child = spawn(program!, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    child.stderr!.on('data', (chunk) => {
      log += chunk;
    });
    for (let tries = 0; !log.includes('started VictoriaMetrics'); tries++) {
      if (child.exitCode !== null || tries > 200) throw new Error(`VictoriaMetrics does not start: ${log}`);
      await pause(100);
    }
    return new VictoriaMetrics(child, 'http://not-reached.invalid');
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.origin}/health`)).ok;
    } catch {
      return false;
    }
  }

  /** Every sample of the series that match: by their labels, the times and values. */
  async samples(
    selector: string,
  ): Promise<{ metric: Record<string, string>; timestamps: number[]; values: number[] }[]> {
    // What was taken a moment ago is kept in memory, and is asked for only after this.
    await fetch(`${this.origin}/internal/force_flush`);
    const response = await fetch(`${this.origin}/api/v1/export?${new URLSearchParams({ 'match[]': selector })}`);
    const text = await response.text();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const closed = once(this.child, 'close');
    this.child.kill('SIGINT');
    await closed;
  }
}

/** A port that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
