/**
 * What a store may answer to a push: anything. Each answer must come to one outcome and in time, a push that was not taken
 * must not count as sent, and what is told of it stays short.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { BackOff } from '../../src/agent/push/back-off.js';
import { type Outcome, Poster } from '../../src/agent/push/post.js';
import { edit } from '../tokenizers/edits.js';
import type { FuzzContext, FuzzFigures } from './fuzz-target.js';
import { runProperty } from './property-run.js';

/** The store ends each connection at once, so nothing has to be waited for. */
const MOST_MS = 3000;
const MOST_REASON = 300;

const headers = fc.array(
  fc.oneof(
    fc.constantFrom(
      ...['Content-Length: 3', 'Content-Length: 0', 'Content-Length: 99999999999999999999', 'Content-Length: -1'],
      ...['Transfer-Encoding: chunked', 'Connection: close', 'Connection: keep-alive', 'Content-Encoding: gzip'],
      ...[
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Location: http://127.0.0.1:1/',
        'Trailer: x',
        'Keep-Alive: timeout=0',
      ],
    ),
    fc
      .oneof(
        fc.integer().map(String),
        fc.constantFrom('1e999', 'NaN', '', '0x10', 'Fri, 31 Dec 2999 23:59:59 GMT', '-5'),
      )
      .map((value) => `Retry-After: ${value}`),
    fc.string({ unit: 'binary', maxLength: 30 }).map((value) => `X-Any: ${value}`),
  ),
  { maxLength: 5 },
);
const status = fc.oneof(
  fc.constantFrom(100, 101, 103, 200, 204, 304, 307, 400, 413, 429, 500, 503),
  fc.nat({ max: 1200 }),
);
const body = fc.oneof(
  fc.constantFrom('', 'why', '3\r\nwhy\r\n0\r\n\r\n', 'ffffffffffffffff\r\n', 'no\u001b[2J\r\n', 'x'.repeat(100_000)),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const wellFormed = fc
  .tuple(fc.array(status, { minLength: 1, maxLength: 3 }), headers, body)
  .map(([codes, lines, body]) =>
    Buffer.from(
      `${codes.map((code) => `HTTP/1.1 ${code} Why\r\n${[...lines, ''].join('\r\n')}\r\n`).join('')}${body}`,
      'latin1',
    ),
  );

/** Whole answers that are something else than they seem. */
const ODD = [
  'HTTP/1.1 101 Other\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
  'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 500 No\r\n\r\n',
  'HTTP/1.1 503 No\r\nRetry-After: 1e999\r\n\r\n',
];

interface Answer {
  readonly bytes: Buffer;
  readonly ending: 'end' | 'reset';
}

const answers: fc.Arbitrary<Answer> = fc.record({
  bytes: fc.oneof(
    wellFormed,
    fc.constantFrom(...ODD).map((text) => Buffer.from(text)),
    fc.tuple(wellFormed, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([bytes, edits]) =>
      // The edits are made for text of the kernel, but they know nothing of it.
      edits.reduce<Buffer>((text, change) => change(text), bytes),
    ),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  ),
  ending: fc.constantFrom('end', 'end', 'end', 'reset'),
});

export async function runStoreAnswers(context: FuzzContext): Promise<FuzzFigures> {
  await using store = await RawStore.start();
  const poster = new Poster(new URL(store.url), { 'Content-Type': 'application/x-protobuf' }, undefined);
  try {
    const check = async (answer: Answer) => {
      store.answer = answer;
      checkOutcome(answer, await outcomeOf(poster));
    };
    const show = ({ bytes, ending }: Answer) => `${JSON.stringify(bytes.toString('latin1'))} and ${ending}`;
    return await runProperty('store-answers', answers, check, context, show);
  } finally {
    poster.close();
  }
}

async function outcomeOf(poster: Poster): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no outcome within ${MOST_MS} ms`)), MOST_MS);
  });
  try {
    return await Promise.race([poster.post(Buffer.from('body'), new AbortController().signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

function checkOutcome({ bytes }: Answer, outcome: Outcome): void {
  if (outcome.result === 'sent') {
    if (!/HTTP\/\d.\d +2\d\d/.test(bytes.toString('latin1'))) throw new Error('it counts as sent, and was not taken');
    return;
  }
  if (outcome.reason === '' || outcome.reason.length > MOST_REASON)
    throw new Error(`a reason is ${outcome.reason.length} long`);
  const pauseMs = new BackOff().failed(outcome.retryAfterMs);
  if (!(pauseMs >= 500 && pauseMs <= 60_000)) throw new Error(`the next try is after ${pauseMs} ms`);
}

/** Answers with whatever it is told once a request has come. */
class RawStore implements AsyncDisposable {
  answer: Answer = { bytes: Buffer.alloc(0), ending: 'end' };
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => {
      socket.on('error', () => {});
      let asked = '';
      const listen = (piece: Buffer) => {
        asked += piece.toString('latin1');
        if (!asked.endsWith('body')) return;
        socket.off('data', listen);
        socket.resume();
        this.#send(socket);
      };
      socket.on('data', listen);
    });
  }

  static async start(): Promise<RawStore> {
    const store = new RawStore();
    store.#server.listen(0, '127.0.0.1');
    await once(store.#server, 'listening');
    return store;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v1/write`;
  }

  #send(socket: Socket): void {
    const { bytes, ending } = this.answer;
    if (ending === 'reset') socket.write(bytes, () => socket.resetAndDestroy());
    else socket.end(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
  }
}
