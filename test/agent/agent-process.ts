/** `tidemark agent` as a child, and what it answers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { type RequestOptions, request as tlsRequest } from 'node:https';
import { until } from '../recorder/workload.js';
import { MAIN } from '../tidemark-process.js';

const MOST_MS = 30_000;

export interface AgentProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Where it is reached, without a path. */
  readonly origin: string;
  readonly stderr: () => string;
  /** Ends it as systemd does; resolves to its exit code. */
  end(): Promise<number | null>;
}

/** Starts one that listens on a free port; resolves when it is ready. */
export function startAgent(...words: readonly string[]): Promise<AgentProcess> {
  return startAgentBy([], ...words);
}

/** The same by another program, such as one that takes privileges away; it must become the agent. */
export async function startAgentBy(prefix: readonly string[], ...words: readonly string[]): Promise<AgentProcess> {
  const listen = saysWhere(words) ? [] : ['--listen', '127.0.0.1:0'];
  const [program, ...rest] = [...prefix, process.execPath, MAIN, 'agent', '--size', '8M', ...listen, ...words];
  const child = spawn(program!, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TIDEMARK_DEBUG: '' },
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  await until(() => stdout.includes('\n') || child.exitCode !== null, 'the address', MOST_MS);
  if (!stdout.includes('\n')) throw new Error(`the agent ended: ${stderr}`);
  return {
    child,
    origin: new URL(stdout.trim()).origin,
    stderr: () => stderr,
    end: async () => {
      child.kill('SIGTERM');
      const [code] = await closed;
      return code;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

function saysWhere(words: readonly string[]): boolean {
  const config = words[words.indexOf('--config') + 1]!;
  return words.includes('--listen') || (words.includes('--config') && /^listen/m.test(readFileSync(config, 'utf8')));
}

export interface Got {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/** Asks; a certificate of our own is accepted. */
export function get(url: string, headers: Record<string, string> = {}, options: RequestOptions = {}): Promise<Got> {
  const send = url.startsWith('https:') ? tlsRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const asked = send(url, { headers, rejectUnauthorized: false, agent: false, ...options }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** The text of `/metrics`. */
export async function metricsOf(agent: AgentProcess, path = '/metrics'): Promise<string> {
  const { status, body } = await get(`${agent.origin}${path}`);
  if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
  return body.toString();
}

/** The values of a series by the value of its label `group`. */
export function byGroup(text: string, name: string): Map<string, number> {
  const pattern = new RegExp(`^${name}\\{[^}]*?group="((?:[^"\\\\]|\\\\.)*)"\\} (\\S+)$`, 'gm');
  return new Map(Array.from(text.matchAll(pattern), ([, group, value]) => [group!, Number(value)]));
}
