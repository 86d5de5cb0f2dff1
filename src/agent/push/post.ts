/**
 * One request to a store, and what came of it.
 *
 * The traps: a store may take the connection and never answer, or answer for ever; what it says is a stranger's text, in which
 * our own credentials may come back to us, and then they would be in a log; and where it sends us (3xx) may be anywhere, so that
 * is not followed. One that changes to another protocol (101) has not taken anything.
 */
import { Agent, type RequestOptions, request as requestPlain } from 'node:http';
import { request as requestTls, Agent as TlsAgent } from 'node:https';

/** `sent`; `refused`: it will never be taken; `failed`: it may be later. */
export type Outcome =
  | { readonly result: 'sent' }
  | { readonly result: 'refused' | 'failed'; readonly reason: string; readonly retryAfterMs?: number };

const TIMEOUT_MS = 30_000;
const TOLD = 200;
/** Of an answer, so that a secret that begins in what is told is seen whole. */
const TAKEN = 4096;

export class Poster {
  readonly #agent: Agent;
  readonly #send: typeof requestPlain;
  /** What is never repeated. */
  readonly #secrets: readonly string[];

  /** `authorization`: the value of the header. `timeoutMs`: in which the whole answer must have come. */
  constructor(
    private readonly url: URL,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly authorization: string | undefined,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {
    this.#secrets = authorization === undefined ? [] : secretsIn(authorization);
    const isTls = url.protocol === 'https:';
    this.#agent = new (isTls ? TlsAgent : Agent)({ keepAlive: true, maxSockets: 1 });
    this.#send = isTls ? requestTls : requestPlain;
  }

  /** Never rejects. */
  post(body: Uint8Array, signal: AbortSignal): Promise<Outcome> {
    const options: RequestOptions = {
      ...{ method: 'POST', agent: this.#agent, signal },
      headers: {
        ...this.headers,
        'Content-Length': body.length,
        ...(this.authorization === undefined ? {} : { Authorization: this.authorization }),
      },
    };
    return new Promise((resolve) => {
      const failed = (reason: string) => resolve({ result: 'failed', reason });
      const asked = this.#send(this.url, options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          if (text.length < TAKEN) text += piece.slice(0, TAKEN);
        });
        response.on('error', (error) => failed(error.message));
        response.on('close', () => {
          clearTimeout(timer);
          resolve(outcomeOf(response.statusCode ?? 0, this.#told(text), response.headers['retry-after']));
        });
      });
      // To a request that nobody made, after which neither an answer nor an error would come.
      asked.on('upgrade', (response, socket) => {
        clearTimeout(timer);
        socket.destroy();
        resolve(outcomeOf(response.statusCode ?? 0, 'another protocol', undefined));
      });
      // Of the whole of it, however slowly it comes.
      const timer = setTimeout(() => {
        failed(`no answer within ${this.timeoutMs / 1000} s`);
        asked.destroy();
      }, this.timeoutMs);
      asked.on('error', (error) => {
        clearTimeout(timer);
        failed(error.message);
      });
      asked.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** What may be told of an answer. */
  #told(text: string): string {
    return this.#secrets.reduce((told, secret) => told.replaceAll(secret, '...'), text).slice(0, TOLD);
  }
}

/** The credentials of a header, as they are sent and as they were given. */
function secretsIn(authorization: string): string[] {
  const [scheme, sent = ''] = authorization.split(' ');
  const given = scheme === 'Basic' ? Buffer.from(sent, 'base64').toString() : '';
  const password = given.slice(given.indexOf(':') + 1);
  return [sent, given, password].filter((secret) => secret !== '');
}

function outcomeOf(status: number, text: string, retryAfter: string | undefined): Outcome {
  if (status >= 200 && status < 300) return { result: 'sent' };
  const reason = `${status} ${text}`.trim();
  if (status !== 429 && status < 500) return { result: 'refused', reason };
  const seconds = Number(retryAfter);
  return { result: 'failed', reason, ...(seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}) };
}
