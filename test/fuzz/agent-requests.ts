/**
 * Bytes for the port of a real agent: whoever does not know the token learns nothing but whether it lives, no request makes
 * an error of ours, and the agent goes on.
 *
 * The trap: an agent that hangs answers nothing wrong. So a sound request between the others must be answered.
 */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import fc from 'fast-check';
import { type AgentProcess, get, startAgent } from '../agent/agent-process.js';
import { scratch } from '../recorder/workload.js';
import { edit } from '../tokenizers/edits.js';
import type { FuzzContext, FuzzFigures } from './fuzz-target.js';
import { runProperty } from './property-run.js';

const TOKEN = 'a-token-of-some-length';
const MOST_MS = 3000;
const SOUND_EVERY = 100;
/** What a stranger may be told. */
const ALIVE = ['recording\n', 'ready\n'];
/** Ours and those of Node's parser; never 500. */
const STATUSES = [100, 200, 400, 401, 403, 404, 405, 408, 413, 414, 417, 431, 503, 505];

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const lines = (text: string) => text.trim().split(/ *\n */);
const PATHS = lines(`
  /metrics
  /-/healthy
  /-/ready
  /
  /captures
  /captures/x.tide
  /captures/..
  /captures/%2e%2e%2fring.tide
  /capture
  //metrics
  /metrics/
  *
  http://h/metrics
  /%
  /-/healthy/../../metrics`);
const QUERIES = [
  '',
  '?',
  ...['window=15s', 'window=1x', 'window=1s&window=2s', 'last=-1', 'window=%ff', '__proto__=1'].map((one) => `?${one}`),
];
const path = fc
  .tuple(
    fc.oneof(fc.constant('/metrics'), fc.constantFrom(...PATHS)),
    fc.oneof(
      fc.constant(''),
      fc.constantFrom(...QUERIES),
      fc.string({ maxLength: 20 }).map((text) => `?${text}`),
    ),
  )
  .map((parts) => parts.join(''));
/** None of them right. */
const authorization = fc
  .oneof(
    fc.constantFrom(
      'Bearer ',
      'Bearer x',
      `Bearer ${TOKEN.slice(1)}`,
      'Basic :',
      basic(`a:${TOKEN}x`),
      basic(TOKEN),
      'Bearer\t',
      '',
    ),
    fc.string({ unit: 'binary', maxLength: 30 }).map((value) => `Bearer ${value}`),
  )
  .map((value) => `Authorization: ${value}`);
const other = fc.oneof(
  fc.constantFrom(
    ...lines(`
      Host: localhost:1
      Host: evil.example
      Host: [::1]
      Host: 127.0.0.1.evil
      Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=nan
      Accept-Encoding: gzip
      Accept-Encoding: gzip;q=0
      Content-Length: 5
      Content-Length: -1
      Content-Length: 5, 6
      Transfer-Encoding: chunked
      Transfer-Encoding: chunked, gzip
      Expect: 100-continue
      Expect: x
      Upgrade: h2c
      Connection: Upgrade
      Connection: close
      Range: bytes=0-1
      X`),
    ...[`Accept: ${',;='.repeat(500)}`, `Accept-Encoding: ${'gzip;q= '.repeat(800)}`, `X-Long: ${'x'.repeat(20_000)}`],
  ),
  fc.string({ unit: 'binary', maxLength: 30 }).map((value) => `X-Any: ${value}`),
);
const header = fc.oneof(authorization, other);
const method = fc.constantFrom(
  'GET',
  'GET',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'PRI',
  'get',
  '',
);
const version = fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', '');
const body = fc.constantFrom(
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  'ffffffffffffffff\r\nx',
  'GET /metrics HTTP/1.1\r\n\r\n',
);
const request = fc
  .tuple(method, path, version, fc.array(header, { maxLength: 5 }), body)
  .map(([method, path, version, headers, body]) =>
    Buffer.from([`${method} ${path} ${version}`, 'Host: 127.0.0.1', ...headers, '', body].join('\r\n'), 'latin1'),
  );
const requests = fc
  .tuple(
    fc.array(request, { minLength: 1, maxLength: 3 }),
    fc.oneof(fc.constant([]), fc.array(edit, { maxLength: 2 })),
    fc.nat(),
  )
  .map(([several, edits, cut]) => {
    const bytes = edits.reduce<Buffer>((text, change) => change(text), Buffer.concat(several));
    return { bytes, cut: cut % (bytes.length + 1) };
  });

