/** Stores that take the connection and then never answer, or answer for ever. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { DiskQueue } from '../../src/agent/push/disk-queue.js';
import { Poster } from '../../src/agent/push/post.js';
import { Pusher } from '../../src/agent/push/pusher.js';
import { scratch, until } from '../recorder/workload.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
const PATIENCE_MS = 300;

/** Each connection is dealt with by the next of these. */
async function startStore(ways: readonly ((socket: Socket) => void)[]) {
  let count = 0;
  const bodies: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const way = ways[count++];
    if (way) return way(socket);
    socket.on('data', (piece) => {
      bodies.push(...(String(piece).match(/body-\d+/g) ?? []));
      socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    ...{ bodies, port: (server.address() as AddressInfo).port, connections: () => count },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A byte at a time, so that something always comes. */
function drip(text: string, of: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(text);
    const timer = setInterval(() => socket.write(of), 20);
    socket.on('close', () => clearInterval(timer));
  };
}

describe('a store that stalls', () => {
  it('is given up after a while each time, and gets everything in order in the end', async () => {
    await using store = await startStore([
      // Never reads, nor answers.
      (socket) => socket.pause(),
      (socket) => socket.resume(),
      drip('HTTP/1.1 204 No Content\r\nX-Long: ', 'x'),
      drip('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nx\r\n'),
    ]);
    const warnings: string[] = [];
    let count = 0;
    const target = {
      poster: new Poster(new URL(`http://127.0.0.1:${store.port}/`), {}, undefined, PATIENCE_MS),
      encode: () => ({ body: Buffer.from(`body-${count}`), samples: count++ < 5 ? 1 : 0 }),
    };
    const queue = new DiskQueue(folder.file('queue'), 2 ** 20);
    const backOff = { failed: () => 1, succeeded: () => {} } as never;
    const begunMs = performance.now();
    const pusher = new Pusher(
      target,
      queue,
      10,
      () => [],
      (text) => warnings.push(text),
      backOff,
    );
    await until(() => pusher.counts.sent === 5, 'all to be sent');
    await pusher.close();
    expect(pusher.counts).toMatchObject({ sent: 5, retries: 4, refused: 0, dropped: 0, queuedRequests: 0 });
    expect(performance.now() - begunMs).toBeGreaterThan(4 * PATIENCE_MS);
    expect(store.connections()).toBe(5);
    expect(store.bodies).toEqual(['body-0', 'body-1', 'body-2', 'body-3', 'body-4']);
    expect(warnings).toEqual(['A push failed, and is tried again (no answer within 0.3 s)']);
  });
});
