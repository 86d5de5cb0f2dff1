/** A real Prometheus over the blocks of a backfill. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

export type Labels = Readonly<Record<string, string>>;
export interface Answer {
  readonly metric: Labels;
  /** Of a range: seconds and the value as text. */
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

/** Makes blocks of OpenMetrics text. Throws where promtool refuses it. */
export function backfill(text: string, folder: string): void {
  execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', text, folder], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

export class Prometheus implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    readonly origin: string,
  ) {}

  /** Starts one over a folder of blocks, or an empty one to scrape into; resolves when it answers. */
  static async over(
    folder: string,
    configuration = 'scrape_configs: []\n',
    mostMs = 60_000,
    words: readonly string[] = [],
  ): Promise<Prometheus> {
    const config = path.join(folder, 'prometheus.yml');
    writeFileSync(config, configuration);
    const child = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${folder}`,
        '--storage.tsdb.retention.time=100y',
        '--web.listen-address=127.0.0.1:0',
        '--log.level=info',
        ...words,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], timeout: mostMs, killSignal: 'SIGKILL' },
    );
    let log = '';
    const address = await new Promise<string>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', () => reject(new Error(`Prometheus ended: ${log}`)));
      child.stderr!.on('data', (chunk) => {
        log += chunk;
        const found = /address=(127\.0\.0\.1:[1-9]\d*)/.exec(log);
        if (found && log.includes('Server is ready')) resolve(found[1]!);
      });
    });
    return new Prometheus(child, `http://${address}`);
  }

  /** Every point of what matches, in the seconds before a time. */
  async points(selector: string, endSeconds: number, rangeSeconds: number): Promise<Answer[]> {
    return this.#query<Answer>({ query: `${selector}[${rangeSeconds}s]`, time: String(endSeconds) });
  }

  /** What an expression is now, by the labels of its series as text. */
  async now(query: string): Promise<Map<string, number>> {
    const result = await this.#query<{ metric: Labels; value: readonly [number, string] }>({ query });
    return new Map(result.map(({ metric, value }) => [JSON.stringify(metric), Number(value[1])]));
  }

  async #query<Result>(parameters: Record<string, string>): Promise<Result[]> {
    const response = await fetch(`${this.origin}/api/v1/query?${new URLSearchParams(parameters)}`);
    const { status, data, error } = (await response.json()) as {
      status: string;
      data: { result: Result[] };
      error: string;
    };
    if (status !== 'success') throw new Error(error);
    return data.result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.child, 'close');
    this.child.kill('SIGKILL');
    await closed;
  }
}
