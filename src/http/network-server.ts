/**
 * A web server for programs that ask again and again: on the loopback of this machine, or for a network, and then only with TLS
 * and a token.
 *
 * The traps: a page in a browser can have a name made to resolve to 127.0.0.1, so without a token a request must name this
 * machine by its address; a reader that stalls is closed, and as all answers of an instant are one buffer, it keeps nothing in
 * memory that others do not; and nobody may learn from the time of an answer how much of a token was right.
 */
import { once } from 'node:events';
import { open, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { isSameSecret, setSafeHeaders } from './safe-headers.js';

const MOST_CONNECTIONS = 4096;
const STALLED_MS = 30_000;
const REQUEST_MS = 10_000;
const MOST_HEADER_BYTES = 16 * 1024;
/** What is smaller costs more to compress than to send. */
const LEAST_GZIP_BYTES = 1024;
/** Texts are made anew for each scrape: 480 KiB of them come to 42 KiB in 1.9 ms, and to 39 KiB in 5.4 ms with the default of 6. */
const GZIP_LEVEL = 1;
const gzipped = promisify(gzip);

export interface ListenAddress {
  /** '' for every address of the machine. */
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
}

export interface ServerSecrets {
  /** As a bearer, or as the password of basic authentication with any name. */
  readonly token?: string;
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
}

export interface NetworkReply {
  readonly status: number;
  readonly type: string;
  /** What is told, or a file that is sent as it is read. */
  readonly body: string | NetworkFile;
}

export interface NetworkFile {
  readonly file: string;
  /** Made for this answer alone: it goes when it was sent. */
  readonly isPassing?: boolean;
}

export interface NetworkRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept: string | undefined;
}

/** Answers, or undefined: there is no such thing. `hasToken`: whoever asks has had to have one. */
export type NetworkRespond = (
  request: NetworkRequest,
  hasToken: boolean,
) => NetworkReply | undefined | Promise<NetworkReply | undefined>;

/** Whether only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

export class NetworkServer implements AsyncDisposable {
  readonly #server: Server;
  /** The compressed form of the body that was asked for last, which many ask for at once. */
  #compressed: { readonly body: string; readonly bytes: Promise<Buffer> } | undefined;

  private constructor(
    private readonly address: ListenAddress,
    private secrets: ServerSecrets,
    /** Paths that are answered without a token. */
    private readonly isOpen: (path: string) => boolean,
    private readonly respond: NetworkRespond,
  ) {
    const listen = (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response).catch(() => response.destroy());
    };
    const options = {
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: REQUEST_MS / 2,
    };
    const { tls } = secrets;
    this.#server = tls ? createTlsServer({ ...options, ...tls }, listen) : createServer(options, listen);
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.setTimeout(STALLED_MS);
  }

  /** Rejects with the errno when the address cannot be had. */
  static async start(
    address: ListenAddress,
    secrets: ServerSecrets,
    isOpen: (path: string) => boolean,
    respond: NetworkRespond,
  ): Promise<NetworkServer> {
    const server = new NetworkServer(address, secrets, isOpen, respond);
    server.#server.listen({ port: address.port, ...(address.host === '' ? {} : { host: address.host }) });
    await once(server.#server, 'listening');
    return server;
  }

  /** Where it is reached, without a path. */
  get origin(): string {
    const { host } = this.address;
    const name = host === '' ? '[::]' : isIP(host) === 6 ? `[${host}]` : host;
    return `${this.secrets.tls ? 'https' : 'http'}://${name}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Asks for another token and shows another certificate from now on. With TLS instead of none, or none instead, it takes another server. */
  renew(secrets: ServerSecrets): void {
    const { tls } = secrets;
    if ((tls === undefined) !== (this.secrets.tls === undefined)) throw new TypeError('TLS cannot come or go');
    if (tls) (this.#server as TlsServer).setSecureContext(tls);
    this.secrets = secrets;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setSafeHeaders(response);
    const { method = 'GET', url = '/', headers } = request;
    // What a request brings along is not wanted, and not kept.
    request.resume();
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    const refusal = this.#refusal(request, method, path);
    if (refusal !== undefined) {
      if (refusal === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="tidemark", Basic realm="tidemark"');
      response.writeHead(refusal, { 'Content-Type': 'text/plain' }).end();
      return;
    }
    const query = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
    // Whoever waits for us does not stall.
    request.socket.setTimeout(0);
    const reply = await this.respond({ method, path, query, accept: headers.accept }, this.secrets.token !== undefined);
    request.socket.setTimeout(STALLED_MS);
    if (!reply) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end();
      return;
    }
    if (typeof reply.body !== 'string') return sendFile(response, reply, reply.body, method);
    const isCompressed = reply.body.length >= LEAST_GZIP_BYTES && acceptsGzip(headers['accept-encoding']);
    const body = isCompressed ? await this.#compress(reply.body) : Buffer.from(reply.body);
    response.writeHead(reply.status, {
      'Content-Type': reply.type,
      'Content-Length': body.length,
      Vary: 'Accept, Accept-Encoding',
      ...(isCompressed ? { 'Content-Encoding': 'gzip' } : {}),
    });
    response.end(method === 'HEAD' ? undefined : body);
  }

  #refusal({ headers }: IncomingMessage, method: string, path: string): number | undefined {
    const { token } = this.secrets;
    if (token === undefined && !namesThisMachine(headers.host)) return 403;
    if (token !== undefined && !this.isOpen(path) && !isAuthorized(token, headers.authorization)) return 401;
    return method === 'GET' || method === 'HEAD' || method === 'POST' ? undefined : 405;
  }

  #compress(body: string): Promise<Buffer> {
    if (this.#compressed?.body !== body) this.#compressed = { body, bytes: gzipped(body, { level: GZIP_LEVEL }) };
    return this.#compressed!.bytes;
  }
}

async function sendFile(
  response: ServerResponse,
  { status, type }: NetworkReply,
  { file, isPassing }: NetworkFile,
  method: string,
): Promise<void> {
  try {
    const source = await open(file);
    const { size } = await source.stat();
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': size });
    if (method === 'HEAD') response.end();
    else await pipeline(source.createReadStream({ end: size - 1 }), response);
    await source.close().catch(() => {});
  } finally {
    if (isPassing) await rm(file, { force: true });
  }
}

/** By an address, which no name that an attacker controls can be, or as localhost. */
function namesThisMachine(host = ''): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || isIP(name) !== 0;
}

function isAuthorized(token: string, authorization = ''): boolean {
  const [, scheme = '', rest = ''] = /^(\w+) +(\S+)$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return isSameSecret(token, rest);
  if (scheme.toLowerCase() !== 'basic') return false;
  const pair = Buffer.from(rest, 'base64').toString('utf8');
  const at = pair.indexOf(':');
  return at >= 0 && isSameSecret(token, pair.slice(at + 1));
}

function acceptsGzip(header: string | string[] = ''): boolean {
  return String(header)
    .split(',')
    .some((one) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(one));
}