export async function runAgentRequests(context: FuzzContext): Promise<FuzzFigures> {
  using folder = scratch();
  const tokenFile = folder.file('token');
  writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
  const common = ['--hz', '1', '--capture-on', 'oom'];
  const started = await Promise.all([
    startAgent('--ring', folder.file('locked'), '--token-file', tokenFile, ...common),
    startAgent('--ring', folder.file('open'), ...common),
  ]);
  await using locked = started[0];
  await using open = started[1];
  let count = 0;
  const check = async ({ bytes, cut }: { bytes: Buffer; cut: number }) => {
    const [agent, isOpen] = count % 2 === 0 ? [locked, false] : [open, true];
    const answer = await ask(agent, bytes, cut);
    checkAnswer(bytes, answer, isOpen);
    if (count++ % SOUND_EVERY === 0) await expectSound(locked);
  };
  const show = ({ bytes, cut }: { bytes: Buffer; cut: number }) =>
    `${JSON.stringify(bytes.toString('latin1'))} in two at ${cut}, to the agent ${count % 2 === 0 ? 'with a token' : 'without'}`;
  const figures = await runProperty('agent-requests', requests, check, context, show);
  await Promise.all([expectOrderlyEnd(locked, true), expectOrderlyEnd(open, false)]);
  return figures;
}

function checkAnswer(bytes: Buffer, answer: string, isOpen: boolean): void {
  const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
  if (answer !== '' && !/^HTTP\/1\.1 \d{3} /.test(answer))
    throw new Error(`it answers ${JSON.stringify(answer.slice(0, 100))}`);
  const odd = statuses.find((status) => !STATUSES.includes(status));
  if (odd !== undefined) throw new Error(`it answers with ${odd}`);
  const text = bytes.toString('latin1');
  const isAllowed = isOpen || text.includes(TOKEN) || text.includes(basic(`a:${TOKEN}`));
  if (!isAllowed && tellsStranger(answer)) throw new Error('it tells a stranger');
  if (isOpen && /"captures"/.test(answer)) throw new Error('it tells of captures where there is no token');
}

/** Anything but whether it lives, be it compressed. */
function tellsStranger(answer: string): boolean {
  const bodies = [...answer.matchAll(/^HTTP\/1\.1 200 .*?\r\n(.*?)\r\n\r\n/gms)];
  return bodies.some(([, head]) => !ALIVE.some(({ length }) => head!.includes(`Content-Length: ${length}\r`)));
}

async function expectOrderlyEnd(agent: AgentProcess, hasToken: boolean): Promise<void> {
  await expectSound(agent, hasToken);
  if (/Error|warning| {4}at /i.test(agent.stderr())) throw new Error(`the agent said: ${agent.stderr()}`);
  if ((await agent.end()) !== 0) throw new Error('the agent did not end in order');
}

async function expectSound(agent: AgentProcess, hasToken = true): Promise<void> {
  const headers: Record<string, string> = hasToken ? { Authorization: `Bearer ${TOKEN}` } : {};
  const { status, body } = await get(`${agent.origin}/metrics`, headers);
  if (status !== 200 || !body.includes('tidemark_')) throw new Error(`a sound request is answered with ${status}`);
}

/** All that comes back until the connection is closed; the request is written in two pieces. */
async function ask(agent: AgentProcess, bytes: Buffer, cut: number): Promise<string> {
  const { hostname, port } = new URL(agent.origin);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => pieces.push(piece));
  socket.on('error', () => {});
  // A connection that is reset is closed too.
  const closed = new Promise((resolve) => socket.on('close', resolve));
  const timer = setTimeout(() => socket.destroy(new Error('late')), MOST_MS);
  socket.write(bytes.subarray(0, cut));
  socket.end(bytes.subarray(cut));
  const ended = new Promise((resolve) => socket.on('end', resolve));
  await Promise.race([ended, closed]);
  const isLate = socket.errored?.message === 'late';
  clearTimeout(timer);
  socket.destroy();
  await closed;
  if (isLate) throw new Error(`the connection is not closed within ${MOST_MS} ms`);
  return Buffer.concat(pieces).toString('latin1');
}
