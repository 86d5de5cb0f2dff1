/**
 * A web server for one person on this machine: on 127.0.0.1 only, below a path that begins with a random token.
 *
 * The traps: every user and every page in a browser can reach a port of this machine, so whoever does not know the token is
 * told nothing, and a name that was made to resolve to 127.0.0.1 is refused. And a reader that stalls keeps its answer in
 * our memory: there can be few of them, and none for long.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isSameSecret, setSafeHeaders } from './safe-headers.js';

const ADDRESS = '127.0.0.1';
const TOKEN_BYTES = 24;
const MOST_CONNECTIONS = 16;
const STALLED_MS = 30_000;

export interface Answer {
  readonly type: string;
  /** In pieces, which are written as fast as they are read. */
  readonly body: Iterable<string>;
}

/** `path` is what follows the token, without its slash. Undefined: there is no such thing. */
export type Respond = (path: string, query: URLSearchParams) => Answer | undefined;

export class LocalServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #token = randomBytes(TOKEN_BYTES).toString('base64url');

  private constructor(private readonly respond: Respond) {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.setTimeout(STALLED_MS);
  }

  /** On that port, or on a free one for 0. Rejects with the errno when the port cannot be had. */
  static async start(port: number, respond: Respond): Promise<LocalServer> {
    const server = new LocalServer(respond);
    server.#server.listen(port, ADDRESS);
    await once(server.#server, 'listening');
    return server;
  }

  /** Where it is reached, token included. */
  get url(): string {
    return `http://${ADDRESS}:${this.#port}/${this.#token}/`;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setSafeHeaders(response);
    const answer = this.#answer(request);
    if (typeof answer === 'number') {
      response.writeHead(answer, { 'Content-Type': 'text/plain' }).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': answer.type });
    if (request.method !== 'HEAD') await writeBody(response, answer.body);
    response.end();
  }

  /** What is answered, or a status that refuses. */
  #answer({ method, headers, url = '/' }: IncomingMessage): Answer | number {
    const hosts = [`${ADDRESS}:${this.#port}`, `localhost:${this.#port}`];
    if (!hosts.includes(headers.host ?? '')) return 403;
    const [, token = '', path] = /^\/([^/?]*)(?:\/([^?]*))?/.exec(url) ?? [];
    if (!isSameSecret(this.#token, token) || path === undefined) return 404;
    if (method !== 'GET' && method !== 'HEAD') return 405;
    const query = url.indexOf('?');
    return this.respond(path, new URLSearchParams(query < 0 ? '' : url.slice(query + 1))) ?? 404;
  }
}

async function writeBody(response: ServerResponse, body: Iterable<string>): Promise<void> {
  for (const piece of body) {
    if (response.destroyed) return;
    // Whoever is closed meanwhile never drains.
    if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
}
