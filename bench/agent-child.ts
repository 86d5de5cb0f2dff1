/** `tidemark agent` as it is shipped, as a child that is asked and measured. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent as Connections, get } from 'node:http';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { packageRoot } from '../src/text/package.js';
import { cpuMsOf } from './process-cost.js';

export interface Scrape {
  readonly text: string;
  /** As it goes over the wire. */
  readonly bytes: number;
  readonly ms: number;
}

export class AgentChild implements AsyncDisposable {
  readonly #connections = new Connections({ keepAlive: true });

  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
  ) {}

  /** Over the whole host with its defaults and these words more; with `members` as one of a control group from its start on. */
  static async start(ring: string, words: readonly string[], members?: string): Promise<AgentChild> {
    const main = path.join(packageRoot(), 'dist', 'cli', 'main.js');
    const agent = [process.execPath, main, 'agent', '--ring', ring, '--listen', '127.0.0.1:0', ...words];
    const joined = members === undefined ? agent : ['sh', '-c', 'echo $$ > "$0" && exec "$@"', members, ...agent];
    const child = spawn(joined[0]!, joined.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    const closed = once(child, 'close').then(() => Promise.reject(new Error(`The agent ended: ${said}`)));
    // It ends in the end, when nobody waits for that any more.
    closed.catch(() => {});
    const [url] = await Promise.race([once(child.stdout, 'data'), closed]);
    return new AgentChild(child, String(url).trim());
  }

  /** Of all its threads and of what it ran, milliseconds. */
  get cpuMs(): number {
    return cpuMsOf(this.child.pid!, true);
  }

  scrape(): Promise<Scrape> {
    const from = performance.now();
    return new Promise((resolve, reject) => {
      const headers = { 'Accept-Encoding': 'gzip' };
      const asked = get(this.url, { headers, agent: this.#connections }, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(pieces);
          resolve({ text: gunzipSync(body).toString(), bytes: body.length, ms: performance.now() - from });
        });
      });
      asked.on('error', reject);
    });
  }

  /** So many, each long enough after the other that it is made anew. */
  async scrapes(count: number): Promise<Scrape[]> {
    const all: Scrape[] = [];
    for (let scrape = 0; scrape < count; scrape++) {
      await pause(500);
      all.push(await this.scrape());
    }
    return all;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connections.destroy();
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    await closed;
  }
}

/** The value of a series without labels. Throws when there is none. */
export function valueIn({ text }: Scrape, name: string): number {
  const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(text);
  if (!found) throw new Error(`There is no ${name}`);
  return Number(found[1]);
}
