/**
 * The socket by which any program marks a running recording: its path is in TIDEMARK_SOCKET.
 *
 * A line each, UTF-8: `mark NAME`, `begin NAME` or `end NAME`; the answer is `ok` or `error SENTENCE`. The traps: whoever
 * connects is not to be trusted, so a line has a limit and a client that sends none is cut off; and the path of a socket
 * may be 107 bytes long at most.
 */
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Span } from '../sampler/recorder.js';
import { WorkloadError } from './workload-error.js';

export const SOCKET_VARIABLE = 'TIDEMARK_SOCKET';
export const MARK_WORDS = ['mark', 'begin', 'end'] as const;

const MOST_LINE_BYTES = 4096;
const MOST_NAME = 1024;
const MOST_CLIENTS = 64;
const IDLE_MS = 5000;
const MOST_PATH_BYTES = 107;

/** What can be marked. */
export interface Markable {
  mark(name: string): void;
  begin(name: string): Span;
}

export class MarkSocket {
  readonly path: string;
  readonly #folder: string;
  readonly #server: Server;
  readonly #open = new Map<string, Span[]>();
  #target: Markable | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = path.join(folder, 'mark');
    this.#server = createServer((client) => this.#serve(client));
    this.#server.maxConnections = MOST_CLIENTS;
    this.#server.unref();
  }

  /** Listens at a path that only its owner can reach. Rejects with a `WorkloadError`. */
  static async open(): Promise<MarkSocket> {
    const folder = mkdtempSync(path.join(socketFolder(), 'tidemark-'));
    const socket = new MarkSocket(folder);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.#server.once('error', reject);
        socket.#server.listen(socket.path, resolve);
      });
      chmodSync(socket.path, 0o600);
      socket.#server.on('error', () => {});
      return socket;
    } catch (error) {
      socket.close();
      throw new WorkloadError('socket', `cannot listen at ${socket.path}: ${(error as Error).message}`);
    }
  }

  /** Where marks go from now on. */
  attach(target: Markable | undefined): void {
    this.#open.clear();
    this.#target = target;
  }

  close(): void {
    this.#target = undefined;
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #serve(client: Socket): void {
    let text = '';
    client.unref();
    client.setEncoding('utf8');
    client.setTimeout(IDLE_MS, () => client.destroy());
    client.on('error', () => client.destroy());
    client.on('data', (piece: string) => {
      text += piece;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        client.write(`${this.#obey(text.slice(0, end))}\n`);
        text = text.slice(end + 1);
      }
      if (text.length > MOST_LINE_BYTES) client.end('error the line is too long\n');
    });
    client.on('end', () => client.end());
  }

  #obey(line: string): string {
    const [word] = line.split(' ', 1);
    const name = line.slice(word!.length + 1);
    if (!MARK_WORDS.some((each) => each === word)) return `error expected ${MARK_WORDS.join(', ')} and a name`;
    if (name === '' || name.length > MOST_NAME) return `error a name has 1 to ${MOST_NAME} characters`;
    if (!this.#target) return 'error nothing is being recorded';
    if (word === 'mark') this.#target.mark(name);
    if (word === 'begin') {
      const spans = this.#open.get(name) ?? [];
      this.#open.set(name, spans);
      spans.push(this.#target.begin(name));
    }
    if (word === 'end') {
      const span = this.#open.get(name)?.pop();
      if (!span) return 'error no span of that name is open';
      span.end();
    }
    return 'ok';
  }
}

function socketFolder(): string {
  const own = process.env.XDG_RUNTIME_DIR;
  const longest = (folder: string) => Buffer.byteLength(path.join(folder, 'tidemark-XXXXXX', 'mark'));
  return [own, tmpdir()].find((folder) => folder && existsSync(folder) && longest(folder) <= MOST_PATH_BYTES) ?? '/tmp';
}
