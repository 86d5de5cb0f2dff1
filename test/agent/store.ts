/** A store that answers as it is told, and remembers what it took. */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DecodedRequest, decodeBody } from './write-request.js';

/** A status, with what is to be waited, or with how late it comes; or what is no answer at all. */
export type StoreAnswer =
  | number
  | { readonly status: number; readonly retryAfter?: number; readonly afterMs?: number }
  | 'garbage'
  | 'other-protocol'
  | 'cut';

const OTHER_PROTOCOL = 'HTTP/1.1 101 Other\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

export class Store implements AsyncDisposable {
  /** Of those that were answered with 2xx, in the order in which they came. */
  readonly taken: DecodedRequest[] = [];
  /** When anything came, milliseconds. */
  readonly times: number[] = [];
  readonly headers: Record<string, string | string[] | undefined>[] = [];
  readonly #server: Server;

  private constructor(private readonly answer: (request: number) => StoreAnswer) {
    this.#server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', () => {
        const answer = this.answer(this.times.length);
        this.times.push(performance.now());
        this.headers.push(request.headers);
        if (answer === 'garbage') request.socket.end('no HTTP at all\r\n\r\n');
        else if (answer === 'other-protocol') request.socket.end(OTHER_PROTOCOL);
        else if (answer === 'cut') request.socket.destroy();
        else {
          const { status, retryAfter, afterMs = 0 } = typeof answer === 'number' ? { status: answer } : answer;
          if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter);
          if (status < 300) this.taken.push(decodeBody(Buffer.concat(pieces)));
          const reply = () => response.writeHead(status).end(status < 300 ? '' : 'why not\u001b[2J');
          if (afterMs > 0) setTimeout(reply, afterMs).unref();
          else reply();
        }
      });
    });
  }

  static async start(answer: (request: number) => StoreAnswer = () => 204): Promise<Store> {
    const store = new Store(answer);
    store.#server.listen(0, '127.0.0.1');
    await once(store.#server, 'listening');
    return store;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v1/write`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
