/** A real VictoriaMetrics as what is measured: what it took, and what that cost it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const PROGRAM = 'victoria-metrics';
const MOST_START_MS = 20_000;

export class FleetStore implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    readonly origin: string,
  ) {}

  static isInstalled(): boolean {
    return spawnSync(PROGRAM, ['-version']).error === undefined;
  }

  /** Over a new folder below this one, on a free port. */
  static async start(below: string, name: string): Promise<FleetStore> {
    const folder = path.join(below, name);
    mkdirSync(folder);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const words = [`-storageDataPath=${folder}`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=1y'];
    const child = spawn(PROGRAM, words, { stdio: 'ignore' });
    const store = new FleetStore(child, `http://127.0.0.1:${port}`);
    for (const end = performance.now() + MOST_START_MS; ; await pause(100)) {
      if ((await fetch(`${store.origin}/health`).catch(() => undefined))?.ok) return store;
      if (child.exitCode !== null || performance.now() > end) throw new Error(`${PROGRAM} does not answer`);
    }
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Writes to disk what is in memory still, and puts parts together as it does in time. */
  async settle(): Promise<void> {
    for (const what of ['force_flush', 'force_merge']) await fetch(`${this.origin}/internal/${what}`);
    await pause(5000);
  }

  /** Rows and bytes on disk, of samples and of the index, by its own metrics. */
  async held(): Promise<{ readonly rows: number; readonly sampleBytes: number; readonly indexBytes: number }> {
    const text = await (await fetch(`${this.origin}/metrics`)).text();
    const sum = (pattern: RegExp) =>
      Array.from(text.matchAll(pattern), ([, value]) => Number(value)).reduce((total, value) => total + value, 0);
    return {
      rows: sum(/^vm_rows\{type="storage\/[^"]*"\} (\S+)$/gm),
      sampleBytes: sum(/^vm_data_size_bytes\{type="storage\/[^"]*"\} (\S+)$/gm),
      indexBytes: sum(/^vm_data_size_bytes\{type="indexdb\/?[^"]*"\} (\S+)$/gm),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.child, 'close');
    this.child.kill('SIGKILL');
    await closed;
  }
}
