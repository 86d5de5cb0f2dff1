import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { hearLines, sendLine } from './json-line.js';

/** Both ends of a stream. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [near, far];
}

function hearAll(line: Socket) {
  const heard: unknown[] = [];
  const closed = new Promise<void>((resolve) => hearLines(line, (message) => heard.push(message), resolve));
  return { heard, closed };
}

it('messages arrive whole and in their order, however they are cut', async () => {
  const [near, far] = await pair();
  const { heard, closed } = hearAll(far);
  near.setNoDelay(true);
  const text = `${JSON.stringify({ text: 'a\nü' })}\n${JSON.stringify([1, null])}\n`;
  for (const byte of Buffer.from(text)) {
    near.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  await sendLine(near, { large: 'x'.repeat(1e6) });
  near.end();
  await closed;
  expect(heard).toEqual([{ text: 'a\nü' }, [1, null], { large: 'x'.repeat(1e6) }]);
});

it('half a message of one that died is none, and a message to it is nothing', async () => {
  const [near, far] = await pair();
  const { heard, closed } = hearAll(far);
  near.write('{"whole":1}\n{"half"');
  near.destroySoon();
  await closed;
  expect(heard).toEqual([{ whole: 1 }]);
  await sendLine(far, { late: true });
});

it('what is no message breaks the line, and nothing behind it is heard', async () => {
  const [near, far] = await pair();
  const { heard, closed } = hearAll(far);
  near.on('error', () => {});
  near.write('{"good":1}\nrubbish\n{"good":2}\n');
  await closed;
  expect(heard).toEqual([{ good: 1 }]);
  near.destroy();
});
